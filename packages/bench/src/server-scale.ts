/**
 * What many PSK peers cost a DTLS server: memory for each, handshakes a second, and one message with few and with many
 * peers. Servers run in processes of their own, so that their processor time and memory are their own; every peer is a
 * client of ours with a port of its own. Messages come from one of the peers, or from all in turn, which is the worst
 * for caches: of the server, and of the clients, whose time is not counted but whose caches may be the same.
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

/** A server with its peers, some of which speak. */
interface Row {
  readonly server: ChildProcess;
  readonly connected: number;
  readonly speaking: readonly Socket[];
  readonly costs: number[];
  readonly outsideKernel: number[];
}

async function measure(): Promise<void> {
  const sizes = (process.argv[2] ?? '1,100,10000').split(',').map(Number);
  const net = createNet({ plugins: [udp, dtlsOpenssl] });
  const servers: ChildProcess[] = [];
  const rows: Row[] = [];
  try {
    for (const connected of sizes) {
      const server = startServer();
      servers.push(server);
      const clients = await fill(net, server, connected);
      for (const count of new Set([1, connected])) {
        rows.push({ server, connected, speaking: clients.slice(0, count), costs: [], outsideKernel: [] });
      }
    }
    // All rows in turn, so that what else the machine does befalls them alike.
    for (let round = 0; round < ROUNDS; round++) for (const row of rows) await add(row);
    process.stdout.write(`one message and its echo, ${AT_ONCE} at once, processor time of the server:\n`);
    for (const row of rows) process.stdout.write(`  ${describe(row, rows[0]!)}\n`);
  } finally {
    await net.close();
    for (const server of servers) server.disconnect();
  }
}

function startServer(): ChildProcess {
  const path = fileURLToPath(new URL('scale-server.js', import.meta.url));
  return fork(path, [TYPE], { execArgv: ['--expose-gc'] });
}

/** Connects `size` clients, and says what they cost. */
async function fill(net: Net, server: ChildProcess, size: number): Promise<Socket[]> {
  const [port] = (await once(server, 'message')) as [number];
  // Both ends have run all their code before anything is measured.
  const warm = await connectAll(net, port, 200);
  await echoes(warm, 30_000);
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
  process.stdout.write(
    `${size} ${TYPE} peers: ${kept.stats['peers']} connected, ${Math.round((size / elapsed) * 1_000)} handshakes/s, ` +
      `${Math.round(handshakeCpu)} µs of the server each; ${perPeer.toFixed(1)} KiB resident for each peer ` +
      `(${heap.toFixed(1)} KiB of them in the heap)\n`,
  );
  return clients;
}

async function add({ server, speaking, costs, outsideKernel }: Row): Promise<void> {
  const from = await costOf(server);
  await echoes(speaking, MESSAGES);
  const to = await costOf(server);
  costs.push((to.cpu - from.cpu) / MESSAGES);
  outsideKernel.push((to.user - from.user) / MESSAGES);
}

function describe({ connected, speaking, costs, outsideKernel }: Row, first: Row): string {
  const ratio = median(costs.map((cost, round) => cost / first.costs[round]!));
  return (
    `${connected} connected, ${speaking.length} speaking: ${median(costs).toFixed(1)} µs, ` +
    `${median(outsideKernel).toFixed(1)} of them outside the kernel; ${ratio.toFixed(2)} times the first`
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

/** `count` messages over all clients in turn, `AT_ONCE` under way. */
function echoes(clients: readonly Socket[], count: number): Promise<void> {
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
        resolve();
      }
    };
    for (const client of clients) client.on('message', hear);
    for (let first = 0; first < AT_ONCE; first++) send();
  });
}

async function costOf(server: ChildProcess, what: 'memory' | 'time' = 'time'): Promise<Cost> {
  server.send(what);
  const [cost] = (await once(server, 'message')) as [Cost];
  return cost;
}

const TYPE = process.argv[3] ?? 'dtls';
const AT_ONCE = 32;
/** Of one row in one round. */
const MESSAGES = 4_000;
const ROUNDS = 50;

await measure();
