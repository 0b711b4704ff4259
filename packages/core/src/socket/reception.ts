/**
 * `receive`, `receiveFrom` and iteration: messages of a socket by call.
 */

import type { Address } from '../contract/address.ts';
import type { WaitOptions } from '../queue/deadline.ts';
import type { ReceivedMessage } from '../queue/receive-queue.ts';
import { checkWait } from './socket-arguments.ts';
import type { SocketGuard } from './socket-guard.ts';
import { receiveError } from './socket-refusal.ts';

/** A message and who sent it. */
export interface Datagram {
  readonly data: Uint8Array;
  readonly from: Address;
}

export function receiveMessage(guard: SocketGuard, options?: WaitOptions): Promise<Uint8Array | null> {
  return take(guard, 'receive', dataOf, options);
}

export function receiveDatagram(guard: SocketGuard, options?: WaitOptions): Promise<Datagram | null> {
  if (guard.secure && !guard.disposed) {
    const message = `a ${guard.init.type} socket has one peer: use receive() and remoteHost()`;
    return Promise.reject(guard.error('ENOTSUP', 'receiveFrom', message));
  }
  return take(
    guard,
    'receiveFrom',
    (message) => message && { data: message.data, from: senderOf(guard, message) },
    options,
  );
}

/** Ends at the end of the data or when the socket is closed; throws what `receive` would. */
export async function* messages(guard: SocketGuard): AsyncGenerator<Uint8Array, void, void> {
  const { closes } = guard;
  while (true) {
    let data: Uint8Array | null;
    try {
      if (guard.closes !== closes) return;
      data = await take(guard, 'receive', dataOf, FOR_EVER);
    } catch (error) {
      if (guard.closes !== closes) return;
      throw error;
    }
    if (data === null) return;
    yield data;
  }
}

function take<R>(
  guard: SocketGuard,
  operation: string,
  shape: (message: ReceivedMessage | null) => R,
  options?: WaitOptions,
): Promise<R> {
  const refusal = receiveError(guard, operation);
  if (refusal !== undefined) return Promise.reject(refusal);
  try {
    checkWait(guard, operation, options);
  } catch (error) {
    return Promise.reject(error);
  }
  const limits = { signal: options?.signal, timeout: options?.timeout ?? guard.recvTimeout };
  return guard.reception.take(shape, guard.waiter(operation), limits);
}

function dataOf(message: ReceivedMessage | null): Uint8Array | null {
  return message === null ? null : message.data;
}

/** Streams and connected sockets have one peer. */
function senderOf(guard: SocketGuard, message: ReceivedMessage): Address {
  return message.from ?? guard.operations.remote?.() ?? { host: guard.hostname ?? '', port: guard.port ?? 0 };
}

const FOR_EVER: WaitOptions = { timeout: Number.POSITIVE_INFINITY };
