/** Counts of what is alive natively, for whoever looks for leaks. */

import { type LiveObjects, loadAddon } from './native.ts';

/** Of this thread; with `process`, of all threads that loaded the addon. Throws if there is no addon. */
export function liveObjects(scope: 'thread' | 'process' = 'thread'): LiveObjects {
  return loadAddon().liveObjects(scope === 'process');
}
