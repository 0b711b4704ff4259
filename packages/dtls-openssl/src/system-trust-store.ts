/**
 * The trust anchors of the system. OpenSSL inside node has no useful paths of its own, so they are those that node:tls
 * trusts: from Node 22.15 on whatever its command line makes of it (`--use-system-ca`, NODE_EXTRA_CA_CERTS), before
 * that the authorities that node carries, and those of NODE_EXTRA_CA_CERTS.
 */

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';

/** DER; read at the first call. */
export function systemTrustStore(): readonly Uint8Array[] {
  store ??= trustedByNode().flatMap((pem) => certificate(pem) ?? []);
  return store;
}

function trustedByNode(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => string[] };
  return getCACertificates?.('default') ?? [...tls.rootCertificates, ...extraAnchors()];
}

/** Before Node 22.15 node does not tell what it has from there. */
function extraAnchors(): readonly string[] {
  const file = process.env['NODE_EXTRA_CA_CERTS'];
  if (file === undefined || file === '') return [];
  try {
    return readFileSync(file, 'latin1').match(CERTIFICATES) ?? [];
  } catch {
    // Node itself warns of it and goes on.
    return [];
  }
}

/** Undefined for what is none: what is wrong with the system is not the caller's fault. */
function certificate(pem: string): Uint8Array | undefined {
  try {
    return new X509Certificate(pem).raw;
  } catch {
    return undefined;
  }
}

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

let store: readonly Uint8Array[] | undefined;
