/**
 * How long a call may take: the caller's AbortSignal and a timeout, as one thing that ends by itself.
 * Listeners and timers are taken back as soon as the call is over (`AbortSignal.any` would keep its sources alive as
 * long as the caller's signal).
 */

import type { EngineErrorInit } from '../contract/association.ts';
import type { Attempt } from '../contract/backend.ts';
import type { Clock } from '../contract/clock.ts';
import { abortError, isNetError, NetError } from '../contract/error.ts';

/** What a caller may say about waiting. */
export interface WaitOptions {
  /** Gives the call up: it rejects with an AbortError. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; `Infinity` waits for ever, 0 looks once. */
  readonly timeout?: number | undefined;
}

/** Who waits, for messages. */
export interface Waiter {
  readonly clock: Clock;
  readonly operation: string;
  readonly backend: string;
  /** What is known of why it takes so long, for the error of a timeout. */
  readonly explain?: () => EngineErrorInit | undefined;
}

/** Runs `expired` once, with the error to reject with, unless `end` comes first. */
export class Deadline {
  readonly #signal: AbortSignal | undefined;
  readonly #aborted: (() => void) | undefined;
  readonly #cancel: (() => void) | undefined;

  constructor(waiter: Waiter, { signal, timeout }: WaitOptions, expired: (error: NetError) => void) {
    const over = (error: NetError): void => {
      this.end();
      expired(error);
    };
    if (signal !== undefined) {
      this.#signal = signal;
      this.#aborted = () => over(signalError(waiter, signal));
      signal.addEventListener('abort', this.#aborted, { once: true });
    }
    if (timeout !== undefined && timeout !== Number.POSITIVE_INFINITY) {
      this.#cancel = startTimer(waiter.clock, timeout, () => over(timeoutError(waiter, timeout)));
    }
  }

  /** Takes listener and timer back. Idempotent. */
  end(): void {
    this.#cancel?.();
    if (this.#aborted !== undefined) this.#signal?.removeEventListener('abort', this.#aborted);
  }
}

/** An operation that runs under a deadline and can be given up from here: the `Attempt` that backends get. */
export class GuardedAttempt implements Attempt {
  readonly waiter: Waiter;
  readonly #controller = new AbortController();
  readonly #deadline: Deadline;
  readonly #givenUp: Promise<never>;

  constructor(waiter: Waiter, limits: WaitOptions) {
    this.waiter = waiter;
    this.#givenUp = new Promise((_, reject) => {
      this.#controller.signal.addEventListener('abort', () => reject(this.#controller.signal.reason), { once: true });
    });
    this.#givenUp.catch(() => {});
    this.#deadline = new Deadline(waiter, limits, (error) => this.abort(error));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Rejects what `race` waits for, even where the work does not look at the signal. */
  abort(error: NetError): void {
    this.#controller.abort(error);
  }

  /** The result of `work`, unless the attempt is given up first. */
  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#givenUp]);
  }

  end(): void {
    this.#deadline.end();
  }
}

/** The error of a signal that is aborted already. */
export function abortedError(waiter: Waiter, signal: AbortSignal | undefined): NetError | undefined {
  return signal?.aborted === true ? signalError(waiter, signal) : undefined;
}

function signalError({ operation, backend }: Waiter, signal: AbortSignal): NetError {
  // A layer above gave up: its reason says more than that it did.
  return isNetError(signal.reason) ? signal.reason : abortError(operation, signal, backend);
}

function timeoutError({ operation, backend, explain }: Waiter, timeout: number): NetError {
  const known = explain?.();
  const message = `${UNSEEN[operation] ?? 'not complete'} within ${timeout} ms${known ? `: ${known.message}` : ''}`;
  return new NetError({ code: 'ETIMEDOUT', operation, backend, ...known, message });
}

function startTimer(clock: Clock, timeout: number, run: () => void): () => void {
  if (timeout === 0) {
    // One turn of the event loop: what the system already holds is read before an immediate runs.
    const handle = setImmediate(run);
    return () => clearImmediate(handle);
  }
  const timer = clock.timer(timeout, run);
  return () => timer.cancel();
}

/** What did not happen in time, by operation. */
const UNSEEN: Readonly<Record<string, string>> = {
  receive: 'nothing arrived',
  receiveFrom: 'nothing arrived',
  accept: 'nobody came',
  connect: 'there was no connection',
  exportAssociation: 'the store did not answer',
  continueAssociation: 'the store did not answer',
};
