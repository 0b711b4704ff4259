/** The certificate cases are proven by backends that break what each of them is for. */

import { describe, expect, it } from 'vitest';
import { catching } from './catching.ts';
import { CERTIFICATE_MUTANTS } from './certificate-mutants.ts';

describe('mutants of dtls-openssl', () => {
  it.each(CERTIFICATE_MUTANTS)(
    'one that $name is caught',
    async (mutant) => expect(await catching(mutant, /^certificate\//)).toContain(mutant.caughtBy),
    60_000,
  );
});
