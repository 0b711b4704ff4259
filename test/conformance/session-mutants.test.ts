/** Cases about what outlives a socket, and about exported keys, are proven by backends that break what each is for. */

import { describe, expect, it } from 'vitest';
import { catching } from './catching.ts';
import { CONTINUATION_MUTANTS } from './continuation-mutants.ts';
import { SESSION_MUTANTS } from './session-mutants.ts';

describe('mutants of dtls-openssl', () => {
  it.each(SESSION_MUTANTS)(
    'one that $name is caught',
    async (mutant) => expect(await catching(mutant, /^(sessions|claims)\//)).toContain(mutant.caughtBy),
    60_000,
  );

  it.each(CONTINUATION_MUTANTS)(
    'one that $name is caught',
    async (mutant) => expect(await catching(mutant, /^continuation\//)).toContain(mutant.caughtBy),
    60_000,
  );
});
