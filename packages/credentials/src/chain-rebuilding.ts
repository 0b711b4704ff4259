/**
 * Completes an own chain from the trust anchors, `rebuild_client_cert_chain`: while the last certificate is not
 * self-signed its issuer is appended, until none is found or a cycle would start. Not finding one is no error.
 */

import type { X509Certificate } from 'node:crypto';
import { x509 } from './certificate-parsing.ts';

/** A new array; DER in, DER out. Errors: EPROTO for what is no certificate. */
export function rebuildCertificateChain(chain: readonly Uint8Array[], trusted: readonly Uint8Array[]): Uint8Array[] {
  const place = { operation: 'rebuildCertificateChain', path: '' };
  const anchors = trusted.map((der) => ({ der, certificate: x509(der, { ...place, path: 'trusted' }) }));
  const rebuilt = [...chain];
  const used = new Set(chain.map((der) => x509(der, { ...place, path: 'chain' }).fingerprint256));
  for (;;) {
    const lastDer = rebuilt.at(-1);
    if (lastDer === undefined) return rebuilt;
    const last = x509(lastDer, { ...place, path: 'chain' });
    if (isIssuedBy(last, last)) return rebuilt;
    const issuer = anchors.find(({ certificate }) => isIssuedBy(last, certificate));
    if (issuer === undefined || used.has(issuer.certificate.fingerprint256)) return rebuilt;
    used.add(issuer.certificate.fingerprint256);
    rebuilt.push(issuer.der);
  }
}

/** By name, key identifier and signature. */
function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}
