/**
 * For the tests of transports: a SocketHost that keeps what it is told, and sockets on it that `closeAll` closes. What
 * is delivered, and what time is, each transport says itself.
 */

import {
  type Address,
  type Clock,
  NetError,
  type Plugin,
  type SocketHost,
  type SocketOperations,
  type TransportConfiguration,
} from '@avs-net/core/plugin';
import { Arrivals } from './arrivals.ts';

/** The operations with nothing left out. */
export type Operations = Required<SocketOperations>;

export interface MadeSocket<Host> {
  readonly socket: Operations;
  readonly host: Host;
}

export interface AcceptedPeer<Host> {
  readonly address: Address;
  readonly host: Host;
  readonly operations: SocketOperations;
}

export abstract class TransportHost<Own extends SocketHost> implements SocketHost {
  abstract readonly backend: string;
  abstract readonly clock: Clock;
  readonly drops: string[] = [];
  /** Peers beyond this number are refused, as core does when its backlog is full. */
  backlog: number = Number.POSITIVE_INFINITY;
  readonly peers: Arrivals<AcceptedPeer<Own>> = new Arrivals();
  readonly refused: Arrivals<Address> = new Arrivals();
  readonly softErrors: Arrivals<NetError> = new Arrivals();
  readonly failures: Arrivals<NetError> = new Arrivals();
  readonly dropArrivals: Arrivals<string> = new Arrivals();

  abstract deliver(data: Uint8Array, from?: Address): void;
  abstract end(): void;
  /** A host for a peer that was accepted. */
  protected abstract another(): Own;

  error(init: Parameters<SocketHost['error']>[0]): NetError {
    return new NetError({ ...init, operation: 'test', backend: this.backend });
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
      const host = this.another();
      this.peers.add({ address, host, operations: operations(host) });
    }
  }

  dropped(reason: string): void {
    this.drops.push(reason);
    this.dropArrivals.add(reason);
  }
}

export async function openSocket<Host extends SocketHost>(
  plugin: Plugin,
  configuration: TransportConfiguration,
  host: Host,
): Promise<MadeSocket<Host>> {
  const module = await plugin.load();
  const context = await module.context(configuration, host);
  const socket = context.socket?.(host) as Operations;
  closedLater(socket);
  return { socket, host };
}

/** `closeAll` closes `socket` too. */
export function closedLater(socket: SocketOperations): void {
  opened.push(socket);
}

export async function closeAll(): Promise<void> {
  await Promise.all(opened.splice(0).map((socket) => socket.close()));
}

export const unaborted = (): { signal: AbortSignal } => ({ signal: new AbortController().signal });

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export const text = (data: Uint8Array): string => new TextDecoder().decode(data);

const opened: SocketOperations[] = [];
