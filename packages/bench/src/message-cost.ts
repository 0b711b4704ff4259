/**
 * What a message and its echo cost a DTLS server without the network, and how much more if many peers speak in turn, so
 * that each message meets a peer whose state has left the caches. Everything runs in one process, and only the server's
 * part is measured: the messages were sealed before.
 * Usage: `node --expose-gc packages/bench/dist/message-cost.js [connected] [speaking,…]`, default
 * `10000 1,100,10000`.
 */

import { createNet, type Net, type Socket } from '@avs-net/core';
import type { Address } from '@avs-net/core/plugin';
import { psk, pskServer } from '@avs-net/credentials';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { KEY, SUITE } from './credential.ts';
import { median } from './median.ts';
import { type MemoryUdp, memoryUdp, SERVER } from './memory-udp.ts';

async function measure(): Promise<void> {
  const connected = Number(process.argv[2] ?? 10_000);
  const speaking = (process.argv[3] ?? '1,100,10000').split(',').map(Number);
  const udp = memoryUdp();
  const net = createNet({ plugins: [udp.plugin, dtlsOpenssl] });
  const server = await net.createSocket('dtls', {
    security: pskServer({ lookup: () => KEY }),
    ciphersuites: [SUITE],
    server: { maxPeers: 1_000_000 },
  });
  let answered = 0;
  server.on('connection', (peer) =>
    peer.on('message', (data) => {
      answered += 1;
      void peer.send(data);
    }),
  );
  await server.bind(SERVER.host, SERVER.port);
  const clients = await connectAll(net, connected);
  const costs: number[][] = speaking.map(() => []);
  // All in every round, so that what else the machine does meets all of them.
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, count] of speaking.entries()) {
      const messages = await sealed(udp, clients.slice(0, count));
      answered = 0;
      costs[index]!.push(cost(udp, messages));
      if (answered !== MESSAGES) throw new Error(`${answered} of ${MESSAGES} messages arrived`);
    }
  }
  const medians = costs.map(median);
  for (const [index, count] of speaking.entries()) {
    const ratio = (medians[index]! / medians[0]!).toFixed(2);
    process.stdout.write(
      `${count} of ${connected} peers speak: ${medians[index]!.toFixed(2)} µs a message, ${ratio} of the first\n`,
    );
  }
  udp.silent = true;
  process.exit(0);
}

async function connectAll(net: Net, count: number): Promise<Socket[]> {
  const clients: Socket[] = [];
  for (let index = 0; index < count; index++) {
    const security = psk({ identity: `device-${index}`, key: KEY });
    const client = await net.createSocket('dtls', { security, ciphersuites: [SUITE] });
    await client.connect(SERVER.host, SERVER.port);
    clients.push(client);
  }
  return clients;
}

interface Sealed {
  /** One behind the other, as a processor likes to read: nothing of the input is to be missing in its caches. */
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly from: readonly Address[];
}

async function sealed(udp: MemoryUdp, clients: readonly Socket[]): Promise<Sealed> {
  const parts: Uint8Array[] = [];
  const from: Address[] = [];
  udp.tap = (data, address) => {
    parts.push(data);
    if (from.length < clients.length) from.push(address);
  };
  const message = new Uint8Array(64);
  for (let sent = 0; sent < MESSAGES; sent++) await clients[sent % clients.length]!.send(message);
  udp.tap = undefined;
  return { bytes: Buffer.concat(parts), length: parts[0]!.length, from };
}

/** Microseconds for each. Echoes go nowhere. */
function cost(udp: MemoryUdp, { bytes, length, from }: Sealed): number {
  udp.silent = true;
  (globalThis as { gc?: () => void }).gc?.();
  const begun = process.hrtime.bigint();
  for (let index = 0; index < MESSAGES; index++) {
    const { host, port } = from[index % from.length]!;
    udp.deliver(bytes.subarray(index * length, (index + 1) * length), { host, port });
  }
  const elapsed = process.hrtime.bigint() - begun;
  udp.silent = false;
  return Number(elapsed) / 1_000 / MESSAGES;
}

const MESSAGES = 100_000;
const ROUNDS = 7;

await measure();
