/** Configurations of clients and servers out of certificates that were made for a case. */

import { createHash } from 'node:crypto';
import type { SecureConfiguration, TlsaRecord } from '@avs-net/core/plugin';
import {
  type CertificateOptions,
  type CertificateServerOptions,
  certificateChainFromBuffer,
  certificateServer,
  certificates,
  certRevocationListFromBuffer,
  privateKeyFromBuffer,
  withSha1HandshakeSignatures,
} from '@avs-net/credentials';
import type { Fixture } from './authority.ts';

/** What a server's certificate is made with. */
export const NAMED = { names: ['server.example'] } as const;

export function trusting(root: Fixture, options: CertificateOptions = {}): SecureConfiguration['security'] {
  return certificates({
    trustedCerts: certificateChainFromBuffer(root.certificate),
    ignoreSystemTrustStore: true,
    ...options,
  });
}

/** It calls its server server.example. */
export function asClient(root: Fixture, options: CertificateOptions = {}): Partial<SecureConfiguration> {
  return { security: trusting(root, options), serverNameIndication: 'server.example' };
}

export function asServer(
  { certificate, key }: Fixture,
  rules: Partial<CertificateServerOptions> = {},
): Partial<SecureConfiguration> {
  const own = { serverCert: certificateChainFromBuffer(certificate), serverKey: privateKeyFromBuffer(key) };
  return { security: certificateServer({ ...own, ...rules }) };
}

export function shows({ certificate, key }: Fixture): CertificateOptions {
  return { clientCert: certificateChainFromBuffer(certificate), clientKey: privateKeyFromBuffer(key) };
}

/** The same with SHA-1 admitted in handshakes. */
export function signedWithSha1(configuration: Partial<SecureConfiguration>): Partial<SecureConfiguration> {
  const { security } = configuration;
  if (security?.mode !== 'certificate') throw new TypeError('only certificates sign');
  return { ...configuration, security: withSha1HandshakeSignatures(security) };
}

export function insisting(root: Fixture): Partial<CertificateServerOptions> {
  return { clientAuthentication: 'required', trustedCerts: certificateChainFromBuffer(root.certificate) };
}

export function knows(list: Uint8Array): Pick<CertificateOptions, 'certRevocationLists'> {
  return { certRevocationLists: certRevocationListFromBuffer(list) };
}

/** Domain-issued, by the digest of the whole certificate. */
export function tlsa({ certificate }: Fixture): TlsaRecord {
  const associationData = createHash('sha256').update(certificate).digest();
  return { certificateUsage: 3, selector: 0, matchingType: 1, associationData };
}
