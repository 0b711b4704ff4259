/**
 * The data path of an adopted socket (`LowerSocket`): straight to the operations and straight from the transport, with
 * the bytes counted. The sink is never called from inside `start` or `send`.
 */

import type { Address } from '../contract/address.ts';
import type { LowerSocket } from '../contract/backend.ts';
import { toNetError } from '../contract/error.ts';
import type { SocketGuard } from './socket-guard.ts';
import { readOption } from './socket-options.ts';
import { sendError } from './socket-refusal.ts';

export interface LowerPath {
  readonly lower: LowerSocket;
  /** Stops delivering; false if it was stopped before. */
  end(): boolean;
}

export function lowerSocket(guard: SocketGuard): LowerPath {
  const { operations, reception } = guard;
  let ended = false;
  const sendTo = (data: Uint8Array, to: Address): void | Promise<void> => {
    if (ended || (guard.state !== 'bound' && !guard.ready)) throw closedPath(guard, 'sendTo', ended);
    reception.hold();
    try {
      return sent(guard, data.length, operations.sendTo?.(data, to));
    } finally {
      reception.unhold();
    }
  };
  const lower: LowerSocket = {
    kind: guard.kind,
    start(sink) {
      if (!ended) reception.attach(sink);
    },
    send(data) {
      if (ended || !guard.ready || operations.send === undefined) throw closedPath(guard, 'send', ended);
      reception.hold();
      try {
        return sent(guard, data.length, operations.send(data));
      } finally {
        reception.unhold();
      }
    },
    ...(operations.sendTo && { sendTo }),
    pause() {
      if (!ended) reception.pause();
    },
    resume() {
      if (!ended) reception.resume();
    },
    innerMtu: () => innerMtu(guard),
  };
  const end = (): boolean => {
    if (ended) return false;
    ended = true;
    reception.detach();
    return true;
  };
  return { lower, end };
}

function sent(guard: SocketGuard, length: number, taken: void | Promise<void>): void | Promise<void> {
  guard.counters.messagesSent++;
  guard.counters.bytesSent += length;
  return taken?.catch((error: unknown) => {
    // Too late for whoever sent it: a datagram is lost as any may be, a stream is broken.
    const reason = toNetError(error, 'send', guard.init.backend);
    if (guard.kind === 'datagram') guard.reception.softError(reason);
    else guard.failed(reason);
  });
}

function closedPath(guard: SocketGuard, operation: 'send' | 'sendTo', released: boolean): Error {
  if (released) return guard.error('EBADF', operation, 'the lower socket was given back');
  return sendError(guard, operation, 'layer');
}

function innerMtu(guard: SocketGuard): number | undefined {
  if (guard.kind === 'stream') return undefined;
  try {
    return readOption(guard, 'innerMtu');
  } catch {
    return undefined;
  }
}
