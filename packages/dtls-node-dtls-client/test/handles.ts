/**
 * Timers and datagram sockets that a piece of synchronous code makes, and which of them are still there: what
 * `process.getActiveResourcesInfo` would tell if the test runner had none of its own.
 */

import { createHook } from 'node:async_hooks';

export interface Handles {
  /** How many were made. */
  readonly made: number;
  /** Kinds of those that are left, after the event loop has turned. */
  left(): Promise<readonly string[]>;
}

export function handlesOf(code: () => void): Handles {
  const alive = new Map<number, string>();
  let watching = true;
  let made = 0;
  const hook = createHook({
    init(id, kind) {
      if (!watching || !/^(Timeout|UDPWRAP)$/.test(kind)) return;
      alive.set(id, kind);
      made++;
    },
    destroy(id) {
      alive.delete(id);
    },
  }).enable();
  try {
    code();
  } finally {
    watching = false;
  }
  return {
    made,
    async left() {
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      hook.disable();
      return [...alive.values()];
    },
  };
}
