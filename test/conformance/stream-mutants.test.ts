/** The cases of TLS over streams are proven by backends that break what each of them is for. */

import { plan, runCase } from '@avs-net/conformance';
import * as core from '@avs-net/core';
import { describe, expect, it } from 'vitest';
import { STREAM_MUTANTS } from './stream-mutants.ts';

describe('mutants of tls-node', () => {
  it.each(STREAM_MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    'one that %s is caught',
    async (name, { plugin, caughtBy, core: broken = core }) => {
      const cases = plan(plugin).filter(({ conformanceCase }) => caughtBy.includes(conformanceCase.id));
      const outcomes = await Promise.all(
        cases.map((planned) => runCase(planned, plugin, { core: broken, peer: plugin })),
      );
      const caught = outcomes.filter(({ result }) => result === 'fail').map(({ id }) => id);
      process.stdout.write(`${name}: caught by ${caught.join(', ')}\n`);
      expect(caught).toEqual(caughtBy);
    },
    120_000,
  );
});
