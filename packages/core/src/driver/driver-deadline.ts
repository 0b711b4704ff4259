/**
 * The one timer of a driven association. It is touched as rarely as possible: a deadline that moves away leaves the
 * timer alone, which then fires early and is set again; a deadline that does not move although it fired, because the
 * engine's clock lags behind ours, is asked about again after a millisecond and not in a loop.
 */

import type { Clock, Timer } from '../contract/clock.ts';

export class DriverDeadline {
  readonly #clock: Clock;
  readonly #passed: () => void;
  #deadline: number | undefined;
  #timer: Timer | undefined;
  #due = 0;

  /** `passed` is called at the deadline; `set` has to be called after it. */
  constructor(clock: Clock, passed: () => void) {
    this.#clock = clock;
    this.#passed = passed;
  }

  set(deadline: number | undefined): void {
    this.#deadline = deadline;
    if (deadline !== undefined && this.#timer !== undefined && this.#due <= deadline) return;
    this.cancel();
    if (deadline === undefined) return;
    const now = this.#clock.now();
    this.#due = Math.max(deadline, now + SHORTEST);
    this.#timer = this.#clock.timer(this.#due - now, this.#fire);
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  readonly #fire = (): void => {
    this.#timer = undefined;
    if (this.#deadline === undefined) return;
    if (this.#clock.now() < this.#deadline) this.set(this.#deadline);
    else this.#passed();
  };
}

/** Milliseconds. */
const SHORTEST = 1;
