/** Certificates for the tests of a file: made when the first of them runs, and gone behind the last. */

import { afterAll, beforeEach } from 'vitest';
import { needs } from './peers.ts';
import { createPki, type Pki } from './pki.ts';

/** Registers hooks: call it once at the top of a file. Its tests need `openssl`, which `make` uses, once for all. */
export function pkiStage(make: (pki: Pki) => void): void {
  let pki: Pki | undefined;
  beforeEach((test) => {
    needs(test, 'openssl');
    if (pki !== undefined) return;
    pki = createPki();
    make(pki);
  });
  afterAll(() => pki?.[Symbol.dispose]());
}
