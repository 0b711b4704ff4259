/**
 * What has arrived and was not taken yet. One of three takes it: pending `receive` calls, or one sink, which is a
 * `message` listener or the layer above that adopted the socket. Bounded: of datagrams the newest is dropped and
 * counted, a stream is paused and never dropped. An end or a failure is seen after everything that came before it.
 */

import type { Address } from '../contract/address.ts';
import type { LowerSink } from '../contract/backend.ts';
import type { QueueLimits } from '../contract/configuration.ts';
import type { NetError } from '../contract/error.ts';
import { abortedError, type Waiter, type WaitOptions } from './deadline.ts';
import { Fifo } from './fifo.ts';
import { PendingCalls } from './pending-calls.ts';

export interface ReceivedMessage {
  readonly data: Uint8Array;
  readonly from: Address | undefined;
}

export interface ReceiveQueueHost {
  readonly kind: 'datagram' | 'stream';
  dropped(reason: string): void;
  /** Streams: stop (true) or go on (false). */
  throttle(paused: boolean): void;
  /** The end, or the failure, and nothing unread before it; once per connection. */
  over(error: NetError | undefined): void;
}

export class ReceiveQueue {
  /** The sink takes every message at once: nothing waits before it. */
  #flowing = false;
  #sink: LowerSink | undefined;
  readonly #host: ReceiveQueueHost;
  readonly #items = new Fifo<ReceivedMessage>();
  readonly #calls = new PendingCalls<ReceivedMessage | null>();
  #limits: Required<QueueLimits>;
  #bytes = 0;
  #paused = false;
  #held = false;
  #scheduled = false;
  #throttled = false;
  #softError: NetError | undefined;
  #outcome: Outcome | undefined;

  constructor(host: ReceiveQueueHost, limits: QueueLimits = {}) {
    this.#host = host;
    this.#limits = withDefaults(limits);
  }

  get size(): number {
    return this.#items.size;
  }

  /** Number of `receive` calls that wait. */
  get waiting(): number {
    return this.#calls.size;
  }

  set limits(limits: QueueLimits) {
    this.#limits = withDefaults(limits);
    this.#relieve();
  }

