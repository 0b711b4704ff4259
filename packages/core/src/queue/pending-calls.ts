/**
 * Calls that wait for something to arrive, `receive` and `accept`: served in the order in which they came. A call that
 * is aborted or out of time leaves the line and takes nothing with it.
 */

import type { NetError } from '../contract/error.ts';
import { Deadline, type Waiter, type WaitOptions } from './deadline.ts';

export class PendingCalls<T> {
  /** From the first call on. */
  #calls: Set<PendingCall<T>> | undefined;

  get size(): number {
    return this.#calls?.size ?? 0;
  }

  /** A promise of what arrives, in the form that `shape` gives it. */
  wait<R>(shape: (value: T) => R, waiter: Waiter, limits: WaitOptions): Promise<R> {
    this.#calls ??= new Set();
    const calls = this.#calls;
    return new Promise((resolve, reject) => {
      const call: PendingCall<T> = {
        give: (value) => resolve(shape(value)),
        refuse: reject,
        deadline: new Deadline(waiter, limits, (error) => {
          calls.delete(call);
          reject(error);
        }),
      };
      calls.add(call);
    });
  }

  /** Serves the first call; false if there is none. */
  give(value: T): boolean {
    const call = this.#next();
    call?.give(value);
    return call !== undefined;
  }

  /** Rejects the first call; false if there is none. */
  refuse(error: NetError): boolean {
    const call = this.#next();
    call?.refuse(error);
    return call !== undefined;
  }

  giveAll(value: T): void {
    while (this.give(value));
  }

  refuseAll(error: NetError): void {
    while (this.refuse(error));
  }

  #next(): PendingCall<T> | undefined {
    if (this.#calls === undefined) return undefined;
    for (const call of this.#calls) {
      this.#calls.delete(call);
      call.deadline.end();
      return call;
    }
    return undefined;
  }
}

interface PendingCall<T> {
  readonly give: (value: T) => void;
  readonly refuse: (error: NetError) => void;
  readonly deadline: Deadline;
}
