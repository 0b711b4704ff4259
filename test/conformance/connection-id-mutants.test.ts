/** The cases about connection ids are proven by backends that break what each of them is for. */

import { plan, runCase } from '@avs-net/conformance';
import * as core from '@avs-net/core';
import { describe, expect, it } from 'vitest';
import { CONNECTION_ID_MUTANTS } from './connection-id-mutants.ts';

describe('mutants of dtls-openssl', () => {
  it.each(CONNECTION_ID_MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    'one that %s is caught',
    async (name, { plugin, caughtBy }) => {
      const caught: string[] = [];
      for (const planned of plan(plugin)) {
        if (!/^ids\//.test(planned.conformanceCase.id)) continue;
        const outcome = await runCase(planned, plugin, { core, peer: plugin });
        if (outcome.result === 'fail') caught.push(outcome.id);
      }
      process.stdout.write(`${name}: caught by ${caught.join(', ')}\n`);
      expect(caught).toContain(caughtBy);
    },
    60_000,
  );
});
