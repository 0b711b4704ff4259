/** The certificate cases are proven by backends that break what each of them is for. */

import { describe, expect, it } from 'vitest';
import { byName, catching } from './catching.ts';
import { CERTIFICATE_MUTANTS } from './certificate-mutants.ts';

describe('mutants of dtls-openssl', () => {
  it.each(byName(CERTIFICATE_MUTANTS))(
    'one that %s is caught',
    async (_, mutant) => expect(await catching(mutant, /^certificate\//)).toContain(mutant.caughtBy),
    60_000,
  );
});
