/**
 * What many PSK peers cost a DTLS server: memory for each, handshakes a second, and one message with few and with many
 * peers. The server runs in a process of its own, so that its processor time and memory are its own; every peer is a
 * client of ours with a port of its own. Messages come from one of the peers, and then from all in turn, which is the
 * worst for caches: of the server, and of the clients, whose time is not counted but whose caches may be the same.
 * Usage: `node packages/bench/dist/server-scale.js [peers,…] [dtls|udp]`, default `1,100,10000 dtls`; `udp` is the same
 * without security, for comparison. Each peer takes a file descriptor (`ulimit -n`); pinned to one core
 * (`taskset -c 1`) the figures vary least.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createNet, type Net, type Socket, type SocketStatistics, systemClock } from '@avs-net/core';
import { psk } from '@avs-net/credentials';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { udp } from '@avs-net/udp';
import { KEY, SUITE } from './credential.ts';
import { median } from './median.ts';

/** Of the server: microseconds of processor time since its start, and bytes. */
export interface Cost {
  readonly cpu: number;
  /** Of these, spent outside the kernel. */
  readonly user: number;
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly stats: SocketStatistics;
}

async function measure(): Promise<void> {
  const sizes = (process.argv[2] ?? '1,100,10000').split(',').map(Number);
  for (const size of sizes) await measureWith(size);
}

async function measureWith(size: number): Promise<void> {
  const server = fork(fileURLToPath(new URL('scale-server.js', import.meta.url)), [TYPE], {
    execArgv: ['--expose-gc'],
  });
  const [port] = (await once(server, 'message')) as [number];
  const net = createNet({ plugins: [udp, dtlsOpenssl] });
  try {
    // Both ends have run all their code before anything is measured.
    const warm = await connectAll(net, port, 200);
    await echoes(warm, 20_000, AT_ONCE);
    for (const client of warm) await client.dispose();
    const before = await costOf(server, 'memory');
    const begun = systemClock.now();
    const clients = await connectAll(net, port, size);
    const elapsed = systemClock.now() - begun;
    const connected = await costOf(server);
    const handshakeCpu = (connected.cpu - before.cpu) / size;
    const kept = await costOf(server, 'memory');
    const perPeer = (kept.rss - before.rss) / size / 1_024;
    const heap = (kept.heapUsed - before.heapUsed) / size / 1_024;
    const rates: string[] = [];
    for (const speaking of new Set([1, size])) {
      rates.push(
        await rate(server, clients.slice(0, speaking), 1),
        await rate(server, clients.slice(0, speaking), AT_ONCE),
      );
    }
    const { stats } = await costOf(server);
    process.stdout.write(
      `${size} ${TYPE} peers: ${stats['peers']} connected, ${Math.round((size / elapsed) * 1_000)} handshakes/s, ` +
        `${Math.round(handshakeCpu)} µs of the server each; ${perPeer.toFixed(1)} KiB resident for each peer ` +
        `(${heap.toFixed(1)} KiB of them in the heap); one message and its echo:\n${rates.join('')}`,
    );
  } finally {
    await net.close();
    server.disconnect();
    await once(server, 'exit');
  }
}

async function rate(server: ChildProcess, clients: readonly Socket[], inFlight: number): Promise<string> {
  const costs: number[] = [];
  const ours: number[] = [];
  const perSecond: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const from = await costOf(server);
    perSecond.push(await echoes(clients, MESSAGES, inFlight));
    const to = await costOf(server);
    costs.push((to.cpu - from.cpu) / MESSAGES);
    ours.push((to.user - from.user) / MESSAGES);
  }
  return (
    `  ${clients.length} speaking, ${inFlight} at once: ${median(costs).toFixed(1)} µs, ` +
    `${median(ours).toFixed(1)} of them outside the kernel (${Math.round(median(perSecond))}/s)\n`
  );
}

async function connectAll(net: Net, port: number, count: number): Promise<Socket[]> {
  const clients: Socket[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const identity = `device-${next++}`;
      const client =
        TYPE === 'udp'
          ? await net.createSocket('udp')
          : await net.createSocket('dtls', { security: psk({ identity, key: KEY }), ciphersuites: [SUITE] });
      await client.connect('127.0.0.1', port);
      // A peer of udp is one that has sent something.
      if (TYPE === 'udp') await client.send(Uint8Array.of(0)).then(() => client.receive());
      clients.push(client);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, work));
  return clients;
}

/** `count` messages over all clients in turn, `inFlight` under way; echoes per second. */
function echoes(clients: readonly Socket[], count: number, inFlight: number): Promise<number> {
  const begun = systemClock.now();
  let sent = 0;
  let heard = 0;
  return new Promise((resolve) => {
    const message = new Uint8Array(64);
    const send = (): void => void clients[sent++ % clients.length]!.send(message);
    const hear = (): void => {
      heard += 1;
      if (sent < count) send();
      else if (heard === count) {
        for (const client of clients) client.off('message', hear);
        resolve((count / (systemClock.now() - begun)) * 1_000);
      }
    };
    for (const client of clients) client.on('message', hear);
    for (let first = 0; first < Math.min(inFlight, count); first++) send();
  });
}

async function costOf(server: ChildProcess, what: 'memory' | 'time' = 'time'): Promise<Cost> {
  server.send(what);
  const [cost] = (await once(server, 'message')) as [Cost];
  return cost;
}

const TYPE = process.argv[3] ?? 'dtls';
const AT_ONCE = 32;
const MESSAGES = 50_000;
const ROUNDS = 3;

await measure();
