/**
 * `on`, `once` and `off`: the first `message` listener turns a socket from pull to push, the last one turns it back.
 */

import type { Address } from '../contract/address.ts';
import type { LowerSink } from '../contract/backend.ts';
import type { NetError } from '../contract/error.ts';
import { checkListener } from './socket-arguments.ts';
import type { Listener, SocketEvent, SocketEventListeners } from './socket-events.ts';
import type { SocketGuard } from './socket-guard.ts';

export function addListener<E extends SocketEvent>(
  guard: SocketGuard,
  event: E,
  listener: SocketEventListeners[E],
  how: 'on' | 'once',
): void {
  const { events, reception } = guard;
  checkListener(guard, how, event, listener);
  if (event === 'message' && reception.waiting > 0) throw pulled(guard, how, 'receive()');
  if (event === 'connection' && guard.peers.backlog.waiting > 0) throw pulled(guard, how, 'accept()');
  if (event === 'connection') guard.listen(how);
  const pushing = events.pushing;
  events.add(event, listener as Listener, how === 'once');
  if (event === 'message' && !pushing) reception.attach(new EventSink(guard));
  if (event === 'connection') queueMicrotask(() => announceWaiting(guard));
}

export function removeListener<E extends SocketEvent>(
  guard: SocketGuard,
  event: E,
  listener: SocketEventListeners[E],
): void {
  const { events, reception } = guard;
  checkListener(guard, 'off', event, listener);
  const pushing = events.pushing;
  events.remove(event, listener as Listener);
  if (pushing && !events.pushing) reception.detach();
}

class EventSink implements LowerSink {
  readonly #guard: SocketGuard;

  constructor(guard: SocketGuard) {
    this.#guard = guard;
  }

  receive(data: Uint8Array, from?: Address): void {
    const { events, reception } = this.#guard;
    events.emitMessage(data, from);
    if (!events.pushing) reception.detach();
  }

  softError(error: NetError): void {
    this.#guard.events.emit('softError', error);
  }

  // `end` and `error` are emitted in pull mode as well, by the guard.

  end(): void {}

  failed(): void {}
}

function announceWaiting({ peers: { backlog }, events }: SocketGuard): void {
  while (events.count('connection') > 0) {
    const peer = backlog.shift();
    if (peer === undefined) return;
    events.emit('connection', peer);
  }
}

function pulled(guard: SocketGuard, how: string, call: string): Error {
  return guard.error('EBUSY', how, `${call} is waiting: let it finish or abort it before listening`);
}
