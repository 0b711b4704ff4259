import {
  changeCipherSpec,
  clientHello,
  handshake,
  idRecord,
  join,
  keyExchangeBody,
  protectedRecord,
  record,
  serverHello,
} from '@avs-net/conformance/dtls-records';
import type { AssociationRequest } from '@avs-net/core/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeAssociation, fakeRequest, type Report } from '../../../test/fake-association.ts';
import { MAX_PSK_IDENTITY, pskIdentityOf } from './client-key-exchange.ts';
import { PSK_NEED, pskGate } from './psk-gate.ts';

const identity = new TextEncoder().encode('device-1');
const keyExchange = (body = keyExchangeBody(identity), messageSeq = 2): Uint8Array =>
  handshake({ type: 16, messageSeq, body }, { sequence: messageSeq });
const piece = (body: Uint8Array, from: number, to: number, messageSeq = 2): Uint8Array =>
  handshake(
    { type: 16, messageSeq, total: body.length, offset: from, body: body.slice(from, to) },
    { sequence: 10 + from },
  );
const finished = protectedRecord();
const KEY = Uint8Array.of(1, 2, 3, 4);

interface Setup {
  readonly gate: ReturnType<typeof pskGate>;
  readonly engine: FakeAssociation;
  readonly report: Report;
}

function setup(init: Partial<AssociationRequest> = {}, suite: number | 'none' = 0xc0a8): Setup {
  const hello = clientHello({ cookie: new Uint8Array(32) });
  const opening = { hello, from: { host: '192.0.2.1', port: 1 }, cookieVerified: true } as const;
  const { request, report } = fakeRequest({ role: 'server', opening, ...init });
  let engine: FakeAssociation | undefined;
  const gate = pskGate(request, (inner) => {
    engine = new FakeAssociation(inner);
    engine.deadline = 1_000;
    return engine;
  });
  gate.start(0);
  if (suite !== 'none') engine!.request.output.datagram(serverHello(suite));
  return { gate, engine: engine!, report };
}

