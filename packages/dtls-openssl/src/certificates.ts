/**
 * Certificate mode (`avs_net_certificate_info_t`): reads the credential when a context is made and gives it to OpenSSL.
 * What is wrong with a file or a key is said by @avs-net/credentials.
 */

import type { CertificateInfo, EngineErrorInit } from '@avs-net/core/plugin';
import {
  type PrivateKeyKind,
  type ResolvedCertificateInfo,
  resolveCertificateInfo,
  resolveCertificateServerInfo,
} from '@avs-net/credentials';
import type { Addon } from './native.ts';
import type { CertificateCredential } from './options.ts';
import { systemTrustStore } from './system-trust-store.ts';

/** Errors: those of @avs-net/credentials. `key.der` belongs to the caller. */
export function loadCertificates(credential: CertificateCredential, path: string): Promise<ResolvedCertificateInfo> {
  const options = { operation: 'createSocket', path };
  return credential.role === 'server'
    ? resolveCertificateServerInfo(credential.info, options)
    : resolveCertificateInfo(credential.info, options);
}

/** A certificate that was read, and its place in the configuration. */
export interface LoadedCertificate {
  readonly credential: CertificateCredential;
  readonly path: string;
  readonly resolved: ResolvedCertificateInfo;
}

/** Errors: EINVAL where nothing is trusted, and for what OpenSSL refuses. */
export function useCertificates(
  addon: Addon,
  context: number,
  { credential, path, resolved }: LoadedCertificate,
  refuse: (init: EngineErrorInit) => Error,
): void {
  const { chain, key, trustedCerts, certRevocationLists } = resolved;
  if (key !== undefined && credential.role === 'server' && !SERVER_KEYS.includes(key.kind)) {
    const message = `${path}.serverKey: OpenSSL serves DTLS 1.2 with RSA and EC keys only, received ${key.kind}`;
    throw refuse({ code: 'ENOTSUP', message });
  }
  if (key?.der !== undefined) addon.useCertificate(context, Buffer.concat(chain), key.der);
  const dane = credential.role === 'client' && credential.info.dane === true;
  const mode = verifyMode(credential);
  const anchors = usesSystem(credential) ? [...systemTrustStore(), ...trustedCerts] : trustedCerts;
  if (mode !== VERIFY_NONE && !dane && anchors.length === 0) {
    const message = `${path}.trustedCerts: holds nothing, so no certificate of a peer could ever be accepted`;
    throw refuse({ code: 'EINVAL', message });
  }
  addon.useTrust(context, mode, Buffer.concat(anchors), Buffer.concat(certRevocationLists), dane);
}

/** Anything but a false that came through the loud door. */
export function isVerifying({ serverCertValidation }: CertificateInfo): boolean {
  return serverCertValidation !== false;
}

/** A server never does: whoever has any certificate of the public authorities would be its client. */
function usesSystem(credential: CertificateCredential): boolean {
  if (credential.role === 'server') return false;
  return isVerifying(credential.info) && credential.info.ignoreSystemTrustStore !== true;
}

function verifyMode(credential: CertificateCredential): number {
  if (credential.role === 'client') return isVerifying(credential.info) ? VERIFY_PEER : VERIFY_NONE;
  const { clientAuthentication = 'none' } = credential.info;
  if (clientAuthentication === 'none') return VERIFY_NONE;
  return clientAuthentication === 'required' ? VERIFY_PEER | FAIL_WITHOUT_CERTIFICATE : VERIFY_PEER;
}

/** For others it finds a suite in TLS only. */
const SERVER_KEYS: readonly PrivateKeyKind[] = ['rsa', 'ec'];

/** SSL_VERIFY_NONE, SSL_VERIFY_PEER, SSL_VERIFY_FAIL_IF_NO_PEER_CERT. */
const VERIFY_NONE = 0;
const VERIFY_PEER = 1;
const FAIL_WITHOUT_CERTIFICATE = 2;
