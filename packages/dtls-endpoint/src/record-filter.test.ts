import { ATTACKS, FURTHER_ATTACKS } from '@avs-net/conformance/attacks';
import {
  changeCipherSpec,
  clientHello,
  fragmentOf,
  handshake,
  join,
  protectedRecord,
  record,
  serverHello,
} from '@avs-net/conformance/dtls-records';
import type { AssociationInfo } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { seenOn } from '../../../test/seen-datagrams.ts';
import { type FilteredFake, filteredFake } from '../test/filtered-fake.ts';

const CCM_8: AssociationInfo = { version: 'DTLSv1.2', ciphersuite: { id: 0xc0a8, name: 'TLS_PSK_WITH_AES_128_CCM_8' } };

function established(facts = CCM_8, role: 'client' | 'server' = 'client'): FilteredFake {
  const made = filteredFake({ role });
  made.filter.start(0);
  made.engine.establish(facts);
  return made;
}

const seen = seenOn([clientHello(), record({ type: 23, epoch: 1, sequence: 5, body: new Uint8Array(40).fill(0xcc) })]);

describe('an established association', () => {
  it('knows all the attacks', () => expect(ATTACKS).toHaveLength(31));

  it.each([...ATTACKS, ...FURTHER_ATTACKS])('survives $name', ({ datagrams, refused }) => {
    for (const role of ['client', 'server'] as const) {
      const { filter, engine, report } = established(CCM_8, role);
      const sent = datagrams(seen);
      for (const bytes of sent) filter.receive(bytes, 1);
      if (refused === 'keys') {
        expect(engine.given).toEqual(sent);
        expect(report.dropped).toEqual(sent.map(() => 'discarded'));
      } else {
        expect(engine.given).toEqual([]);
        expect(report.dropped.length).toBeGreaterThanOrEqual(sent.length);
        if (refused !== 'any') expect(new Set(report.dropped)).toEqual(new Set([refused]));
      }
      expect(filter.phase).toBe('established');
      expect(report.events).toEqual(['established']);
      filter.receive(seen.protectedRecord, 2);
      expect(engine.given.at(-1)).toBe(seen.protectedRecord);
    }
  });

  it.each([
    ['TLS_PSK_WITH_AES_128_CCM_8', 0xc0a8, 16],
    ['TLS_PSK_WITH_AES_128_GCM_SHA256', 0x00a8, 24],
    ['TLS_PSK_WITH_CHACHA20_POLY1305_SHA256', 0xccab, 16],
    ['TLS_PSK_WITH_AES_128_CBC_SHA', 0x008c, 48],
    ['TLS_PSK_WITH_AES_128_CBC_SHA256', 0x00ae, 64],
    ['TLS_PSK_WITH_AES_256_CBC_SHA384', 0x00af, 80],
    ['a suite that nobody knows', 0xeeee, 16],
  ])('refuses what is shorter than a record of %s', (name, id, shortest) => {
    const { filter, engine, report } = established({ ciphersuite: { id, name } });
    const data = (size: number): Uint8Array => protectedRecord({ type: 23, size });
    filter.receive(data(shortest - 1), 1);
    expect(report.dropped).toEqual(['recordTooShort']);
    filter.receive(data(shortest), 1);
    expect(engine.received).toHaveLength(1);
  });

  it('wants the negotiated version', () => {
    const { filter, report } = established();
    filter.receive(protectedRecord({ version: 0xfeff }), 1);
    expect(report.dropped).toEqual(['wrongVersion']);
  });

  it('lets a repeated Finished through, without what was repeated in the clear with it', () => {
    const { filter, engine, report } = established(CCM_8, 'server');
    engine.onReceive = () => engine.request.output.datagram(Uint8Array.of(22));
    const finished = protectedRecord({ sequence: 1 });
    const keyExchange = handshake({ type: 16, messageSeq: 2, body: new Uint8Array(5) });
    filter.receive(join(keyExchange, changeCipherSpec(), finished), 1);
    expect(engine.received).toEqual([finished]);
    expect(report.dropped).toEqual(['plaintext', 'plaintext']);
  });

  it('judges every record on its own merit and copies none', () => {
    const { filter, engine, report } = established();
    engine.onReceive = () => engine.request.output.message(Uint8Array.of(1));
    const good = (sequence: number): Uint8Array => protectedRecord({ type: 23, sequence });
    const short = protectedRecord({ type: 23, size: 3 });
    const datagram = join(good(1), good(2), short, good(3), short.subarray(0, 9));
    filter.receive(datagram, 1);
    expect(engine.received).toEqual([join(good(1), good(2)), good(3)]);
    expect(engine.given.map(({ buffer }) => buffer)).toEqual([datagram.buffer, datagram.buffer]);
    expect(report.dropped).toEqual(['recordTooShort', 'truncatedHeader']);
  });

  it('counts what its engine makes nothing of: forged, damaged or replayed', () => {
    const { filter, engine, report } = established();
    const { output } = engine.request;
    const heed = [
      () => output.message(seen.first),
      () => output.datagram(seen.first),
      () => output.dropped('replayed'),
    ];
    for (const react of [() => {}, ...heed, () => output.trace?.({ type: 'alert' }), () => output.closed()]) {
      engine.onReceive = react;
      filter.receive(protectedRecord({ type: 23 }), 1);
    }
    expect(report.dropped).toEqual(['discarded', 'replayed']);
  });

  it('hands on a datagram without fault as it is', () => {
    const { filter, engine } = established();
    const datagram = join(protectedRecord({ type: 23 }), protectedRecord({ type: 21, size: 18 }));
    filter.receive(datagram, 1);
    expect(engine.given[0]).toBe(datagram);
  });

  it('lets nothing in after the end', () => {
    const { filter, engine, report } = established();
    engine.request.output.closed();
    filter.receive(seen.protectedRecord, 1);
    expect(engine.given).toEqual([]);
    expect(report.dropped).toEqual(['afterEnd']);
    expect(report.events).toEqual(['established', 'closed']);
  });
});

