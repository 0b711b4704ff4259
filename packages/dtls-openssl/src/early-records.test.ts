/**
 * Records of a stranger ahead of their turn: however many come, at any point of a handshake, the genuine ones get
 * through, and what is kept stays within what is reckoned.
 */

import { changeCipherSpec, protectedRecord } from '@avs-net/conformance/dtls-records';
import { afterEach, describe, expect, it } from 'vitest';
import { type Carry, clientConfiguration, serverConfiguration, Wire } from '../test/wire.ts';
import { liveObjects } from './live-objects.ts';

afterEach(() => expect(liveObjects()).toEqual({ contexts: 0, connections: 0, bios: 0, associations: 0 }));

const SPECIFICATIONS = ['change_cipher_specs', changeCipherSpec()] as const;
const FLOODS = [
  SPECIFICATIONS,
  ['protected handshake records', protectedRecord({ size: 40 })],
  ['protected handshake records that are no Finished', protectedRecord({ size: 200 })],
  ['protected handshake records as short as can be', protectedRecord({ size: 28 })],
  ['protected handshake records of whole blocks', protectedRecord({ size: 80 })],
  ['protected alerts of whole blocks', protectedRecord({ type: 21, size: 64 })],
  ['protected alerts', protectedRecord({ type: 21, size: 40 })],
  ['early data', protectedRecord({ type: 23, size: 1_000 })],
] as const;

describe.each([
  ['an AEAD suite', 0xc0a8],
  ['a CBC suite', 0xae],
] as const)('a handshake with %s', (_suite, suite) => {
  const options = { ciphersuites: [suite] };
  const connect = (carry?: Carry): Promise<Wire> =>
    new Wire(clientConfiguration(options), serverConfiguration(options), carry).connect();

  it.each(FLOODS)('gets over a flood of %s around every datagram', async (_what, forged) => {
    const flood = Array.from({ length: 40 }, () => forged);
    const wire = await connect((bytes) => [...flood, bytes, ...flood]);
    expect([wire.client.error, wire.server.error]).toEqual([undefined, undefined]);
    talk(wire);
    wire.destroy();
  });

  it.each(FLOODS)('gets over a flood of %s while its own records overtake each other', async (_what, forged) => {
    const flood = Array.from({ length: 40 }, () => forged);
    let held: Uint8Array[] | undefined = [];
    const wire = await connect((bytes, from, number) => {
      if (held === undefined || from !== 'client' || number < 1) return [...flood, bytes, ...flood];
      held.push(...recordsOf(bytes));
      if (held.length < FLIGHT) return flood;
      const turned = held.reverse().flatMap((record) => [record, ...flood]);
      held = undefined;
      return turned;
    });
    expect([wire.client.error, wire.server.error]).toEqual([undefined, undefined]);
    talk(wire);
    wire.destroy();
  });

  it('completes at once when its own records overtake each other', async () => {
    let held: Uint8Array[] | undefined = [];
    const patient = { ...options, dtlsHandshakeTimeouts: { min: 30_000, max: 30_000 } };
    const wire = new Wire(clientConfiguration(patient), serverConfiguration(patient), (bytes, from, number) => {
      if (held === undefined || from !== 'client' || number < 1) return [bytes];
      held.push(...recordsOf(bytes));
      if (held.length < FLIGHT) return [];
      const [keyExchange, specification, finished] = held;
      held = undefined;
      // OpenSSL drops a change_cipher_spec that comes too early.
      return [finished!, keyExchange!, specification!];
    });
    wire.server.association.start(0);
    wire.client.association.start(0);
    wire.carry();
    expect([wire.client.isEstablished, wire.server.isEstablished]).toEqual([true, true]);
    talk(wire);
    wire.destroy();
  });

  it('is not reckoned dearer for what strangers send', async () => {
    const wire = new Wire(clientConfiguration(options), serverConfiguration(options));
    wire.server.association.start(0);
    wire.client.association.start(0);
    const before = wire.server.association.halfOpenBytes!;
    // An SSL object, and all that is ever kept ahead of its turn.
    expect(before).toBeGreaterThan(80 * 1_024);
    expect(before).toBeLessThan(90 * 1_024);
    for (const [, forged] of FLOODS) {
      for (let count = 0; count < 40; count++) wire.server.association.receive(forged, 0);
    }
    // All that is protected, but for eight of what may be a Finished.
    expect(wire.server.refusals.filter((reason) => reason === 'earlyRecord')).toHaveLength(
      (FLOODS.length - 1) * 40 - 8,
    );
    expect(wire.server.association.halfOpenBytes).toBe(before);
    wire.destroy();
  });
});

function talk(wire: Wire): void {
  wire.client.association.send(Buffer.from('ping'), 0);
  wire.server.association.send(Buffer.from('pong'), 0);
  wire.carry();
  expect([wire.server.messages.map(String), wire.client.messages.map(String)]).toEqual([['ping'], ['pong']]);
}

function recordsOf(datagram: Uint8Array): Uint8Array[] {
  const bytes = Buffer.from(datagram);
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 13 + bytes.readUInt16BE(at + 11);
    records.push(bytes.subarray(at, end));
    at = end;
  }
  return records;
}

/** ClientKeyExchange, change_cipher_spec, Finished. */
const FLIGHT = 3;
