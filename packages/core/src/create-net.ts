/**
 * `createNet`: cheap and synchronous. The choice between plugins is made here, so that a wrong one is told at once;
 * container and backends are loaded by the first socket.
 */

import { type Clock, systemClock } from './clock.ts';
import { readPlugins } from './descriptor.ts';
import { NetError } from './error.ts';
import type { Net, NetOptions } from './net.ts';
import { NetInstance } from './net-instance.ts';
import { selectPlugins } from './selection.ts';

/** Errors: EPROTONOSUPPORT for a plugin of another contract, EINVAL for a wrong, ambiguous or unknown one. */
export function createNet(options: NetOptions): Net {
  const { plugins, use, clock, trace } = readOptions(options);
  return new NetInstance({
    choices: selectPlugins(plugins, use, 'createNet'),
    clock,
    trace,
    registry: async () => (await import('./container.ts')).resolveRegistry({ plugins, clock }),
  });
}

function readOptions(options: NetOptions): NetOptions & { readonly clock: Clock } {
  if (typeof options !== 'object' || options === null) {
    throw new NetError({
      code: 'EINVAL',
      operation: 'createNet',
      message: 'the argument must be an object such as { plugins: [udp, dtlsOpenssl] }',
    });
  }
  const { plugins, use, clock = systemClock, trace } = options;
  return { plugins: readPlugins(plugins, 'createNet'), use, clock, trace };
}
