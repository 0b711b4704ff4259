import { changeCipherSpec, idRecord, join, protectedRecord, record } from '@avs-net/conformance/dtls-records';
import type { AssociationInfo, AssociationRequest } from '@avs-net/core/plugin';
import { NetError } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { type FilteredFake, filteredFake } from '../test/filtered-fake.ts';
import { connectionIds } from './connection-ids.ts';
import type { FilterRules } from './record-filter.ts';

const OWN = Uint8Array.of(1, 2, 3, 4);
const SUITE = { version: 'DTLSv1.2', ciphersuite: { id: 0xc0a8, name: 'TLS_PSK_WITH_AES_128_CCM_8' } } as const;
const WITH_ID: AssociationInfo = { ...SUITE, connectionId: { own: OWN, peer: Uint8Array.of(9) } };
const SEND_ONLY: AssociationInfo = { ...SUITE, connectionId: { own: new Uint8Array(0), peer: Uint8Array.of(9) } };

const setup = (init: Partial<AssociationRequest> = { connectionId: OWN }, rules?: FilterRules): FilteredFake =>
  filteredFake(init, rules);

function established(facts: AssociationInfo = WITH_ID): FilteredFake {
  const made = setup();
  made.engine.establish(facts);
  return made;
}

describe('an association whose peer bears our id', () => {
  it('takes records with it, several in a datagram, in place', () => {
    const { filter, engine } = established();
    const sent = join(idRecord(OWN), idRecord(OWN, { sequence: 1, size: 17 }));
    filter.receive(sent, 1);
    expect(engine.given[0]).toBe(sent);
  });

  it.each<[string, Uint8Array, string]>([
    ['a plain record', protectedRecord({ type: 23 }), 'missingId'],
    ['the id of somebody else', idRecord(Uint8Array.of(1, 2, 3, 5)), 'foreignId'],
    ['a record shorter than its protection and its type', idRecord(OWN, { size: 16 }), 'recordTooShort'],
    ['a record that is too long', idRecord(OWN, { size: 2 ** 14 + 2_049 }), 'recordTooLong'],
    ['an id in the clear', idRecord(OWN, { epoch: 0 }), 'plaintext'],
    ['a later epoch', idRecord(OWN, { epoch: 2 }), 'wrongEpoch'],
    ['another version', idRecord(OWN, { version: 0xfeff }), 'wrongVersion'],
    ['a header that ends in its id', idRecord(OWN).subarray(0, 14), 'truncatedHeader'],
    ['a header that ends before its length', idRecord(OWN).subarray(0, 16), 'truncatedHeader'],
    ['a record that ends early', idRecord(OWN).subarray(0, 40), 'truncatedRecord'],
    ['change_cipher_spec', changeCipherSpec(), 'plaintext'],
  ])('refuses %s', (_name, bytes, reason) => {
    const { filter, engine, report } = established();
    filter.receive(bytes, 1);
    expect(report.dropped).toEqual([reason]);
    expect(engine.given).toEqual([]);
  });

  it('judges every record of a datagram, and passes those that are its own', () => {
    const { filter, engine, report } = established();
    const [mine, other, plain] = [idRecord(OWN), idRecord(Uint8Array.of(4, 3, 2, 1)), protectedRecord({ type: 23 })];
    filter.receive(join(other, mine, plain, mine), 1);
    expect(engine.received).toEqual([mine, mine]);
    expect(report.dropped.filter((reason) => reason !== 'discarded')).toEqual(['foreignId', 'missingId']);
  });

  it('tells what the engine tells', () => {
    const { filter, engine } = established();
    expect([filter.newest, filter.continuation]).toEqual([undefined, undefined]);
    const continuation = { left: 1, save: () => OWN, stored: () => undefined };
    Object.assign(engine, { newest: 7, continuation });
    expect(filter.newest).toBe(7);
    expect(filter.continuation).toBe(continuation);
  });
});

describe('an association whose peer bears no id', () => {
  it.each([
    ['nothing was negotiated', SUITE],
    ['we only send', SEND_ONLY],
  ])('takes plain records and none with an id, where %s', (_name, facts) => {
    const { filter, engine, report } = established(facts);
    filter.receive(protectedRecord({ type: 23 }), 1);
    filter.receive(join(idRecord(OWN), protectedRecord({ type: 23 })), 1);
    expect(engine.given).toHaveLength(2);
    expect(report.dropped.filter((reason) => reason !== 'discarded')).toEqual(['unexpectedId']);
  });

  it('cannot tell where a record with an id ends', () => {
    const { filter, engine, report } = setup({});
    engine.establish(SUITE);
    filter.receive(join(record({ type: 25, epoch: 1, body: new Uint8Array(40) }), protectedRecord({ type: 23 })), 1);
    expect(engine.given).toEqual([]);
    expect(report.dropped).toEqual(['unexpectedId']);
  });
});

describe('a handshake', () => {
  it('takes records with the id that it has offered, and none without once that is negotiated', () => {
    const { filter, engine, report } = setup();
    // As long as the hello of the peer may be in the same datagram, nobody knows.
    const first = join(changeCipherSpec(), idRecord(OWN));
    filter.receive(first, 1);
    filter.receive(protectedRecord(), 1);
    filter.receive(idRecord(Uint8Array.of(4, 3, 2, 1)), 1);
    expect(report.dropped).toEqual(['foreignId']);
    engine.facts = WITH_ID;
    filter.receive(first, 2);
    filter.receive(protectedRecord(), 2);
    expect(engine.received).toEqual([first, protectedRecord(), first]);
    expect(report.dropped).toEqual(['foreignId', 'missingId']);
  });

  it('takes none where it has offered no id', () => {
    const { filter, report } = setup({ connectionId: new Uint8Array(0) });
    filter.receive(idRecord(OWN), 1);
    expect(report.dropped).toEqual(['unexpectedId']);
  });

  it('rations them like the records that they may be', () => {
    const { filter, engine, report } = setup();
    engine.facts = WITH_ID;
    for (let count = 0; count < 9; count++) filter.receive(idRecord(OWN), 1);
    for (let count = 0; count < 9; count++) filter.receive(idRecord(OWN, { size: 500 }), 1);
    expect(engine.given).toHaveLength(8 + 8);
    expect(report.dropped).toEqual(['earlyRecord', 'earlyRecord']);
  });
});

describe('the id that an engine is to negotiate', () => {
  const error = (init: { code: string; message: string }): NetError =>
    new NetError({ ...init, operation: 'connect', backend: 'fake' });

  it('is made for a request that has none', () => {
    const rules = { connectionIds: connectionIds({ length: 6 }, 'client', error) };
    const { engine } = setup({}, rules);
    expect(engine.request.connectionId).toHaveLength(6);
    expect(setup({ connectionId: OWN }, rules).engine.request.connectionId).toBe(OWN);
    const sender = setup({}, { connectionIds: connectionIds(true, 'client', error) });
    expect(sender.engine.request.connectionId).toHaveLength(0);
    expect(setup({}).engine.request.connectionId).toBeUndefined();
  });

  it('is known to an association that goes on', () => {
    const rules = { connectionIds: connectionIds({ length: 4 }, 'client', error) };
    const { engine, filter } = setup({ continued: Uint8Array.of(1) }, rules);
    expect(engine.request.connectionId).toBeUndefined();
    engine.establish(WITH_ID);
    filter.receive(idRecord(OWN), 1);
    expect(engine.given).toHaveLength(1);
  });
});
