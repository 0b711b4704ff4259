/**
 * Whom a client trusts: the anchors of the configuration and, unless it says otherwise, those that node trusts by
 * itself (its own list or, where node was told so, that of the system).
 */

import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { certificatesPem } from './pem.ts';

/** For `ca` of node:tls; undefined: what node trusts by itself. */
export function trustAnchors(trustedCerts: readonly Uint8Array[], ignoreSystem: boolean): string[] | undefined {
  const own = trustedCerts.map((der) => certificatesPem([der]));
  if (ignoreSystem) return own;
  return own.length === 0 ? undefined : [...own, ...trustedByNode()];
}

function trustedByNode(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => string[] };
  return getCACertificates?.('default') ?? [...tls.rootCertificates, ...extraAnchors()];
}

/** Before Node 22.15 node does not tell what it has from there. */
function extraAnchors(): string[] {
  const file = process.env['NODE_EXTRA_CA_CERTS'];
  if (file === undefined || file === '') return [];
  try {
    return readFileSync(file, 'latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  } catch {
    // Node itself warns of it and goes on.
    return [];
  }
}
