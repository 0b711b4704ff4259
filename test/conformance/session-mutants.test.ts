/** Cases about what outlives a socket, and about exported keys, are proven by backends that break what each is for. */

import { plan, runCase } from '@avs-net/conformance';
import * as core from '@avs-net/core';
import { describe, expect, it } from 'vitest';
import { CONTINUATION_MUTANTS } from './continuation-mutants.ts';
import { SESSION_MUTANTS } from './session-mutants.ts';

describe('mutants of dtls-openssl', () => {
  it.each([...SESSION_MUTANTS, ...CONTINUATION_MUTANTS].map((mutant) => [mutant.name, mutant] as const))(
    'one that %s is caught',
    async (name, { plugin, caughtBy }) => {
      const groups = caughtBy.startsWith('continuation/') ? /^continuation\// : /^(sessions|claims)\//;
      const caught: string[] = [];
      for (const planned of plan(plugin)) {
        if (!groups.test(planned.conformanceCase.id)) continue;
        const outcome = await runCase(planned, plugin, { core, peer: plugin });
        if (outcome.result === 'fail') caught.push(outcome.id);
      }
      process.stdout.write(`${name}: caught by ${caught.join(', ')}\n`);
      expect(caught).toContain(caughtBy);
    },
    60_000,
  );
});
