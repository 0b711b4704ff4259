/**
 * The router: owns the public port, and has a second one for its workers, on the loopback interface. Datagrams of
 * clients go to the worker that `workerFor` names, in an envelope; what comes from a worker goes to the client that its
 * envelope names. Keeps no client: it can be restarted at any time.
 */

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { open, seal } from './envelope.ts';
import { workerFor } from './routing.ts';

export interface Router {
  /** Where clients send to. */
  readonly port: number;
  /** Where workers send to. */
  readonly workerPort: number;
  readonly dropped: number;
  /** The worker of this number listens there. */
  assign(worker: number, port: number): void;
  close(): void;
}

export async function startRouter(host: string, port: number, workers: number): Promise<Router> {
  const [outside, inside] = await Promise.all([bound(host, port), bound(LOOPBACK, 0)]);
  const ports: (number | undefined)[] = Array.from({ length: workers });
  let dropped = 0;
  const drop = (): void => {
    dropped += 1;
  };
  outside.on('message', (data: Buffer, from: RemoteInfo) => {
    const worker = workerFor(data, { host: from.address, port: from.port }, workers);
    const to = worker === undefined ? undefined : ports[worker];
    // A worker that is not there is a path that loses everything: clients repeat what matters.
    if (to === undefined) drop();
    else inside.send(seal({ host: from.address, port: from.port }, data), to, LOOPBACK);
  });
  inside.on('message', (bytes: Buffer, from: RemoteInfo) => {
    const opened = ports.includes(from.port) ? open(bytes) : undefined;
    if (opened === undefined) drop();
    else outside.send(opened.data, opened.client.port, opened.client.host);
  });
  // Unreachable clients and workers are nobody's error.
  for (const socket of [outside, inside]) socket.on('error', drop);
  return {
    port: outside.address().port,
    workerPort: inside.address().port,
    get dropped() {
      return dropped;
    },
    assign(worker, to) {
      ports[worker] = to;
    },
    close() {
      for (const socket of [outside, inside]) socket.close();
    },
  };
}

async function bound(host: string, port: number): Promise<Socket> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.bind({ port, address: host, exclusive: true });
  await once(socket, 'listening');
  return socket;
}

export const LOOPBACK = '127.0.0.1';
