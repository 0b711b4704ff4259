/** The cases of names and of both kinds of client are proven by backends that break what each of them is for. */

import { plan, runCase } from '@avs-net/conformance';
import * as core from '@avs-net/core';
import { describe, expect, it } from 'vitest';
import { NAME_MUTANTS } from './name-mutants.ts';

describe('mutants of dtls-openssl', () => {
  it.each(NAME_MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    'one that %s is caught',
    async (name, { plugin, caughtBy }) => {
      const caught: string[] = [];
      for (const planned of plan(plugin)) {
        if (!/^(names|mixed)\//.test(planned.conformanceCase.id)) continue;
        const outcome = await runCase(planned, plugin, { core, peer: plugin });
        if (outcome.result === 'fail') caught.push(outcome.id);
      }
      process.stdout.write(`${name}: caught by ${caught.join(', ')}\n`);
      expect(caught).toContain(caughtBy);
    },
    120_000,
  );

  it('has one for every case', () => {
    const cases = plan(NAME_MUTANTS[0]!.plugin).map(({ conformanceCase }) => conformanceCase.id);
    const caught = NAME_MUTANTS.map(({ caughtBy }) => caughtBy);
    expect(cases.filter((id) => /^(names|mixed)\//.test(id) && !caught.includes(id))).toEqual([]);
  });
});
