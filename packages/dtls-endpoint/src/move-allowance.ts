/**
 * How often a peer may change its address: a few times at once, then once in a second. Every move is proved by a
 * record, but whoever can delay records can prove moves to and fro, and each is an event for the application (RFC 9146
 * §6).
 */

export class MoveAllowance {
  #left = BURST;
  #since: number;

  /** Milliseconds of a monotonic clock. */
  constructor(now: number) {
    this.#since = now;
  }

  /** Whether one more move is allowed. */
  take(now: number): boolean {
    const earned = Math.floor((now - this.#since) / INTERVAL);
    if (earned > 0) {
      this.#left = Math.min(BURST, this.#left + earned);
      this.#since += earned * INTERVAL;
    }
    if (this.#left === 0) return false;
    this.#left -= 1;
    return true;
  }
}

const BURST = 4;
/** Milliseconds. */
const INTERVAL = 1_000;
