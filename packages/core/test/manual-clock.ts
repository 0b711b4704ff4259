/**
 * A clock that moves when a test says so, and tells what timers were set.
 */

import type { Clock } from '../src/contract/clock.ts';

export interface ManualClock extends Clock {
  /** Runs every timer that is due within the next `ms` milliseconds, in order. */
  advance(ms: number): void;
  /** Milliseconds of every timer ever set, in order. */
  readonly asked: readonly number[];
  /** Timers that are set now. */
  readonly pending: number;
  /** Makes timers fire this much before they are due. */
  early: number;
}

export function manualClock(): ManualClock {
  let now = 1_000;
  const timers = new Set<{ at: number; run: () => void }>();
  const asked: number[] = [];
  return {
    early: 0,
    asked,
    get pending() {
      return timers.size;
    },
    now: () => now,
    timer(ms, run) {
      asked.push(ms);
      const timer = { at: now + ms - this.early, run };
      timers.add(timer);
      return { cancel: () => timers.delete(timer) };
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const next = [...timers].sort((a, b) => a.at - b.at)[0];
        if (next === undefined || next.at > end) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.run();
      }
      now = end;
    },
  };
}
