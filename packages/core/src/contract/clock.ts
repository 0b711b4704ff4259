/**
 * The only source of time in avs-net. No other module calls `setTimeout`, `setInterval` or `Date.now`, so that a test
 * can replace time as a whole: `createNet({ clock })`.
 */

export interface Timer {
  /** Idempotent; a cancelled timer never runs. */
  cancel(): void;
}

export interface Clock {
  /** Monotonic milliseconds, from an arbitrary start. */
  now(): number;
  /** Runs `run` once, not earlier than `ms` milliseconds from now, never before `timer` returned. */
  timer(ms: number, run: () => void): Timer;
}

/** Real time. Timers keep the process alive, as a pending operation should. */
export const systemClock: Clock = {
  now: () => performance.now(),
  timer(ms, run) {
    const handle = setTimeout(run, Math.min(ms, LONGEST_TIMEOUT));
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Beyond this, `setTimeout` would fire at once. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;
