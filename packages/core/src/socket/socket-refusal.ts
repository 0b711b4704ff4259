/**
 * Why a socket does not send or receive now, and what to do about it. Cold paths only.
 */

import type { NetError } from '../contract/error.ts';
import type { SocketGuard } from './socket-guard.ts';

/** Disposed, or in the hands of the layer above. */
export function possessionError(guard: SocketGuard, operation: string): NetError | undefined {
  if (guard.disposed) return guard.error('EBADF', operation, 'the socket was disposed: create a new one');
  if (guard.owner === undefined) return undefined;
  const message = `the socket is in use by ${guard.owner}: use that one, or dispose it first`;
  return guard.error('EBUSY', operation, message);
}

/** `by` the layer above does not mind that it has the socket itself. */
export function sendError(guard: SocketGuard, operation: 'send' | 'sendTo', by: 'caller' | 'layer'): NetError {
  const possession = possessionError(guard, operation);
  if (possession !== undefined && (by === 'caller' || guard.disposed)) return possession;
  if (guard.failure !== undefined) return guard.failure;
  const refuse = (code: string, message: string) => guard.error(code, operation, message);
  switch (guard.state) {
    case 'closed':
      return refuse('ENOTCONN', unconnected(guard, operation === 'sendTo' ? 'bind' : 'connect'));
    case 'bound':
      return guard.init.type === 'udp'
        ? refuse('EDESTADDRREQ', 'the socket is bound but has no peer: use sendTo(), or connect() it first')
        : refuse('ENOTCONN', SERVING);
    case 'shutdown':
      return refuse('EPIPE', 'the socket was shut down: close() it and connect() again');
    default:
      return guard.unclaimed(operation, operation);
  }
}

export function receiveError(guard: SocketGuard, operation: string): NetError | undefined {
  const possession = possessionError(guard, operation);
  if (possession !== undefined) return possession;
  if (guard.events.pushing) {
    return guard.error('EBUSY', operation, "messages go to the 'message' listeners: remove them to receive by call");
  }
  if (guard.state === 'closed') return guard.error('ENOTCONN', operation, unconnected(guard, 'connect'));
  if (guard.state !== 'bound') return undefined;
  if (guard.init.type !== 'udp') return guard.error('ENOTCONN', operation, SERVING);
  return guard.listening ? guard.error('EBUSY', operation, SERVING) : undefined;
}

function unconnected({ attempting }: SocketGuard, first: string): string {
  if (attempting !== undefined) return `${attempting} is still under way: await it first`;
  return `the socket is closed: ${first}() it first`;
}

const SERVING = 'a bound socket has no peer of its own: accept() gives a socket for every peer';
