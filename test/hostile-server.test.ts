/**
 * A dtls server on a hostile network, over real sockets: whatever is forged, nothing crashes, nobody is closed or slowed
 * down, no forged byte is delivered, and everything is counted.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ATTACKS, FURTHER_ATTACKS, type Seen } from '@avs-net/conformance/attacks';
import { clientHello, cookieOf, fragmentOf, handshake, join, record } from '@avs-net/conformance/dtls-records';
import { type Clock, createNet, type Net, type ServerLimits, type Socket, systemClock } from '@avs-net/core';
import type { Address } from '@avs-net/core/plugin';
import { psk, pskServer } from '@avs-net/credentials';
import { liveObjects } from '@avs-net/dtls-openssl';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { servers } from './backends.ts';
import { type SpoofedUdp, spoofedUdp } from './spoofed-udp.ts';

const key = new Uint8Array(16).fill(0x5a);
const identity = 'device';
/** Nobody we know, whose answers only count. */
const STRANGER: Address = { host: '10.0.0.1', port: 4_000 };

let net: Net;
let network: SpoofedUdp;
/** Milliseconds that the clock of the net is ahead. */
let ahead = 0;
const timers = new Set<{ readonly due: number; readonly run: () => void }>();
const clock: Clock = {
  now: () => systemClock.now() + ahead,
  timer(ms, run) {
    const timer = { due: clock.now() + ms, run: () => timers.delete(timer) && run() };
    timers.add(timer);
    const real = systemClock.timer(ms, timer.run);
    return {
      cancel() {
        timers.delete(timer);
        real.cancel();
      },
    };
  },
};

function leap(ms: number): void {
  ahead += ms;
  for (const { due, run } of [...timers]) if (due <= clock.now()) run();
}

beforeEach(() => {
  ahead = 0;
  network = spoofedUdp();
});

afterEach(async () => {
  await net.close();
  expect(liveObjects()).toEqual({ contexts: 0, connections: 0, bios: 0, associations: 0 });
});

