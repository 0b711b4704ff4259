/**
 * node-dtls-client through our API against the bare package: echoes per second over loopback, the same server, the same
 * suite, in turns within one run, medians of figures and of ratios.
 * Usage: `taskset -c 0 node packages/bench/dist/adapter-throughput.js [rounds]`. Without taskset the two ends share the
 * cores as the system likes, and the figures say less.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createNet, systemClock } from '@avs-net/core';
import { psk } from '@avs-net/credentials';
import { dtlsNodeDtlsClient } from '@avs-net/dtls-node-dtls-client';
import { udp } from '@avs-net/udp';
import { dtls } from 'node-dtls-client';
import { IDENTITY, KEY, SUITE } from './credential.ts';
import { median } from './median.ts';

/** A connected client: what is sent comes back to `heard`. */
interface EchoClient {
  heard: () => void;
  send(data: Buffer): void;
  close(): Promise<void>;
}

async function measure(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 15);
  const server = spawn(process.execPath, [fileURLToPath(new URL('echo-server.js', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // Nothing comes back from a server that is gone.
  server.once('exit', (status) => {
    if (status !== 0) process.exit(1);
  });
  const port = await portOf(server);
  for (const { size, inFlight } of [
    { size: 64, inFlight: 1 },
    { size: 64, inFlight: 32 },
    { size: 1_024, inFlight: 1 },
    { size: 1_024, inFlight: 32 },
  ]) {
    const figures = { bare: [] as number[], adapter: [] as number[] };
    for (let round = 0; round <= rounds; round++) {
      // Who comes first changes, and each round has a ratio of its own: what else the machine does hits both alike.
      const order =
        round % 2 === 0
          ? ([
              ['bare', bare],
              ['adapter', adapter],
            ] as const)
          : ([
              ['adapter', adapter],
              ['bare', bare],
            ] as const);
      for (const [name, connect] of order) {
        const client = await connect(port);
        const perSecond = await echoes(client, Buffer.alloc(size, round), inFlight);
        await client.close();
        // The first round warms both up.
        if (round > 0) figures[name].push(perSecond);
      }
    }
    const [was, is] = [median(figures.bare), median(figures.adapter)];
    const ratios = figures.bare.map((value, round) => figures.adapter[round]! / value);
    const ratio = `${(median(ratios) * 100).toFixed(1)} %`;
    process.stdout.write(
      `${size} B, ${inFlight} in flight: bare ${Math.round(was)}/s, through the API ` +
        `${Math.round(is)}/s, ratio ${ratio}\n`,
    );
  }
  server.stdin!.end();
}

/** Echoes per second over a fixed time. Loopback loses nothing with so few in flight. */
async function echoes(client: EchoClient, data: Buffer, inFlight: number): Promise<number> {
  let count = 0;
  const begun = systemClock.now();
  let elapsed = 0;
  await new Promise<void>((resolve) => {
    client.heard = () => {
      count++;
      if (elapsed > 0) return;
      const now = systemClock.now() - begun;
      if (now < DURATION) client.send(data);
      else {
        elapsed = now;
        resolve();
      }
    };
    for (let sent = 0; sent < inFlight; sent++) client.send(data);
  });
  return (count / elapsed) * 1_000;
}

async function bare(to: number): Promise<EchoClient> {
  const socket = dtls.createSocket({
    type: 'udp4',
    address: '127.0.0.1',
    port: to,
    psk: { [IDENTITY]: Buffer.from(KEY) } as never,
    ciphers: [SUITE],
    timeout: 5_000,
  });
  const client: EchoClient = {
    heard: () => {},
    send: (data) => socket.send(data),
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
  socket.on('message', () => client.heard());
  await once(socket, 'connected');
  return client;
}

async function adapter(to: number): Promise<EchoClient> {
  const net = createNet({ plugins: [udp, dtlsNodeDtlsClient] });
  const security = psk({ identity: IDENTITY, key: KEY });
  const socket = await net.createSocket('dtls', {
    security,
    ciphersuites: [SUITE],
    backendConfiguration: { forcedMtu: 1_500 },
  });
  const client: EchoClient = {
    heard: () => {},
    send: (data) => void socket.send(data),
    close: () => net.close(),
  };
  await socket.connect('127.0.0.1', to);
  socket.on('message', () => client.heard());
  return client;
}

async function portOf({ stdout }: ChildProcess): Promise<number> {
  const [line] = (await once(stdout!, 'data')) as [Buffer];
  return Number(line.toString());
}

/** Milliseconds. */
const DURATION = 300;

await measure();
