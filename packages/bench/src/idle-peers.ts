/**
 * What a peer costs that has shaken hands with a DTLS server and says nothing: resident memory and the heap's part of
 * it, as slopes between numbers of peers, so that what the process needs anyway does not count. Runs in one process
 * over a network in memory; the client of a peer is thrown away once it is connected, unheard.
 * Usage: `node --expose-gc packages/bench/dist/idle-peers.js [peers,…] [cid]`, default `2000,12000`.
 */

import { createNet, type Net, systemClock } from '@avs-net/core';
import { psk, pskServer } from '@avs-net/credentials';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { KEY, SUITE } from './credential.ts';
import { memoryUdp, SERVER } from './memory-udp.ts';

interface Memory {
  readonly peers: number;
  readonly rss: number;
  readonly heap: number;
}

async function measure(): Promise<void> {
  const sizes = (process.argv[2] ?? '2000,12000').split(',').map(Number);
  const ids = process.argv[3] === 'cid' ? { connectionId: true } : {};
  const udp = memoryUdp();
  const net = createNet({ plugins: [udp.plugin, dtlsOpenssl] });
  const server = await net.createSocket('dtls', {
    security: pskServer({ lookup: () => KEY }),
    ciphersuites: [SUITE],
    server: { maxPeers: 2_000_000, maxHalfOpen: 2_000 },
    ...ids,
  });
  // As an application that keeps nothing about its peers: what is measured is the library's.
  server.on('connection', (peer) => peer.on('message', () => undefined));
  await server.bind(SERVER.host, SERVER.port);
  let before: Memory | undefined;
  let peers = 0;
  for (const size of sizes) {
    const begun = systemClock.now();
    for (; peers < size; peers += AT_ONCE) {
      await connect(net, udp, ids, peers);
    }
    const seconds = (systemClock.now() - begun) / 1_000;
    const now = await memory(server.stats()['peers'] as number);
    const text = `${now.peers} idle peers after ${seconds.toFixed(0)} s: ${mebi(now.rss)} resident, ${mebi(now.heap)} heap`;
    process.stdout.write(`${text}${before === undefined ? '' : slope(before, now)}\n`);
    before = now;
  }
  udp.silent = true;
  process.exit(0);
}

/** AT_ONCE clients connect, and are gone without a word. */
async function connect(net: Net, udp: { silent: boolean }, ids: object, first: number): Promise<void> {
  udp.silent = false;
  const clients = await Promise.all(
    Array.from({ length: AT_ONCE }, async (_, index) => {
      const security = psk({ identity: `device-${first + index}`, key: KEY });
      const client = await net.createSocket('dtls', { security, ciphersuites: [SUITE], ...ids });
      await client.connect(SERVER.host, SERVER.port);
      return client;
    }),
  );
  udp.silent = true;
  await Promise.all(clients.map((client) => client.dispose()));
}

/** After everything that is garbage is gone, whatever finalizers it has included. */
async function memory(peers: number): Promise<Memory> {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error('run with node --expose-gc');
  for (let round = 0; round < 3; round++) {
    gc();
    await new Promise((resolve) => systemClock.timer(50, () => resolve(undefined)));
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { peers, rss, heap: heapUsed + external };
}

function slope(before: Memory, { peers, rss, heap }: Memory): string {
  const count = peers - before.peers;
  const [each, ofHeap] = [(rss - before.rss) / count, (heap - before.heap) / count];
  const million = ((each * 1_000_000) / 2 ** 30).toFixed(1);
  return `; each ${kibi(each)}, ${kibi(ofHeap)} of it heap and buffers; a million at this slope: ${million} GiB`;
}

function mebi(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function kibi(bytes: number): string {
  return `${(bytes / 1_024).toFixed(2)} KiB`;
}

const AT_ONCE = 50;

await measure();
