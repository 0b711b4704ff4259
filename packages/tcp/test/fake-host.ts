/** For tests: the host of a tcp socket, its clock, and sockets on it. */

import type { Clock, Timer, TransportConfiguration } from '@avs-net/core/plugin';
import { Arrivals } from '../../../test/arrivals.ts';
import {
  closedLater,
  type MadeSocket as Made,
  type Operations,
  openSocket,
  TransportHost,
  text,
  unaborted,
} from '../../../test/transport-host.ts';
import { createTcp, type TcpSettings } from '../src/plugin.ts';

export { bytes, closeAll, type Operations, unaborted } from '../../../test/transport-host.ts';

/** Timers that run when a test says so. */
export class FakeClock implements Clock {
  readonly timers: Set<{ readonly ms: number; readonly run: () => void }> = new Set();
  readonly started: Arrivals<number> = new Arrivals();

  now(): number {
    return 0;
  }

  timer(ms: number, run: () => void): Timer {
    const timer = { ms, run };
    this.timers.add(timer);
    this.started.add(ms);
    return { cancel: () => this.timers.delete(timer) };
  }

  /** Runs the timers of `ms` milliseconds. */
  fire(ms: number): void {
    for (const timer of this.timers) {
      if (timer.ms !== ms) continue;
      this.timers.delete(timer);
      timer.run();
    }
  }
}

export class FakeHost extends TransportHost<FakeHost> {
  readonly backend = 'tcp';
  readonly clock: FakeClock = new FakeClock();
  readonly pieces: Arrivals<Uint8Array> = new Arrivals();
  readonly ends: Arrivals<true> = new Arrivals();

  deliver(data: Uint8Array): void {
    this.pieces.add(data);
  }

  end(): void {
    this.ends.add(true);
  }

  protected another(): FakeHost {
    return new FakeHost();
  }
}

export type MadeSocket = Made<FakeHost>;

export function makeSocket(
  configuration: TransportConfiguration = {},
  settings: TcpSettings = {},
): Promise<MadeSocket> {
  return openSocket(createTcp(settings), configuration, new FakeHost());
}

export interface Server extends MadeSocket {
  readonly port: number;
}

/** Bound to a free port of `address` and accepting. */
export async function makeServer(address: string, configuration: TransportConfiguration = {}): Promise<Server> {
  const made = await makeSocket(configuration);
  await made.socket.bind(address, 0);
  made.socket.listen([]);
  return { ...made, port: made.socket.local()?.port as number };
}

export interface Pair {
  readonly client: MadeSocket;
  readonly peer: MadeSocket;
  readonly server: Server;
}

/** Both ends of one connection. */
export async function makePair(address = '127.0.0.1'): Promise<Pair> {
  const server = await makeServer(address);
  const client = await makeSocket();
  await client.socket.connect(address, server.port, unaborted());
  const { operations, host } = await server.host.peers.next();
  const peer = { socket: operations as Operations, host };
  closedLater(peer.socket);
  return { client, peer, server };
}

/** `length` bytes of the stream, as text. */
export async function read({ host }: MadeSocket, length: number): Promise<string> {
  let read = '';
  while (read.length < length) read += text(await host.pieces.next());
  return read;
}
