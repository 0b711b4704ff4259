/**
 * Handshakes that are begun to do harm, over real sockets: they end at their deadline, keep little meanwhile, and
 * nobody else notices.
 */

import { clientHello, fragmentOf, handshake, join, record } from '@avs-net/conformance/dtls-records';
import { liveObjects } from '@avs-net/dtls-openssl';
import { afterEach, describe, expect, it } from 'vitest';
import { servers } from './backends.ts';
import { BesiegedServer, echo, part, STRANGER, until } from './besieged-server.ts';

describe.each(servers)('a server of $name', (backend) => {
  let besieged: BesiegedServer;
  afterEach(() => besieged.end());

  it.each<[string, readonly Uint8Array[]]>([
    ['fragments that overlap', [part(0, 20), part(10, 20), part(5, 30)]],
    ['fragments out of order', [part(40, 10), part(20, 10), part(0, 10)]],
    ['fragments that say different lengths', [part(0, 10, 100), part(0, 10, 200)]],
    ['a message of sixteen megabytes', [part(0, 10, 0xffffff)]],
    ['fragments of a message of sixteen megabytes, far apart', [part(0xfffff0, 10, 0xffffff), part(0, 10, 0xffffff)]],
    ['messages of numbers that nobody reaches', Array.from({ length: 100 }, (_, at) => part(0, 8, 8_000, 20 + at))],
    ['a flood of fragments', Array.from({ length: 3_000 }, (_, at) => part(at % 90, 1, 100, 5))],
    ['fragments of no bytes', Array.from({ length: 50 }, () => part(0, 0, 100))],
    ['a certificate that nobody asked for', [handshake({ type: 11, messageSeq: 2, body: new Uint8Array(200) })]],
    ['change_cipher_spec too early', Array.from({ length: 20 }, () => record({ type: 20, body: Uint8Array.of(1) }))],
    ['an alert in the clear', [record({ type: 21, sequence: 9, body: Uint8Array.of(2, 40) })]],
    ['application data in the clear', [record({ type: 23, sequence: 9, body: Uint8Array.of(1, 2, 3) })]],
    [
      'records of a later epoch',
      Array.from({ length: 200 }, (_, at) => record({ type: 23, epoch: 2, sequence: at, body: new Uint8Array(900) })),
    ],
    [
      'early protected records',
      Array.from({ length: 200 }, (_, at) => record({ type: 23, epoch: 1, sequence: at, body: new Uint8Array(900) })),
    ],
    ['records of no bytes', [22, 20, 21, 23].map((type) => record({ type, sequence: 9 }))],
    ['records of TLS', [record({ type: 22, version: 0x0303, body: fragmentOf({ type: 16, messageSeq: 2 }) })]],
    ['a record cut off', [record({ type: 22, length: 500, body: new Uint8Array(20) })]],
    ['datagrams as large as they come', [new Uint8Array(65_507).fill(22), join(part(0, 10), new Uint8Array(65_000))]],
  ])('survives a handshake that consists of %s', async (_what, datagrams) => {
    besieged = await BesiegedServer.bind(backend, { handshakeTimeout: 60_000 });
    besieged.knock(7);
    expect(besieged.server.stats()).toMatchObject({ handshakesBegun: 1, halfOpen: 1 });
    const answered = besieged.network.away.count;
    for (const data of datagrams) besieged.network.put(data, STRANGER);
    // An alert at most.
    expect(besieged.network.away.count).toBeLessThanOrEqual(answered + 1);
    const pair = await besieged.pair();
    await echo(pair, 2);
    besieged.leap(60_001);
    expect(besieged.server.stats()).toMatchObject({ handshakesFailed: 1, halfOpen: 0, entries: 3 });
    await echo(pair, 1);
  });

  it.each<[string, readonly Uint8Array[]]>([
    ['another length for the message that comes', [part(0, 10, 200)]],
    [
      'another type for the message that comes',
      [handshake({ type: 15, messageSeq: 2, total: 90, body: new Uint8Array(9) })],
    ],
    ['messages far ahead', [3, 4, 5, 6].map((messageSeq) => part(0, 1, 4_000, messageSeq))],
    [
      'a record number at the end of all numbers',
      [record({ type: 22, sequence: 2 ** 48 - 2, body: fragmentOf(LATER) })],
    ],
    ['a flood of fragments', Array.from({ length: 1_500 }, (_, at) => part(at % 90, 1, 95, 3))],
  ])('completes a handshake into which somebody forges %s', async (_what, forged) => {
    besieged = await BesiegedServer.bind(backend);
    let count = 0;
    besieged.network.carry = (data, way, peer) => {
      // Behind the hello that was verified, in front of all that its sender answers.
      if (way === 'in' && count++ === 2) for (const bytes of forged) besieged.network.put(bytes, peer);
      return data;
    };
    const pair = await besieged.pair();
    await echo(pair, 2);
    expect(besieged.server.stats()).toMatchObject({ handshakesBegun: 1, handshakesFinished: 1 });
  });

  it('forgets who stops half way', async () => {
    besieged = await BesiegedServer.bind(backend, { handshakeTimeout: 50 });
    for (let port = 1; port <= 20; port++) besieged.knock(port, { ...STRANGER, port });
    expect(besieged.server.stats()).toMatchObject({ handshakesBegun: 20, halfOpen: 20, peers: 0 });
    await until(() => besieged.stat('halfOpen') === 0);
    expect(besieged.server.stats()).toMatchObject({ handshakesFailed: 20, 'failed.timedOut': 20, entries: 0 });
    expect(liveObjects().associations).toBe(0);
  });

  it('stops repeating itself to who never answers', async () => {
    const dtlsHandshakeTimeouts = { min: 20, max: 80 };
    besieged = await BesiegedServer.bind(backend, { handshakeTimeout: 400 }, { dtlsHandshakeTimeouts });
    besieged.knock(1);
    await until(() => besieged.stat('halfOpen') === 0);
    const { count } = besieged.network.away;
    // The HelloVerifyRequest, and one datagram for each wait that fits in.
    expect(count).toBeGreaterThan(2);
    expect(count).toBeLessThanOrEqual(2 + 400 / 20);
    besieged.leap(3_600_000);
    expect(besieged.network.away.count).toBe(count);
  });

  it.each(['EPERM', 'ENOBUFS'])('survives that the system answers %s to what it sends', async (code) => {
    besieged = await BesiegedServer.bind(backend);
    const cookie = besieged.cookieFor(STRANGER, 3);
    besieged.network.refusal = Object.assign(new Error('refused'), { code });
    besieged.network.put(clientHello({ random: 4 }), { ...STRANGER, port: 9 });
    besieged.network.put(clientHello({ random: 3, cookie }), STRANGER);
    besieged.network.put(part(0, 10), STRANGER);
    expect(besieged.server.stats()).toMatchObject({ cookiesSent: 1, handshakesBegun: 1 });
    await echo(await besieged.pair(), 2);
  });

  it('keeps memory flat while strangers begin handshakes and make it keep what they can', async () => {
    besieged = await BesiegedServer.bind(backend, {
      maxHalfOpenBytes: 16 * 1_048_576,
      maxHalfOpen: 10_000,
      maxPeersPerHost: 10_000,
    });
    const pair = await besieged.pair();
    const early = (sequence: number): Uint8Array => record({ type: 23, epoch: 1, sequence, body: new Uint8Array(200) });
    const greed = [part(0, 1, 4_000), part(0, 1, 4_000, 3), ...[1, 2, 3, 4, 5, 6, 7, 8].map(early)];
    const strangers = (first: number, count: number): void => {
      for (let port = first; port < first + count; port++) {
        const from = { ...STRANGER, host: `10.0.1.${port % 200}`, port };
        besieged.knock(port % 256, from);
        for (const data of greed) besieged.network.put(data, from);
        expect(besieged.stat('halfOpenBytes')).toBeLessThanOrEqual(16 * 1_048_576);
        besieged.network.arrived.length = 0;
      }
    };
    strangers(1_000, 500);
    const before = process.memoryUsage.rss();
    strangers(2_000, 3_000);
    // Unbounded, three thousand of them keep two hundred megabytes at least.
    expect(process.memoryUsage.rss() - before).toBeLessThan(48 * 1_048_576);
    expect(besieged.stat('failed.evicted')).toBeGreaterThan(3_000);
    await echo(pair, 2);
    const next = await besieged.pair();
    await echo(next, 2);
    expect(besieged.server.stats()).toMatchObject({ peers: 2 });
  });
});

const LATER = { type: 16, messageSeq: 4, total: 50, body: new Uint8Array(9) } as const;