describe('a handshake', () => {
  it('lets its own messages through', () => {
    const { filter, engine, report } = filteredFake();
    const flight = [
      handshake({ type: 3, body: new Uint8Array(258) }, { version: 0xfeff }),
      serverHello(0xc0a8),
      handshake({ type: 12, messageSeq: 2, body: new Uint8Array(6) }),
      handshake({ type: 14, messageSeq: 3 }),
      join(changeCipherSpec(), protectedRecord({ size: 40 })),
    ];
    for (const bytes of flight) filter.receive(bytes, 1);
    expect(engine.given).toEqual(flight);
    expect(report.dropped).toEqual([]);
  });

  it('drops the handshake rules with the handshake, also inside one datagram', () => {
    const { filter, engine, report } = filteredFake({ role: 'server' });
    engine.onReceive = () => engine.establish(CCM_8);
    const bad = record({ type: 23, body: new Uint8Array(4) });
    filter.receive(join(protectedRecord(), bad, changeCipherSpec()), 1);
    expect(engine.received).toEqual([protectedRecord()]);
    expect(report.dropped).toEqual(['wrongEpoch', 'plaintext']);
  });

  const finished = protectedRecord();
  it.each<[string, Uint8Array, string]>([
    ['application data in the clear', record({ type: 23, body: new Uint8Array(4) }), 'plaintext'],
    ['a heartbeat', record({ type: 24, body: new Uint8Array(4) }), 'unknownType'],
    ['TLS 1.2', record({ type: 22, version: 0x0303, body: new Uint8Array(12) }), 'wrongVersion'],
    ['epoch 2', protectedRecord({ epoch: 2 }), 'wrongEpoch'],
    ['a long plaintext record', record({ type: 22, body: new Uint8Array(16_385) }), 'recordTooLong'],
    ['an empty handshake record', record({ type: 22 }), 'malformedFragment'],
    ['an empty change_cipher_spec', record({ type: 20 }), 'malformedChangeCipherSpec'],
    ['a long change_cipher_spec', record({ type: 20, body: Uint8Array.of(1, 1) }), 'malformedChangeCipherSpec'],
    ['another change_cipher_spec', record({ type: 20, body: Uint8Array.of(2) }), 'malformedChangeCipherSpec'],
    ['a Finished in the clear', handshake({ type: 20, messageSeq: 4, body: new Uint8Array(12) }), 'unexpectedMessage'],
    ['a HelloRequest', handshake({ type: 0 }), 'unexpectedMessage'],
    ['a message of the own role', clientHello(), 'unexpectedMessage'],
    ['a short protected record', protectedRecord({ type: 23, size: 1 }), 'recordTooShort'],
    ['a protected record shorter than any Finished', protectedRecord({ size: 27 }), 'recordTooShort'],
    ['a long Finished', protectedRecord({ size: 300 }), 'earlyRecord'],
    ['a short alert in the clear', record({ type: 21, body: Uint8Array.of(2) }), 'malformedAlert'],
    ['an alert of no level', record({ type: 21, body: Uint8Array.of(3, 40) }), 'malformedAlert'],
  ])('refuses %s', (_name, datagram, reason) => {
    const { filter, engine, report } = filteredFake();
    filter.receive(datagram, 1);
    expect(report.dropped).toEqual([reason]);
    expect(engine.received).toEqual([]);
  });

  it('refuses plaintext behind a protected record', () => {
    const { filter, engine, report } = filteredFake();
    filter.receive(join(finished, changeCipherSpec()), 1);
    expect(engine.received).toEqual([finished]);
    expect(report.dropped).toEqual(['wrongEpoch']);
  });

  it('lets few protected records ahead of their turn, Finished and data apart, until the next wait', () => {
    const { filter, engine } = filteredFake();
    const data = protectedRecord({ type: 23, size: 100 });
    for (let count = 0; count < 20; count++) filter.receive(data, 1);
    expect(engine.received).toHaveLength(8);
    for (let count = 0; count < 20; count++) filter.receive(finished, 1);
    expect(engine.received).toHaveLength(16);
    engine.deadline = 1_000;
    filter.timeout(999);
    filter.receive(finished, 999);
    expect(engine.received).toHaveLength(16);
    filter.timeout(1_000);
    filter.receive(finished, 1_000);
    expect(engine.received).toHaveLength(17);
  });

  it.each<[string, Uint8Array, number]>([
    ['bytes of protected records', protectedRecord({ type: 23, size: 2_000 }), 2],
    ['change_cipher_specs', changeCipherSpec(), 8],
  ])('counts %s, until the next wait', (_name, datagram, most) => {
    const { filter, engine, report } = filteredFake();
    engine.deadline = 1_000;
    for (let count = 0; count < 10; count++) filter.receive(datagram, 1);
    expect(engine.received).toHaveLength(most);
    expect(report.dropped).toHaveLength(10 - most);
    filter.timeout(1_000);
    filter.receive(datagram, 1_001);
    expect(engine.received).toHaveLength(most + 1);
  });

  it('takes plaintext in the datagram after a protected one', () => {
    const { filter, engine } = filteredFake();
    filter.receive(finished, 1);
    filter.receive(changeCipherSpec(), 2);
    expect(engine.received).toEqual([finished, changeCipherSpec()]);
  });

  it('refuses certificates where none can be negotiated', () => {
    const certificate = handshake({ type: 11, messageSeq: 2, body: new Uint8Array(40) });
    const psk = filteredFake({}, { certificates: false });
    psk.filter.receive(certificate, 1);
    expect(psk.report.dropped).toEqual(['unexpectedMessage']);
    const any = filteredFake();
    any.filter.receive(certificate, 1);
    expect(any.engine.received).toEqual([certificate]);
  });

  it('counts the hello that it continues from', () => {
    const hello = clientHello({ cookie: new Uint8Array(32).fill(1) });
    const opening = { hello, from: { host: '192.0.2.1', port: 1 }, cookieVerified: true } as const;
    const { filter, engine, report } = filteredFake({ role: 'server', opening });
    filter.receive(hello, 1);
    const other = fragmentOf({ type: 1, messageSeq: 1, total: 500, body: new Uint8Array(8) });
    filter.receive(record({ type: 22, body: other }), 1);
    expect(engine.received).toEqual([hello]);
    expect(report.dropped).toEqual(['malformedFragment']);
  });
});