describe.each(servers)('a server of $name', (backend) => {
  async function serve(limits: ServerLimits = {}): Promise<Socket> {
    net = createNet({ plugins: [network.plugin, backend], clock });
    const server = await net.createSocket('dtls', {
      security: pskServer({ identities: new Map([[identity, key]]) }),
      server: limits,
    });
    await server.bind('127.0.0.1', 0);
    return server;
  }

  describe('with a peer', () => {
    it.each([...ATTACKS, ...FURTHER_ATTACKS])('survives $name', async ({ datagrams }) => {
      const server = await serve();
      const { client, peer } = await pair(server);
      await echo(client, peer, 2);
      for (const data of datagrams(seen())) network.put(data, addressOf(client));
      await echo(client, peer, 5);
      expect(peer.stats().messagesReceived).toBe(7);
    });

    it.each<[string, (seen: Seen) => readonly Uint8Array[], boolean]>([
      ['a datagram as large as they come', ({ noise }) => [noise(65_507)], true],
      ['a record as large as they come', () => [record({ type: 23, epoch: 1, body: new Uint8Array(65_494) })], true],
      ['an empty datagram', () => [new Uint8Array(0)], true],
      [
        'a hello inside the association',
        ({ noise }) => [record({ type: 22, epoch: 1, sequence: 99, body: noise(80) })],
        true,
      ],
      ['a hello without cookie', () => [clientHello({ random: 99 })], false],
      ['its own hello again', ({ first }) => [first], false],
      ['its second hello again', () => [helloWithCookie()], true],
    ])('survives %s', async (_what, datagrams, counted) => {
      const server = await serve();
      const { client, peer } = await pair(server);
      await echo(client, peer, 1);
      for (const data of datagrams(seen())) network.put(data, addressOf(client));
      await echo(client, peer, 2);
      expect(server.stats()).toMatchObject({ peers: 1, halfOpen: 0, handshakesBegun: 1 });
      if (counted) expect(drops(server)).toBeGreaterThan(0);
    });

    it('takes each record once, however late it comes again', async () => {
      const server = await serve();
      const { client, peer } = await pair(server);
      await echo(client, peer, 1);
      const old = seen().protectedRecord;
      network.put(old, addressOf(client));
      await echo(client, peer, 100);
      network.put(old, addressOf(client));
      await echo(client, peer, 1);
      expect(peer.stats().messagesReceived).toBe(102);
      expect(drops(server)).toBe(2);
    });

    it("gives a flooded queue no room that is another peer's", async () => {
      const server = await serve();
      const [noisy, quiet] = [await pair(server), await pair(server)];
      for (let round = 0; round < 40; round++) {
        // As much as the system keeps; more would be lost there, whoever sends it.
        for (let count = 0; count < 25; count++) await noisy.client.send(new Uint8Array(500));
        await echo(quiet.client, quiet.peer, 1);
      }
      expect(noisy.peer.stats().dropped['queueFull']).toBeGreaterThan(700);
      expect(quiet.peer.stats().dropped).toEqual({});
      expect(await noisy.peer.receive()).toHaveLength(500);
    });
  });

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
    ['records of TLS', [record({ type: 22, version: 0x0303, body: fragmentOf({ type: 16, messageSeq: 2 }) })]],
    ['a record cut off', [record({ type: 22, length: 500, body: new Uint8Array(20) })]],
    ['datagrams as large as they come', [new Uint8Array(65_507).fill(22), join(part(0, 10), new Uint8Array(65_000))]],
  ])('survives a handshake that consists of %s', async (_what, datagrams) => {
    const server = await serve({ handshakeTimeout: 60_000 });
    knock(network, 7);
    expect(server.stats()).toMatchObject({ handshakesBegun: 1, halfOpen: 1 });
    for (const data of datagrams) network.put(data, STRANGER);
    const { client, peer } = await pair(server);
    await echo(client, peer, 2);
    leap(60_001);
    expect(server.stats()).toMatchObject({ handshakesFailed: 1, halfOpen: 0, entries: 3 });
    await echo(client, peer, 1);
  });

  it('forgets who stops half way', async () => {
    const server = await serve({ handshakeTimeout: 50 });
    for (let port = 1; port <= 20; port++) knock(network, port, { ...STRANGER, port });
    expect(server.stats()).toMatchObject({ handshakesBegun: 20, halfOpen: 20, peers: 0 });
    await until(() => server.stats()['halfOpen'] === 0);
    expect(server.stats()).toMatchObject({ handshakesFailed: 20, 'failed.timedOut': 20, entries: 0 });
    expect(liveObjects().associations).toBe(0);
  });

  it('takes no cookie of another address, and none whose secret is gone', async () => {
    const server = await serve();
    const cookie = cookieFor(network, STRANGER, 5);
    const hello = clientHello({ random: 5, cookie });
    for (const change of [{ port: 4_001 }, { host: '10.0.0.2' }]) network.put(hello, { ...STRANGER, ...change });
    network.put(clientHello({ random: 6, cookie }), STRANGER);
    expect(server.stats()).toMatchObject({ cookiesRefused: 3, handshakesBegun: 0, entries: 0 });
    // The secret changes every minute and is honoured for another one.
    ahead = 61_000;
    cookieFor(network, { ...STRANGER, port: 7 }, 1);
    ahead = 122_000;
    network.put(hello, STRANGER);
    expect(server.stats()).toMatchObject({ cookiesRefused: 4, handshakesBegun: 0 });
    network.put(clientHello({ random: 5, cookie: cookieOf(network.away.last) }), STRANGER);
    expect(server.stats()).toMatchObject({ handshakesBegun: 1 });
  });

  it('lets a client in while a hundred thousand strangers knock, and keeps nothing of them', async () => {
    const server = await serve();
    const hello = clientHello();
    const knockAs = (first: number, count: number): void => {
      for (let index = first; index < first + count; index++) {
        const host = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
        network.put(hello, { host, port: 1_024 + (index % 60_000) });
      }
    };
    knockAs(0, 20_000);
    const before = heap();
    const pairing = pair(server);
    for (let first = 20_000; first < 100_000; first += 2_000) {
      knockAs(first, 2_000);
      await new Promise(setImmediate);
    }
    const { client, peer } = await pairing;
    await echo(client, peer, 3);
    expect(network.away.count).toBe(100_000);
    expect(network.away.longest).toBeLessThanOrEqual(hello.length);
    expect(server.stats()).toMatchObject({ handshakesBegun: 1, peers: 1, halfOpen: 0, entries: 3 });
    // What one client and its peer cost; a hundred bytes for each stranger would be eight megabytes.
    expect(heap() - before).toBeLessThan(4_000_000);
  });

  async function pair(server: Socket): Promise<{ client: Socket; peer: Socket }> {
    const client = await net.createSocket('dtls', { security: psk({ identity, key }) });
    const accepted = server.accept();
    await client.connect('127.0.0.1', server.localPort());
    return { client, peer: await accepted };
  }
});

async function echo(client: Socket, peer: Socket, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await client.send(Uint8Array.of(1, index));
    expect(await peer.receive({ timeout: 5_000 })).toEqual(Uint8Array.of(1, index));
    await peer.send(Uint8Array.of(2, index));
    expect(await client.receive({ timeout: 5_000 })).toEqual(Uint8Array.of(2, index));
  }
}

const addressOf = (client: Socket): Address => ({ host: client.localHost(), port: client.localPort() });

/** What somebody on the way to the server has seen. */
function seen(): Seen {
  const way = network.arrived.map(({ data }) => data);
  let state = 1;
  return {
    first: way[0]!,
    protectedRecord: way.findLast((bytes) => bytes[0] === 23)!,
    noise: (length) =>
      Uint8Array.from({ length }, () => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return state >>> 16;
      }),
  };
}

function helloWithCookie(): Uint8Array {
  return network.arrived[1]!.data;
}

function cookieFor(from: SpoofedUdp, address: Address, random: number): Uint8Array {
  from.put(clientHello({ random }), address);
  return cookieOf(from.away.last);
}

/** A whole cookie exchange, and then nothing. */
function knock(from: SpoofedUdp, random: number, address = STRANGER): void {
  from.put(clientHello({ random, cookie: cookieFor(from, address, random) }), address);
}

/** A fragment of the ClientKeyExchange that would come next. */
function part(offset: number, length: number, total = 100, messageSeq = 2): Uint8Array {
  return handshake({ type: 16, messageSeq, offset, total, body: new Uint8Array(length) });
}

function drops(server: Socket): number {
  const counters = Object.entries(server.stats()).filter(([name]) => name.startsWith('dropped.'));
  return counters.reduce((sum, [, count]) => sum + (count as number), 0);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heap(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
