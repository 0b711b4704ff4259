/**
 * The argument of `createNet` and `netModule`, read once: a slip in it is refused by name, as everywhere else.
 */

import { unknownName } from '../check/nearest-name.ts';
import { type Clock, systemClock } from '../contract/clock.ts';
import { NetError } from '../contract/error.ts';
import { readPlugins } from '../selection/descriptor.ts';
import type { NetOptions } from './net.ts';

/** With frozen plugins and a clock; errors are those of `createNet`. */
export function readNetOptions(options: NetOptions, operation: string): NetOptions & { readonly clock: Clock } {
  const refuse = (message: string): NetError => new NetError({ code: 'EINVAL', operation, message });
  if (typeof options !== 'object' || options === null) {
    throw refuse('the argument must be an object such as { plugins: [udp, dtlsOpenssl] }');
  }
  for (const name of Object.keys(options)) {
    if (!NAMES.includes(name)) throw refuse(unknownName(name, NAMES));
  }
  const { plugins, use, clock = systemClock, trace } = options;
  if (typeof clock?.now !== 'function' || typeof clock.timer !== 'function') {
    throw refuse('clock must be an object with the functions now and timer');
  }
  if (trace !== undefined && typeof trace !== 'function') throw refuse('trace must be a function');
  return { plugins: readPlugins(plugins, operation), use, clock, trace };
}

const NAMES: readonly string[] = ['plugins', 'use', 'clock', 'trace'];
