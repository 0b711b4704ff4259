/**
 * The events of a socket. Not node's EventEmitter: an `error` nobody listens to must not end the process (`receive`
 * reports it as well), and a listener that throws must not unwind through the transport that called it.
 */

import type { Address } from '../contract/address.ts';
import type { NetError } from '../contract/error.ts';
import type { Socket } from './socket.ts';

/** Listeners by event. */
export interface SocketEventListeners {
  /** One message; `from` on datagram sockets. The bytes are the listener's to keep. */
  message(data: Uint8Array, from?: Address): void;
  /** No more messages: FIN, close_notify or own shutdown. */
  end(): void;
  /** The socket failed for good. */
  error(error: NetError): void;
  /** Push mode only: one operation failed but the socket lives, such as ICMP port unreachable. */
  softError(error: NetError): void;
  /** `close` is complete. */
  close(): void;
  /** An accepted peer goes on from another address, which a record has proved (RFC 9146 §6). */
  peerMoved(from: Address, to: Address): void;
  /** A new peer of a bound socket, in state `accepted`. */
  connection(peer: Socket): void;
  /** Something was dropped, by the reason under which `stats()` counts it. */
  drop(reason: string): void;
}

export type SocketEvent = keyof SocketEventListeners;

export class SocketEvents {
  // Kept apart: it is called once per message.
  #message: readonly Entry[] = NOBODY;
  /** Of all other events: few, and seldom called, so that they need no table of their own in every peer. */
  #others: readonly Entry[] = NOBODY;

  count(event: SocketEvent): number {
    return this.#among(event).reduce((count, entry) => (entry.event === event ? count + 1 : count), 0);
  }

  /** Somebody listens to `message`. */
  get pushing(): boolean {
    return this.#message.length > 0;
  }

  add(event: SocketEvent, listener: Listener, once: boolean): void {
    // Spread would leave room for many more.
    this.#set(event, this.#among(event).concat({ event, listener, once }));
  }

  /** Takes the latest registration of `listener` back; unknown ones are ignored. */
  remove(event: SocketEvent, listener: Listener): void {
    const entries = this.#among(event);
    const index = entries.findLastIndex((entry) => entry.event === event && entry.listener === listener);
    if (index >= 0) this.#set(event, entries.toSpliced(index, 1));
  }

  emit<E extends SocketEvent>(event: E, ...args: Parameters<SocketEventListeners[E]>): void {
    for (const entry of this.#among(event)) {
      if (entry.event === event) this.#call(entry, args[0], args[1]);
    }
  }

  emitMessage(data: Uint8Array, from: Address | undefined): void {
    const entries = this.#message;
    for (let index = 0; index < entries.length; index++) {
      this.#call(entries[index] as Entry, data, from);
    }
  }

  #call(entry: Entry, first: unknown, second: unknown): void {
    if (entry.once) {
      const { event } = entry;
      this.#set(
        event,
        this.#among(event).filter((other) => other !== entry),
      );
    }
    try {
      entry.listener(first, second);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  /** Where the entries of `event` are, perhaps not alone. */
  #among(event: SocketEvent): readonly Entry[] {
    return event === 'message' ? this.#message : this.#others;
  }

  #set(event: SocketEvent, entries: readonly Entry[]): void {
    const kept = entries.length === 0 ? NOBODY : entries;
    if (event === 'message') this.#message = kept;
    else this.#others = kept;
  }
}

export function isSocketEvent(value: unknown): value is SocketEvent {
  return typeof value === 'string' && EVENTS.includes(value);
}

export type Listener = (first?: unknown, second?: unknown) => void;

interface Entry {
  readonly event: SocketEvent;
  readonly listener: Listener;
  readonly once: boolean;
}

export const EVENTS: readonly string[] = [
  'message',
  'end',
  'error',
  'softError',
  'close',
  'connection',
  'peerMoved',
  'drop',
];

const NOBODY: readonly Entry[] = [];
