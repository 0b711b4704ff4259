/**
 * Operations that change the state of a socket and take time: `connect`, `bind`, `decorate`. One at a time; it can be
 * given up by signal, deadline, `shutdown` and `close`; what a failed one opened is closed before it rejects.
 */

import type { Attempt } from '../contract/backend.ts';
import { NetError, toNetError } from '../contract/error.ts';
import { abortedError, GuardedAttempt, type Waiter, type WaitOptions } from '../queue/deadline.ts';
import type { GuardedOperations } from './socket-init.ts';

/** The guard, as far as it is needed here. */
export interface TransitionHost {
  waiter(operation: string): Waiter;
  /** Forgets what arrived during an attempt that failed. */
  readonly reception: { reset(error: NetError): void };
  readonly operations: Pick<GuardedOperations, 'unfinished' | 'close'>;
}

export class Transition {
  readonly #host: TransitionHost;
  #attempt: GuardedAttempt | undefined;
  #work: Promise<unknown> | undefined;
  #releasing: Promise<void> | undefined;

  constructor(host: TransitionHost) {
    this.#host = host;
  }

  /** What is under way. */
  get operation(): string | undefined {
    return this.#attempt?.waiter.operation;
  }

  /** Until then the operations are being closed. */
  get released(): Promise<void> | undefined {
    return this.#releasing;
  }

  /** Runs `start`; `opens` says that the socket was closed before, so that a failure closes it again. */
  async run<T>(
    operation: string,
    limits: WaitOptions,
    start: (attempt: Attempt) => Promise<T>,
    opens: boolean,
  ): Promise<T> {
    const waiter = { ...this.#host.waiter(operation), explain: () => this.#host.operations.unfinished?.() };
    if (this.#attempt !== undefined) {
      throw failure(waiter, 'EALREADY', `${this.operation} is still under way: await it, or close() the socket`);
    }
    const aborted = abortedError(waiter, limits.signal);
    if (aborted !== undefined) throw aborted;
    const attempt = new GuardedAttempt(waiter, limits);
    this.#attempt = attempt;
    try {
      if (this.#releasing !== undefined) await attempt.race(this.#releasing.catch(() => {}));
      attempt.signal.throwIfAborted();
      const work = start(attempt);
      this.#work = work;
      // A decoration is waited for: a lower socket that it has not released yet is not the caller's again.
      const result = await (operation === 'decorate' ? work : attempt.race(work));
      if (this.#attempt !== attempt) attempt.signal.throwIfAborted();
      return result;
    } catch (error) {
      const cause = attempt.signal.aborted ? attempt.signal.reason : error;
      const reason = toNetError(cause, operation, waiter.backend);
      if (opens && this.#attempt === attempt) {
        this.#host.reception.reset(reason);
        await this.#release().catch(() => {});
      }
      throw reason;
    } finally {
      attempt.end();
      if (this.#attempt === attempt) this.#attempt = undefined;
    }
  }

  /** Gives up what is under way; its caller gets ECONNABORTED. */
  abandon(message: string): void {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    attempt?.abort(failure(attempt.waiter, 'ECONNABORTED', message));
  }

  /** Gives up what is under way and closes the operations. */
  close(message: string): Promise<void> {
    const { operation } = this;
    const work = this.#work?.catch(() => {});
    this.abandon(message);
    // A decoration lets go of the lower socket, or has it by now and closes it.
    if (operation === 'decorate') return this.#release(work);
    const closed = this.#release();
    // A bind cannot be interrupted: what it opens after all is closed before the socket is used again.
    if (operation === 'bind') this.#track(this.#closeAfter(closed.then(() => work)));
    return closed;
  }

  #release(after?: Promise<unknown>): Promise<void> {
    return this.#releasing ?? this.#track(this.#closeAfter(after));
  }

  #track(releasing: Promise<void>): Promise<void> {
    const done = (): void => {
      if (this.#releasing === releasing) this.#releasing = undefined;
    };
    this.#releasing = releasing;
    releasing.then(done, done);
    return releasing;
  }

  async #closeAfter(after: Promise<unknown> | undefined): Promise<void> {
    try {
      if (after !== undefined) await after;
      await this.#host.operations.close();
    } catch (error) {
      throw toNetError(error, 'close', this.#host.waiter('close').backend);
    }
  }
}

function failure({ operation, backend }: Waiter, code: string, message: string): NetError {
  return new NetError({ code, operation, backend, message });
}
