/**
 * `createNet`: cheap and synchronous. The choice between plugins is made here, so that a wrong one is told at once;
 * container and backends are loaded by the first socket.
 */

import { selectPlugins } from '../selection/selection.ts';
import type { Net, NetOptions } from './net.ts';
import { NetInstance } from './net-instance.ts';
import { readNetOptions } from './net-options.ts';

/** Errors: EPROTONOSUPPORT for a plugin of another contract, EINVAL for a wrong, ambiguous or unknown one. */
export function createNet(options: NetOptions): Net {
  const { plugins, use, clock, trace } = readNetOptions(options, 'createNet');
  return new NetInstance({
    choices: selectPlugins(plugins, use, 'createNet'),
    clock,
    trace,
    registry: async () => (await import('../container.ts')).resolveRegistry({ plugins, clock }),
  });
}
