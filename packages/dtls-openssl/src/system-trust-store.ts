/**
 * The trust anchors of the system. OpenSSL inside node has no useful paths of its own, so they are those that node:tls
 * trusts: from Node 22.15 on whatever its command line makes of it (`--use-system-ca`, NODE_EXTRA_CA_CERTS), before that
 * the authorities that node carries.
 */

import { X509Certificate } from 'node:crypto';
import * as tls from 'node:tls';

/** DER; read at the first call. */
export function systemTrustStore(): readonly Uint8Array[] {
  store ??= trustedByNode().map((pem) => new X509Certificate(pem).raw);
  return store;
}

function trustedByNode(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => string[] };
  return getCACertificates?.('default') ?? tls.rootCertificates;
}

let store: readonly Uint8Array[] | undefined;
