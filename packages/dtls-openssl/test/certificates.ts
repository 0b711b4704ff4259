/**
 * Certificate credentials for tests, out of what the recipe of test/pki.ts makes, and a handshake with them.
 */

import type { CertificateInfo, CertificateServerInfo, SecureConfiguration } from '@avs-net/core/plugin';
import { certificateChainFromBuffer, certRevocationListFromBuffer, privateKeyFromBuffer } from '@avs-net/credentials';
import type { Identity } from '../../../test/pki.ts';
import { type Carry, type EndOptions, Wire } from './wire.ts';

/** A client that trusts these and nobody else. */
export function trusting(authorities: readonly Identity[], overrides: Partial<CertificateInfo> = {}): CertificateInfo {
  const trustedCerts = chainOf(...authorities.map(({ certificate }) => certificate));
  return { mode: 'certificate', ignoreSystemTrustStore: true, trustedCerts, ...overrides };
}

export function presenting(
  { chain, key }: Pick<Identity, 'chain' | 'key'>,
  overrides: Partial<CertificateServerInfo> = {},
): CertificateServerInfo {
  return { mode: 'certificate', serverCert: chainOf(chain), serverKey: privateKeyFromBuffer(key), ...overrides };
}

/** What a client adds to have a certificate of its own. */
export function ownCertificate({ chain, key }: Pick<Identity, 'chain' | 'key'>): Partial<CertificateInfo> {
  return { clientCert: chainOf(chain), clientKey: privateKeyFromBuffer(key) };
}

export function chainOf(...pem: readonly Uint8Array[]): ReturnType<typeof certificateChainFromBuffer> {
  return certificateChainFromBuffer(Buffer.concat(pem));
}

export function revoking(...lists: readonly { pem: Buffer }[]): Pick<CertificateInfo, 'certRevocationLists'> {
  return { certRevocationLists: certRevocationListFromBuffer(Buffer.concat(lists.map(({ pem }) => pem))) };
}

export function configured(
  security: SecureConfiguration['security'],
  overrides: Partial<SecureConfiguration> = {},
): SecureConfiguration {
  return { security, ...overrides };
}

export interface Meeting {
  /** Default: server.example. */
  readonly serverName?: string | undefined;
  readonly client?: EndOptions;
  readonly server?: EndOptions;
  readonly carry?: Carry;
}

/** A handshake until both are there or one has ended. */
export async function meet(
  client: SecureConfiguration,
  server: SecureConfiguration,
  { serverName = 'server.example', carry, ...ends }: Meeting = {},
): Promise<Wire> {
  const wire = await Wire.of(client, server, carry, {
    client: { serverName, ...ends.client },
    server: ends.server ?? {},
  });
  return wire.connect();
}
