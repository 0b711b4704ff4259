/** Who catches a mutant. */

import { plan, runCase } from '@avs-net/conformance';
import * as core from '@avs-net/core';
import type { Mutant } from './broken-copy.ts';

/**
 * Ids of the cases of these groups that fail with it. They are printed, because a mutant that only one case sees says
 * what that case is worth.
 */
export async function catching({ name, plugin, core: broken = core }: Mutant, groups: RegExp): Promise<string[]> {
  const caught: string[] = [];
  for (const planned of plan(plugin)) {
    if (!groups.test(planned.conformanceCase.id)) continue;
    const outcome = await runCase(planned, plugin, { core: broken, peer: plugin });
    if (outcome.result === 'fail') caught.push(outcome.id);
  }
  process.stdout.write(`${name}: caught by ${caught.join(', ')}\n`);
  return caught;
}

/** For a table of tests, whose titles cut what is not text. */
export function byName(mutants: readonly Mutant[]): (readonly [name: string, mutant: Mutant])[] {
  return mutants.map((mutant) => [mutant.name, mutant]);
}
