/**
 * The network as ports, the virtual udp backend and lower sockets see it: a place to attach to and to send through.
 */

import { type Address, type Clock, formatAddress, type SocketHost } from '@avs-net/core/plugin';
import type { Port, Receiver } from './port.ts';

export interface NetworkCore {
  readonly clock: Clock;
  readonly names: Readonly<Record<string, string>>;
  /** Undefined if the address is taken. Port 0 takes a free one. */
  attach(address: Address, receiver: Receiver): Port | undefined;
  /** `tooLarge`: refused, nothing was sent. */
  send(port: Port, data: Uint8Array, to: Address): 'tooLarge' | undefined;
  mtu(): number;
}

/** Sends or explains why not. */
export function sendThrough(network: NetworkCore, port: Port, data: Uint8Array, to: Address, host: SocketHost): void {
  if (network.send(port, data, to) === undefined) return;
  const limit = network.mtu() - headers(to);
  const message = `the path to ${formatAddress(to)} takes ${limit} bytes, received ${data.length}`;
  throw host.error({ code: 'EMSGSIZE', message });
}

/** IP and UDP headers, bytes. */
export function headers(to: Address): number {
  return to.host.includes(':') ? 48 : 28;
}