describe('pskIdentityOf', () => {
  const dh = new Uint8Array(66).fill(4);
  it.each<[string, Uint8Array[], Uint8Array | undefined]>([
    ['PSK', [keyExchange()], identity],
    ['ECDHE_PSK', [keyExchange(keyExchangeBody(identity, dh))], identity],
    ['an empty identity', [keyExchange(keyExchangeBody(new Uint8Array(0)))], new Uint8Array(0)],
    ['bytes with NUL', [keyExchange(keyExchangeBody(Uint8Array.of(0, 255, 0)))], Uint8Array.of(0, 255, 0)],
    ['the longest', [keyExchange(keyExchangeBody(new Uint8Array(1_024)))], new Uint8Array(MAX_PSK_IDENTITY)],
    ['one byte more', [keyExchange(keyExchangeBody(new Uint8Array(1_025)))], undefined],
    ['a length beyond the message', [keyExchange(Uint8Array.of(0, 9, 1))], undefined],
    ['half a length', [keyExchange(Uint8Array.of(0))], undefined],
    ['no bytes', [keyExchange(new Uint8Array(0))], undefined],
    ['a message that is too long to keep', [piece(new Uint8Array(4_000), 0, 900)], undefined],
    ['a protected record', [record({ type: 22, epoch: 1, body: keyExchange().slice(13) })], undefined],
    ['another message', [handshake({ type: 11, body: keyExchangeBody(identity) })], undefined],
    ['a flight', [join(keyExchange(), changeCipherSpec(), finished)], identity],
    ['nothing', [], undefined],
  ])('reads %s', (_name, datagrams, expected) => {
    expect(pskIdentityOf(...datagrams)).toEqual(expected);
  });

  const body = keyExchangeBody(identity, dh);
  it.each<[string, Uint8Array[], Uint8Array | undefined]>([
    ['in order', [piece(body, 0, 9), piece(body, 9, 76)], identity],
    ['in reverse', [piece(body, 9, 76), piece(body, 0, 9)], identity],
    ['overlapping and doubled', [piece(body, 0, 40), piece(body, 0, 40), piece(body, 20, 76)], identity],
    ['with a gap', [piece(body, 0, 9), piece(body, 10, 76)], undefined],
    ['of two lengths', [piece(body, 0, 9), piece(body.slice(0, 70), 9, 70)], undefined],
    ['of two messages', [piece(body, 0, 9), piece(body, 9, 76, 3)], undefined],
    ['one byte each', Array.from({ length: 76 }, (_, at) => piece(body, at, at + 1)), identity],
  ])('puts fragments %s together', (_name, datagrams, expected) => {
    expect(pskIdentityOf(...datagrams)).toEqual(expected);
  });

  it('never throws', () => {
    const noisy = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ maxLength: 60 }).map((body) => keyExchange(body)),
    );
    fc.assert(
      fc.property(fc.array(noisy, { maxLength: 4 }), (datagrams) => {
        const found = pskIdentityOf(...datagrams);
        expect(found?.length ?? 0).toBeLessThanOrEqual(MAX_PSK_IDENTITY);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('the PSK gate', () => {
  it('asks, waits, and gives the engine key and message together', () => {
    const { gate, engine, report } = setup();
    gate.receive(keyExchange(), 10);
    for (const bytes of [changeCipherSpec(), finished]) {
      const borrowed = bytes.slice();
      gate.receive(borrowed, 11);
      borrowed.fill(0);
    }
    expect(report.needs).toEqual([[PSK_NEED, { kind: 'psk', identity }]]);
    expect(engine.received).toEqual([]);
    gate.answer?.(PSK_NEED, KEY, 500);
    expect(engine.answers).toEqual([[PSK_NEED, KEY]]);
    expect(engine.calls).toEqual(['start', 'answer']);
    expect(engine.received).toEqual([keyExchange(), changeCipherSpec(), finished]);
    gate.receive(protectedRecord({ sequence: 1 }), 600);
    expect(engine.received).toHaveLength(4);
  });

  it('gives a flight of one datagram on in its records', () => {
    const { gate, engine } = setup();
    gate.receive(join(keyExchange(), changeCipherSpec(), finished), 10);
    gate.answer?.(PSK_NEED, undefined, 500);
    expect(engine.answers).toEqual([[PSK_NEED, undefined]]);
    expect(engine.received).toEqual([keyExchange(), join(changeCipherSpec(), finished)]);
  });

  it('lets the engine see only the identity that was asked for', () => {
    const { gate, engine, report } = setup();
    const other = keyExchangeBody(new TextEncoder().encode('device-2'));
    const body = keyExchangeBody(identity);
    gate.receive(piece(body, 0, 6), 1);
    gate.receive(piece(other, 0, 10), 2);
    gate.receive(keyExchange(other), 3);
    gate.answer?.(PSK_NEED, KEY, 4);
    // A mixture, because the pieces were one: but the same on both sides, and only once.
    const mixed = new TextEncoder().encode('device-2');
    expect(report.needs).toEqual([[PSK_NEED, { kind: 'psk', identity: mixed }]]);
    expect(engine.received.map((bytes) => pskIdentityOf(bytes))).toEqual([mixed]);
  });

  it.each([1, 3, 5])('takes no message %i for the one behind the hello', (messageSeq) => {
    const { gate, engine, report } = setup();
    gate.receive(keyExchange(keyExchangeBody(identity), messageSeq), 1);
    expect(report.needs).toEqual([]);
    expect(report.dropped).toEqual(['repeatedFlight']);
    expect(engine.received).toEqual([]);
  });

  it('ignores flights that are repeated while it waits, and lets what is new of them in', () => {
    const { gate, engine, report } = setup();
    gate.receive(keyExchange(), 1);
    for (let count = 0; count < 100; count++) {
      gate.receive(join(clientHello({ cookie: new Uint8Array(32) })), 2);
      gate.receive(keyExchange(), 3);
      gate.receive(changeCipherSpec(), 4);
    }
    gate.receive(join(keyExchange(), finished), 5);
    expect(report.dropped.filter((reason) => reason === 'repeatedFlight')).toHaveLength(300);
    gate.answer?.(PSK_NEED, KEY, 6);
    expect(engine.received).toEqual([keyExchange(), changeCipherSpec(), finished]);
  });

  it.each([
    ['eight datagrams', 48, 8],
    ['four kilobytes', 1_500, 2],
  ])('keeps %s', (_name, size, most) => {
    const { gate, engine, report } = setup();
    gate.receive(keyExchange(), 1);
    for (let sequence = 0; sequence < 20; sequence++) gate.receive(protectedRecord({ size, sequence }), 2);
    expect(report.dropped).toEqual(Array.from({ length: 20 - most }, () => 'tooManyWaiting'));
    gate.answer?.(PSK_NEED, KEY, 3);
    expect(engine.received).toHaveLength(1 + most);
  });

  it('retransmits nothing while it waits, and takes a late key for none', () => {
    const { gate, engine } = setup();
    expect(gate.deadline).toBe(1_000);
    gate.receive(keyExchange(), 900);
    expect(gate.deadline).toBe(10_900);
    gate.timeout(5_000);
    expect(engine.calls).toEqual(['start']);
    gate.timeout(10_900);
    gate.answer?.(PSK_NEED, KEY, 11_000);
    expect(engine.answers).toEqual([[PSK_NEED, undefined]]);
    expect(engine.received).toEqual([keyExchange()]);
    expect(gate.deadline).toBe(1_000);
    gate.timeout(11_000);
    expect(engine.calls).toEqual(['start', 'answer', 'timeout']);
  });

  it('keeps a Finished that bears a connection id', () => {
    const { gate, engine, report } = setup({ connectionId: Uint8Array.of(1, 2, 3) });
    const rest = join(changeCipherSpec(), idRecord(Uint8Array.of(1, 2, 3)));
    gate.receive(join(keyExchange(), rest), 10);
    gate.receive(idRecord(Uint8Array.of(1, 2, 3), { sequence: 1 }), 11);
    expect(report.dropped).toEqual([]);
    gate.answer?.(PSK_NEED, KEY, 12);
    expect(engine.received).toEqual([keyExchange(), rest, idRecord(Uint8Array.of(1, 2, 3), { sequence: 1 })]);
  });

  it('takes the first of two answers', () => {
    const { gate, engine } = setup();
    gate.answer?.(PSK_NEED, KEY, 1);
    gate.receive(keyExchange(), 2);
    gate.answer?.(PSK_NEED, KEY, 3);
    gate.answer?.(PSK_NEED, undefined, 4);
    expect(engine.answers).toEqual([[PSK_NEED, KEY]]);
  });

  it('asks nobody for an identity that cannot be', () => {
    const { gate, engine, report } = setup();
    gate.receive(keyExchange(Uint8Array.of(0, 9, 1)), 1);
    expect(report.needs).toEqual([]);
    expect(engine.answers).toEqual([[PSK_NEED, undefined]]);
    expect(engine.received).toEqual([keyExchange(Uint8Array.of(0, 9, 1))]);
  });

  it.each([
    ['a certificate suite was negotiated', {}, 0xc0ae],
    ['no suite was', {}, 'none'] as const,
    ['it is a client', { role: 'client' } as const, 0xc0a8],
  ])('stands open when %s', (_name, init, suite) => {
    const { gate, engine, report } = setup(init, suite);
    gate.receive(keyExchange(), 1);
    expect(engine.received).toEqual([keyExchange()]);
    expect(report.needs).toEqual([]);
  });

  it('passes the needs of the engine and their answers', () => {
    const { gate, engine, report } = setup();
    engine.request.output.need(7, { kind: 'sni', name: 'a.example' });
    gate.answer?.(7, KEY, 1);
    expect(report.needs).toEqual([[7, { kind: 'sni', name: 'a.example' }]]);
    expect(engine.answers).toEqual([[7, KEY]]);
  });
});