  deliver(data: Uint8Array, from: Address | undefined): void {
    if (this.#flowing && this.#sink !== undefined) this.#sink.receive(data, from);
    else if (this.#outcome !== undefined) this.#host.dropped('afterEnd');
    else if (this.#sink !== undefined || !this.#calls.give({ data, from })) this.#store(data, from);
  }

  /** Reported once: by a pending or the next receive, or by the sink. */
  softError(error: NetError): void {
    if (this.#outcome !== undefined) return;
    if (this.#flowing) this.#sink?.softError(error);
    else if (this.#sink !== undefined || !this.#calls.refuse(error)) {
      this.#softError ??= error;
      this.#settle();
    }
  }

  /** Nothing more will arrive: in order, or by `error`. The first outcome stays. */
  finish(error?: NetError): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = { error, seen: false, told: false };
    if (error === undefined) this.#calls.giveAll(null);
    else this.#calls.refuseAll(error);
    this.#seen();
    this.#settle();
  }

  /** Forgets everything unread and the outcome; pending calls reject. The sink stays. */
  reset(error: NetError): void {
    this.#items.clear();
    this.#bytes = 0;
    this.#throttled = false;
    this.#paused = false;
    this.#softError = undefined;
    this.#outcome = undefined;
    this.#calls.refuseAll(error);
    this.#settle();
  }

  /** The next message, or null at the end. */
  take<R>(shape: (message: ReceivedMessage | null) => R, waiter: Waiter, limits: WaitOptions): Promise<R> {
    const aborted = abortedError(waiter, limits.signal);
    if (aborted !== undefined) return Promise.reject(aborted);
    const soft = this.#softError;
    if (soft !== undefined) {
      this.#softError = undefined;
      return Promise.reject(soft);
    }
    const message = this.#shift();
    if (message !== undefined) {
      this.#relieve();
      this.#seen();
      return Promise.resolve(shape(message));
    }
    if (this.#outcome === undefined) return this.#calls.wait(shape, waiter, limits);
    if (this.#outcome.error === undefined) return Promise.resolve(shape(null));
    return Promise.reject(this.#outcome.error);
  }

  /** Everything unread, oldest first; it is not here any more. */
  drain(): ReceivedMessage[] {
    const messages: ReceivedMessage[] = [];
    for (let message = this.#shift(); message !== undefined; message = this.#shift()) messages.push(message);
    return messages;
  }

  /** Drops unread datagrams that `wanted` refuses. */
  sift(wanted: (from: Address | undefined) => boolean, reason: string): void {
    for (let count = this.#items.size; count > 0; count--) {
      const message = this.#shift() as ReceivedMessage;
      if (wanted(message.from)) this.#push(message);
      else this.#host.dropped(reason);
    }
  }

  /** From the next microtask on everything goes to `sink`, what is unread first. */
  attach(sink: LowerSink): void {
    this.#sink = sink;
    if (this.#outcome !== undefined) this.#outcome.told = false;
    this.#settle();
  }

  detach(): void {
    this.#sink = undefined;
    this.#paused = false;
    this.#held = false;
    this.#settle();
  }

  pause(): void {
    this.#paused = true;
    this.#settle();
  }

  resume(): void {
    this.#paused = false;
    this.#settle();
  }

  /** While held nothing reaches the sink, so that it is not called from inside a call of its own. */
  hold(): void {
    this.#held = true;
    this.#flowing = false;
  }

  unhold(): void {
    this.#held = false;
    this.#settle();
  }

  #store(data: Uint8Array, from: Address | undefined): void {
    const { messages, bytes } = this.#limits;
    if (this.#host.kind === 'datagram' && (this.#items.size >= messages || this.#bytes + data.length > bytes)) {
      this.#host.dropped('queueFull');
      return;
    }
    this.#push({ data, from });
    if (this.#host.kind === 'stream' && !this.#throttled && (this.#items.size >= messages || this.#bytes >= bytes)) {
      this.#throttled = true;
      this.#host.throttle(true);
    }
    this.#settle();
  }

  /** Decides how the sink gets what comes next: at once, after what is unread, or not now. */
  #settle(): void {
    this.#flowing = false;
    if (this.#sink === undefined || this.#paused || this.#held || this.#scheduled) return;
    if (this.#items.size > 0 || this.#softError !== undefined || this.#outcome?.told === false) {
      this.#scheduled = true;
      queueMicrotask(() => this.#flush());
    } else this.#flowing = this.#outcome === undefined;
  }

  #flush(): void {
    try {
      this.#flushSoftError();
      for (let message = this.#next(); message !== undefined; message = this.#next()) {
        this.#sink?.receive(message.data, message.from);
      }
      this.#relieve();
      this.#seen();
      this.#flushOutcome();
    } finally {
      this.#scheduled = false;
      this.#settle();
    }
  }

  #flushSoftError(): void {
    const error = this.#softError;
    if (error === undefined || !this.#ready()) return;
    this.#softError = undefined;
    this.#sink?.softError(error);
  }

  #flushOutcome(): void {
    const outcome = this.#outcome;
    if (outcome === undefined || outcome.told || this.#items.size > 0 || !this.#ready()) return;
    outcome.told = true;
    if (outcome.error === undefined) this.#sink?.end();
    else this.#sink?.failed(outcome.error);
  }

  #ready(): boolean {
    return this.#sink !== undefined && !this.#paused && !this.#held;
  }

  #next(): ReceivedMessage | undefined {
    return this.#ready() ? this.#shift() : undefined;
  }

  #push(message: ReceivedMessage): void {
    this.#items.push(message);
    this.#bytes += message.data.length;
  }

  #shift(): ReceivedMessage | undefined {
    const message = this.#items.shift();
    if (message !== undefined) this.#bytes -= message.data.length;
    return message;
  }

  /** Lets a paused stream go on when half of the queue is free. */
  #relieve(): void {
    const { messages, bytes } = this.#limits;
    if (!this.#throttled || this.#items.size * 2 > messages || this.#bytes * 2 > bytes) return;
    this.#throttled = false;
    this.#host.throttle(false);
  }

  #seen(): void {
    if (this.#outcome === undefined || this.#outcome.seen || this.#items.size > 0) return;
    this.#outcome.seen = true;
    this.#host.over(this.#outcome.error);
  }
}

interface Outcome {
  readonly error: NetError | undefined;
  /** Reported to the host. */
  seen: boolean;
  /** Reported to the sink. */
  told: boolean;
}

function withDefaults({ messages, bytes }: QueueLimits): Required<QueueLimits> {
  if (messages === undefined && bytes === undefined) return DEFAULTS;
  return { messages: messages ?? DEFAULTS.messages, bytes: bytes ?? DEFAULTS.bytes };
}

const DEFAULTS: Required<QueueLimits> = { messages: 256, bytes: 1_048_576 };
