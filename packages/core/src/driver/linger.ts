/** Waits for a goodbye that is on its way, but not for a peer that takes nothing. */

import type { Clock } from '../contract/clock.ts';

/** Resolves when `leaving` has settled, and after 5 s at the latest. */
export function linger(leaving: Promise<void>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.timer(LINGER, resolve);
    const done = (): void => {
      timer.cancel();
      resolve();
    };
    leaving.then(done, done);
  });
}

/** Milliseconds, as the tcp transport lingers. */
const LINGER = 5_000;
