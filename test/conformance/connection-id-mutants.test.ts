/** The cases about connection ids are proven by backends that break what each of them is for. */

import { describe, expect, it } from 'vitest';
import { byName, catching } from './catching.ts';
import { CONNECTION_ID_MUTANTS } from './connection-id-mutants.ts';

describe('mutants of dtls-openssl', () => {
  it.each(byName(CONNECTION_ID_MUTANTS))(
    'one that %s is caught',
    async (_, mutant) => expect(await catching(mutant, /^ids\//)).toContain(mutant.caughtBy),
    60_000,
  );
});
