/** For tests: a SocketHost that keeps what it is told, and sockets on it that `closeAll` closes. */

import {
  type Address,
  type Clock,
  NetError,
  type SocketHost,
  type SocketOperations,
  type Timer,
  type TransportConfiguration,
} from '@avs-net/core/plugin';
import { Arrivals } from '../../../test/arrivals.ts';
import { createTcp, type TcpSettings } from '../src/plugin.ts';

export interface AcceptedPeer {
  readonly address: Address;
  readonly host: FakeHost;
  readonly operations: SocketOperations;
}

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

export class FakeHost implements SocketHost {
  readonly backend = 'tcp';
  readonly clock: FakeClock = new FakeClock();
  readonly drops: string[] = [];
  /** Peers beyond this number are refused, as core does when its backlog is full. */
  backlog: number = Number.POSITIVE_INFINITY;
  readonly pieces: Arrivals<Uint8Array> = new Arrivals();
  readonly ends: Arrivals<true> = new Arrivals();
  readonly peers: Arrivals<AcceptedPeer> = new Arrivals();
  readonly refused: Arrivals<Address> = new Arrivals();
  readonly softErrors: Arrivals<NetError> = new Arrivals();
  readonly failures: Arrivals<NetError> = new Arrivals();
  readonly dropArrivals: Arrivals<string> = new Arrivals();

  error(init: Parameters<SocketHost['error']>[0]): NetError {
    return new NetError({ ...init, operation: 'test', backend: this.backend });
  }

  deliver(data: Uint8Array): void {
    this.pieces.add(data);
  }

  end(): void {
    this.ends.add(true);
  }

  softError(error: NetError): void {
    this.softErrors.add(error);
  }

  failed(error: NetError): void {
    this.failures.add(error);
  }

  accepted(address: Address, operations: (host: SocketHost) => SocketOperations): void {
    if (this.peers.total >= this.backlog) this.refused.add(address);
    else {
      const host = new FakeHost();
      this.peers.add({ address, host, operations: operations(host) });
    }
  }

  dropped(reason: string): void {
    this.drops.push(reason);
    this.dropArrivals.add(reason);
  }
}

/** The operations with nothing left out. */
export type Operations = Required<SocketOperations>;

export interface MadeSocket {
  readonly socket: Operations;
  readonly host: FakeHost;
}

export async function makeSocket(
  configuration: TransportConfiguration = {},
  settings: TcpSettings = {},
): Promise<MadeSocket> {
  const host = new FakeHost();
  const module = await createTcp(settings).load();
  const context = await module.context(configuration, host);
  const socket = context.socket?.(host) as Operations;
  opened.push(socket);
  return { socket, host };
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
  opened.push(peer.socket);
  return { client, peer, server };
}

/** `length` bytes of the stream, as text. */
export async function read({ host }: MadeSocket, length: number): Promise<string> {
  let text = '';
  while (text.length < length) text += new TextDecoder().decode(await host.pieces.next());
  return text;
}

export async function closeAll(): Promise<void> {
  await Promise.all(opened.splice(0).map((socket) => socket.close()));
}

export const unaborted = (): { signal: AbortSignal } => ({ signal: new AbortController().signal });

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const opened: SocketOperations[] = [];
