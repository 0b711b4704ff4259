/**
 * The kit is proven by broken backends: each is caught at least by the case that is named for it. All cases that catch
 * it are printed, because a mutant that only one case sees says what that case is worth.
 */

import { plan, runCase } from '@avs-net/conformance';
import * as core from '@avs-net/core';
import { describe, expect, it } from 'vitest';
import { CORE_MUTANTS } from './core-mutants.ts';
import { MUTANTS } from './mutants.ts';
import { RECORD_MUTANTS } from './record-mutants.ts';

describe('mutants of the reference backend', () => {
  it.each([...MUTANTS, ...RECORD_MUTANTS, ...CORE_MUTANTS].map((mutant) => [mutant.name, mutant] as const))(
    'one that %s is caught',
    async (name, mutant) => {
      const caught: string[] = [];
      for (const planned of plan(mutant.plugin)) {
        const outcome = await runCase(planned, mutant.plugin, { core: mutant.core ?? core, peer: mutant.plugin });
        if (outcome.result === 'fail') caught.push(outcome.id);
      }
      process.stdout.write(`${name}: caught by ${caught.join(', ')}\n`);
      expect(caught).toContain(mutant.caughtBy);
    },
    120_000,
  );
});
