/** Cases about what outlives a socket, and about exported keys, are proven by backends that break what each is for. */

import { describe, expect, it } from 'vitest';
import { byName, catching } from './catching.ts';
import { CONTINUATION_MUTANTS } from './continuation-mutants.ts';
import { SESSION_MUTANTS } from './session-mutants.ts';

describe('mutants of dtls-openssl', () => {
  it.each(byName(SESSION_MUTANTS))(
    'one that %s is caught',
    async (_, mutant) => expect(await catching(mutant, /^(sessions|claims)\//)).toContain(mutant.caughtBy),
    60_000,
  );

  it.each(byName(CONTINUATION_MUTANTS))(
    'one that %s is caught',
    async (_, mutant) => expect(await catching(mutant, /^continuation\//)).toContain(mutant.caughtBy),
    60_000,
  );
});
