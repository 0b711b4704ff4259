/**
 * A `Clock` whose time moves only when a test says so. Timers run in the order of their due time, then of their
 * creation; between two of them everything that needs no time (promises, callbacks) is given the chance to happen.
 */

import { stat } from 'node:fs/promises';
import type { Clock, Timer } from '@avs-net/core/plugin';

export interface VirtualClock extends Clock {
  /** Moves time by `ms` milliseconds and runs what becomes due. */
  advance(ms: number): Promise<void>;
  /**
   * Moves time from timer to timer until `target` is settled (a promise) or true (a predicate) and gives its value.
   * Fails when more than `limitMs` of virtual time would pass (default ten minutes), or when no timer is pending and
   * nothing has come from outside for `idleTurns` turns of the event loop (default: some seconds).
   */
  runUntil<T>(target: Promise<T> | (() => T), limits?: RunLimits): Promise<T>;
  /** Runs the earliest timer, synchronously; false: there is none. For code without promises. */
  step(): boolean;
  /** Lets everything happen that needs no time. */
  settle(): Promise<void>;
  /** Timers that wait. */
  readonly pending: number;
  /** When the earliest of them is due. */
  readonly nextDue: number | undefined;
}

export interface RunLimits {
  readonly limitMs?: number;
  readonly idleTurns?: number;
}

export function virtualClock(init: { readonly start?: number } = {}): VirtualClock {
  let now = init.start ?? 0;
  const timers: PendingTimer[] = [];

  const run = (timer: PendingTimer): void => {
    timers.shift();
    now = Math.max(now, timer.due);
    timer.run();
  };

  const clock: VirtualClock = {
    now: () => now,
    timer(ms, callback): Timer {
      const timer: PendingTimer = { due: now + Math.max(0, ms), run: callback };
      timers.splice(position(timers, timer.due), 0, timer);
      return {
        cancel: () => {
          const at = timers.indexOf(timer);
          if (at >= 0) timers.splice(at, 1);
        },
      };
    },
    async advance(ms) {
      if (!(ms >= 0)) throw new RangeError(`advance: ms must be 0 or more, received ${ms}`);
      const end = now + ms;
      for (;;) {
        await settle();
        const next = timers[0];
        if (next === undefined || next.due > end) break;
        run(next);
      }
      now = end;
    },
    async runUntil<T>(target: Promise<T> | (() => T), limits: RunLimits = {}) {
      const { limitMs = DEFAULT_LIMIT, idleTurns = IDLE_TURNS } = limits;
      const watched = watch(target);
      const end = now + limitMs;
      let idle = 0;
      for (;;) {
        await settle();
        if (watched.done()) return watched.value();
        const next = timers[0];
        if (next === undefined) {
          // Something outside may still be on its way, such as a module that is being loaded.
          if (idle >= idleTurns) throw new Error(`runUntil: nothing is pending at ${now} ms`);
          idle += 1;
          await outsideTurn();
          continue;
        }
        idle = 0;
        if (next.due > end) {
          throw new Error(`runUntil: not reached within ${limitMs} ms; the next timer is due at ${next.due} ms`);
        }
        run(next);
      }
    },
    step() {
      const next = timers[0];
      if (next === undefined || next.due === Infinity) return false;
      run(next);
      return true;
    },
    settle,
    get pending() {
      return timers.length;
    },
    get nextDue() {
      return timers[0]?.due;
    },
  };
  return clock;
}

interface PendingTimer {
  readonly due: number;
  readonly run: () => void;
}

/** Where a timer goes: behind those that are due at the same time. */
function position(timers: readonly PendingTimer[], due: number): number {
  let low = 0;
  let high = timers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timers[middle]!.due <= due) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Watched<T> {
  done(): boolean;
  value(): T;
}

function watch<T>(target: Promise<T> | (() => T)): Watched<T> {
  if (typeof target === 'function') {
    let last: { readonly value: T } | undefined;
    return {
      done: () => {
        last = { value: target() };
        return Boolean(last.value);
      },
      value: () => last!.value,
    };
  }
  let outcome: { readonly value: T } | { readonly reason: unknown } | undefined;
  target.then(
    (value) => {
      outcome = { value };
    },
    (reason: unknown) => {
      outcome = { reason };
    },
  );
  return {
    done: () => outcome !== undefined,
    value: () => {
      if (outcome !== undefined && 'value' in outcome) return outcome.value;
      throw outcome?.reason;
    },
  };
}

/** One turn of the event loop: every microtask and every `process.nextTick` has run when it comes back. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A turn through the thread pool, as loading takes it: about as long as that on a busy machine too. */
async function outsideTurn(): Promise<void> {
  await stat('.');
}

const DEFAULT_LIMIT = 600_000;
/** Some seconds; nothing is lost by waiting longer than a module takes to load on a busy machine. */
const IDLE_TURNS = 200_000;
