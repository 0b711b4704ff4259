/**
 * One UDP port, several processes that serve it: the primary of node:cluster routes, every worker is a DTLS server that
 * sends back what it gets, with its number in front. A client that changes its address stays with its worker.
 *
 *   main.js [port] [workers]           any identity, key 00112233445566778899aabbccddeeff
 */

import cluster from 'node:cluster';
import { createNet } from '@avs-net/core';
import { pskServer } from '@avs-net/credentials';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { routedUdp } from './routed-udp.ts';
import { startRouter } from './router.ts';
import { workerId } from './routing.ts';

const [port = '5684', workers = '2'] = process.argv.slice(2);
const KEY = Buffer.from('00112233445566778899aabbccddeeff', 'hex');

if (cluster.isPrimary) await route(Number(workers));
else await serve(Number(process.env['WORKER']), Number(process.env['ROUTER_PORT']));

async function route(count: number): Promise<void> {
  const router = await startRouter('127.0.0.1', Number(port), count);
  let ready = 0;
  let closing = false;
  const begin = (number: number): void => {
    const worker = cluster.fork({ WORKER: number, ROUTER_PORT: router.workerPort });
    worker.on('message', (bound: number) => {
      router.assign(number, bound);
      ready += 1;
      if (ready === count) process.stdout.write(`listening on port ${router.port}\n`);
    });
    // The same number again: its clients shake hands anew, those of the others notice nothing.
    worker.on('exit', () => closing || begin(number));
  };
  for (let number = 0; number < count; number++) begin(number);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      closing = true;
      router.close();
      cluster.disconnect();
    });
  }
}

async function serve(number: number, routerPort: number): Promise<void> {
  const net = createNet({ plugins: [routedUdp(routerPort, (bound) => process.send?.(bound)), dtlsOpenssl] });
  const server = await net.createSocket('dtls', {
    security: pskServer({ lookup: () => KEY }),
    connectionId: { generate: () => workerId(number) },
    server: { idleTimeout: 3_600_000 },
  });
  server.on('connection', (peer) => {
    peer.on('message', (data) => void peer.send(Buffer.concat([Buffer.from(`worker ${number}: `), data])));
  });
  await server.bind();
  process.once('disconnect', () => void net.close());
}
