/** The kit is proven by broken backends: each is caught at least by the case that is named for it. */

import { describe, expect, it } from 'vitest';
import { byName, catching } from './catching.ts';
import { CORE_MUTANTS } from './core-mutants.ts';
import { MUTANTS } from './mutants.ts';
import { RECORD_MUTANTS } from './record-mutants.ts';

describe('mutants of the reference backend', () => {
  it.each(byName([...MUTANTS, ...RECORD_MUTANTS, ...CORE_MUTANTS]))(
    'one that %s is caught',
    async (_, mutant) => expect(await catching(mutant, /^/)).toContain(mutant.caughtBy),
    120_000,
  );
});
