/** For tests: a SocketHost that keeps what it is told, and sockets on it that `closeAll` closes. */

import {
  type Address,
  type ContextHost,
  NetError,
  type SocketHost,
  type SocketOperations,
  type TransportConfiguration,
} from '@avs-net/core/plugin';
import { Arrivals } from '../../../test/arrivals.ts';
import { createUdp, type UdpSettings } from '../src/plugin.ts';

export interface Delivery {
  readonly data: Uint8Array;
  readonly from: Address | undefined;
}

export interface AcceptedPeer {
  readonly address: Address;
  readonly host: FakeHost;
  readonly operations: SocketOperations;
}

export const contextHost: ContextHost = {
  backend: 'udp',
  clock: {
    now: () => 0,
    timer: () => {
      throw new Error('a udp socket needs no timer');
    },
  },
  error: (init) => new NetError({ ...init, operation: 'test', backend: 'udp' }),
};

export class FakeHost implements SocketHost {
  readonly backend: string = contextHost.backend;
  readonly clock: SocketHost['clock'] = contextHost.clock;
  readonly error: SocketHost['error'] = contextHost.error;
  readonly drops: string[] = [];
  /** Peers beyond this number are refused, as core does when its backlog is full. */
  backlog: number = Number.POSITIVE_INFINITY;
  readonly messages: Arrivals<Delivery> = new Arrivals();
  readonly peers: Arrivals<AcceptedPeer> = new Arrivals();
  readonly refused: Arrivals<Address> = new Arrivals();
  readonly softErrors: Arrivals<NetError> = new Arrivals();
  readonly failures: Arrivals<NetError> = new Arrivals();
  readonly dropArrivals: Arrivals<string> = new Arrivals();

  deliver(data: Uint8Array, from?: Address): void {
    this.messages.add({ data, from });
  }

  end(): void {
    throw new Error('datagram sockets have no end');
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
  settings: UdpSettings = {},
): Promise<MadeSocket> {
  const module = await createUdp(settings).load();
  const context = await module.context(configuration, contextHost);
  const host = new FakeHost();
  const socket = context.socket?.(host) as Operations;
  opened.push(socket);
  return { socket, host };
}

/** A socket that is bound to a free port of `address`. */
export async function makeBound(address: string, configuration: TransportConfiguration = {}): Promise<BoundSocket> {
  const made = await makeSocket(configuration);
  await made.socket.bind(address, 0);
  return { ...made, port: made.socket.local()?.port as number };
}

export interface BoundSocket extends MadeSocket {
  readonly port: number;
}

export async function closeAll(): Promise<void> {
  await Promise.all(opened.splice(0).map((socket) => socket.close()));
}

export const unaborted = (): { signal: AbortSignal } => ({ signal: new AbortController().signal });

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export const text = (data: Uint8Array): string => new TextDecoder().decode(data);

const opened: SocketOperations[] = [];
