/** The cases of names and of both kinds of client are proven by backends that break what each of them is for. */

import { plan } from '@avs-net/conformance';
import { describe, expect, it } from 'vitest';
import { byName, catching } from './catching.ts';
import { NAME_MUTANTS } from './name-mutants.ts';

const GROUPS = /^(names|mixed)\//;

describe('mutants of dtls-openssl', () => {
  it.each(byName(NAME_MUTANTS))(
    'one that %s is caught',
    async (_, mutant) => expect(await catching(mutant, GROUPS)).toContain(mutant.caughtBy),
    120_000,
  );

  it('has one for every case', () => {
    const cases = plan(NAME_MUTANTS[0]!.plugin).map(({ conformanceCase }) => conformanceCase.id);
    const caught = NAME_MUTANTS.map(({ caughtBy }) => caughtBy);
    expect(cases.filter((id) => GROUPS.test(id) && !caught.includes(id))).toEqual([]);
  });
});
