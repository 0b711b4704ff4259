/**
 * What a socket tells of itself: addresses, and a summary for logs that holds no secrets.
 */

import type { Address } from '../contract/address.ts';
import type { AssociationInfo } from '../contract/association.ts';
import type { SocketType } from '../contract/configuration.ts';
import { toNetError } from '../contract/error.ts';
import type { SocketState } from '../contract/state.ts';
import type { SocketGuard } from './socket-guard.ts';

/** `JSON.stringify(socket)`. */
export interface SocketSummary {
  readonly type: SocketType;
  readonly backend: string;
  readonly state: SocketState;
  readonly local: Address | undefined;
  readonly remote: Address | undefined;
}

/** `socket.info()`: the summary and, on dtls and tls sockets, what was negotiated. */
export interface SocketInfo extends SocketSummary, AssociationInfo {
  /** From the first flight to Finished, milliseconds. */
  readonly handshakeMs?: number;
}

export function summary(guard: SocketGuard): SocketSummary {
  const { operations, state, init } = guard;
  const silent = state === 'closed';
  return {
    type: init.type,
    backend: init.backend,
    state,
    local: silent ? undefined : quietly(() => operations.local?.()),
    remote: silent ? undefined : quietly(() => operations.remote?.()),
  };
}

/** The peer, numeric: EBADF when closed, ENOTCONN without a peer. */
export function remote(guard: SocketGuard, operation: string): Address {
  const { operations } = guard;
  requireOpen(guard, operation);
  if (operations.remote === undefined) throw guard.unclaimed(operation, operation);
  const address = ask(guard, operation, () => operations.remote?.());
  if (address === undefined) throw noPeer(guard, operation);
  return address;
}

/** The host given to `connect`. */
export function remoteHostname(guard: SocketGuard): string {
  requireOpen(guard, 'remoteHostname');
  if (guard.hostname === undefined) throw noPeer(guard, 'remoteHostname');
  return guard.hostname;
}

/** The port given to `connect`. */
export function remotePort(guard: SocketGuard): number {
  requireOpen(guard, 'remotePort');
  if (guard.port === undefined) throw noPeer(guard, 'remotePort');
  return guard.port;
}

export function local(guard: SocketGuard, operation: string): Address {
  const { operations } = guard;
  requireOpen(guard, operation);
  if (operations.local === undefined) throw guard.unclaimed(operation, operation);
  const address = ask(guard, operation, () => operations.local?.());
  if (address === undefined) throw guard.error('EBADF', operation, 'the socket has no local address yet');
  return address;
}

export function interfaceName(guard: SocketGuard): string {
  const { operations } = guard;
  requireOpen(guard, 'interfaceName');
  if (operations.interfaceName === undefined) throw guard.unclaimed('interfaceName', 'interfaceName');
  return ask(guard, 'interfaceName', () => operations.interfaceName?.() ?? '');
}

function requireOpen(guard: SocketGuard, operation: string): void {
  if (guard.state !== 'closed') return;
  throw guard.error('EBADF', operation, 'the socket is closed: connect() or bind() it first');
}

function noPeer(guard: SocketGuard, operation: string): Error {
  return guard.error('ENOTCONN', operation, `the socket is ${guard.state} and has no peer`);
}

function ask<T>(guard: SocketGuard, operation: string, question: () => T): T {
  try {
    return question();
  } catch (error) {
    throw toNetError(error, operation, guard.init.backend);
  }
}

function quietly<T>(question: () => T): T | undefined {
  try {
    return question();
  } catch {
    return undefined;
  }
}
