import {
  changeCipherSpec,
  clientHello,
  handshake,
  join,
  keyExchangeBody,
  protectedRecord,
  record,
  serverHello,
} from '@avs-net/conformance/dtls-records';
import type { Association } from '@avs-net/core/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeAssociation, fakeRequest } from '../../../test/fake-association.ts';
import { FakeEndpoint } from '../../../test/fake-endpoint.ts';
import { pskGate } from './psk-gate.ts';
import { readRecord, recordHeader } from './record.ts';
import { filtered } from './record-filter.ts';
import { REFUSALS } from './refusal.ts';

const GENUINE: readonly Uint8Array[] = [
  clientHello(),
  clientHello({ cookie: new Uint8Array(32).fill(3) }),
  serverHello(0xc0a8),
  handshake({ type: 14, messageSeq: 3 }),
  handshake({ type: 16, messageSeq: 2, body: keyExchangeBody(Uint8Array.of(1, 2, 3)) }),
  changeCipherSpec(),
  protectedRecord(),
  protectedRecord({ type: 23, size: 30 }),
  record({ type: 21, body: Uint8Array.of(2, 40) }),
];

/** Genuine records, some with a few bytes changed or cut off, and noise; one to four in a datagram. */
const hostile = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc
        .tuple(fc.constantFrom(...GENUINE), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), fc.nat(400))
        .map(([genuine, changes, length]) => {
          const bytes = genuine.slice();
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          return length < bytes.length && changes.length > 2 ? bytes.slice(0, length) : bytes;
        }),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => join(...parts));

interface Guarded {
  readonly association: Association;
  readonly engine: FakeAssociation;
  readonly dropped: string[];
}

function guarded(role: 'client' | 'server'): Guarded {
  const { request, report } = fakeRequest({ role });
  let engine: FakeAssociation | undefined;
  const association = filtered(request, (outer) =>
    pskGate(
      outer,
      (inner) => {
        engine = new FakeAssociation(inner);
        return engine;
      },
      { isPsk: () => true },
    ),
  );
  association.start(0);
  return { association, engine: engine!, dropped: report.dropped };
}

describe('whatever arrives', () => {
  it.each(['client', 'server'] as const)('an established %s sees whole protected records and nothing else', (role) => {
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 6 }), (datagrams) => {
        const { association, engine, dropped } = guarded(role);
        engine.establish({ version: 'DTLSv1.2', ciphersuite: { id: 0xc0a8, name: '' } });
        for (const bytes of datagrams) association.receive(bytes, 1);
        for (const header of headersOf(engine.received)) {
          expect(header).toMatchObject({ epoch: 1, version: 0xfefd });
          expect([21, 22, 23]).toContain(header.type);
          expect(header.length).toBeGreaterThanOrEqual(16);
        }
        for (const reason of dropped) expect(reason in REFUSALS).toBe(true);
        expect(association.phase).toBe('established');
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(['client', 'server'] as const)('a %s that shakes hands sees no data or alert in the clear', (role) => {
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 12 }), (datagrams) => {
        const { association, engine, dropped } = guarded(role);
        for (const bytes of datagrams) association.receive(bytes, 1);
        const headers = headersOf(engine.received);
        for (const { epoch, type } of headers) expect(epoch === 0 ? [20, 22] : [21, 22, 23]).toContain(type);
        expect(headers.filter(({ epoch }) => epoch > 1)).toEqual([]);
        expect(headers.filter(({ epoch }) => epoch === 1).length).toBeLessThanOrEqual(16);
        for (const reason of dropped) expect(reason in REFUSALS).toBe(true);
        expect(association.phase).toBe('handshake');
      }),
      { numRuns: 1_000 },
    );
  });

  it('a listener keeps nothing of strangers and its peers lose nothing', () => {
    const endpoint = new FakeEndpoint();
    const peer = { host: '192.0.2.1', port: 5_000 };
    const { association } = endpoint.establish(peer);
    const stranger = fc.record({
      host: fc.constantFrom('192.0.2.1', '192.0.2.9', '2001:db8::1'),
      port: fc.nat(65_535),
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(hostile, stranger), { maxLength: 6 }), (datagrams) => {
        endpoint.lower.sent.length = 0;
        let received = 0;
        for (const [bytes, from] of datagrams) {
          endpoint.arrive(bytes, from);
          received += bytes.length;
        }
        const answered = endpoint.lower.sent.reduce((bytes, { data }) => bytes + data.length, 0);
        expect(answered).toBeLessThanOrEqual(received);
        const before = association.received.length;
        endpoint.arrive(protectedRecord({ type: 23 }), peer);
        expect(association.received).toHaveLength(before + 1);
      }),
      { numRuns: 1_000 },
    );
    expect(endpoint.listener.stats()).toMatchObject({ peers: 1, halfOpen: 0, handshakesBegun: 1, entries: 3 });
  });
});

function headersOf(datagrams: readonly Uint8Array[]): ReturnType<typeof recordHeader>[] {
  return datagrams.flatMap((bytes) => {
    const headers: ReturnType<typeof recordHeader>[] = [];
    for (let at = 0; at < bytes.length; at = headers.at(-1)!.end) {
      const header = recordHeader();
      expect(readRecord(bytes, at, header)).toBeUndefined();
      headers.push(header);
    }
    return headers;
  });
}
