/**
 * A whole certificate credential of a client or a server from description to bytes: what a backend calls when it makes
 * a context. Own certificate and key are checked to belong together; trust anchors are left alone where nothing uses
 * them.
 */

import type { CertificateInfo, CertificateServerInfo } from '@avs-net/core/plugin';
import { wipe } from '@avs-net/core/plugin';
import { rebuildCertificateChain } from './chain-rebuilding.ts';
import { inside, type Place, refusal, unexpected } from './credential-error.ts';
import { resolveCertificateChain, resolveTrustedCerts } from './resolve-certificates.ts';
import { type ResolveOptions, startingPlace } from './resolve-options.ts';
import { checkKeyMatches, type ResolvedPrivateKey, resolvePrivateKey } from './resolve-private-key.ts';
import { resolveCertRevocationLists } from './resolve-revocation-lists.ts';
import { empty } from './security-info.ts';

export interface ResolvedCertificateInfo {
  /** DER, leaf first; empty if the client has none. */
  readonly chain: readonly Uint8Array[];
  /** There if and only if there is a chain. Its `der` belongs to the caller, who wipes it. */
  readonly key?: ResolvedPrivateKey;
  /** DER; without those of the system. */
  readonly trustedCerts: readonly Uint8Array[];
  /** DER; revocation is to be checked as soon as there is one. */
  readonly certRevocationLists: readonly Uint8Array[];
}

/** Errors: those of the `resolve…` functions and of `checkKeyMatches`, with the field in front. */
export async function resolveCertificateInfo(
  info: CertificateInfo,
  options: ResolveOptions = {},
): Promise<ResolvedCertificateInfo> {
  const place = startingPlace(options, 'resolveCertificateInfo', '');
  checkMode(info, place);
  const verifies = info.serverCertValidation !== false;
  const needsAnchors = verifies || info.rebuildClientCertChain === true;
  const trust = await resolveTrust(needsAnchors ? info : {}, place, options);
  const own = await resolveOwn(info.clientCert, info.clientKey, ['clientCert', 'clientKey'], place, options);
  if (info.rebuildClientCertChain !== true) return { ...trust, ...own };
  return { ...trust, ...own, chain: rebuildCertificateChain(own.chain, trust.trustedCerts) };
}

/** Like `resolveCertificateInfo`; certificate and key must be there. */
export async function resolveCertificateServerInfo(
  info: CertificateServerInfo,
  options: ResolveOptions = {},
): Promise<ResolvedCertificateInfo & { readonly key: ResolvedPrivateKey }> {
  const place = startingPlace(options, 'resolveCertificateServerInfo', '');
  checkMode(info, place);
  const trust = await resolveTrust(info, place, options);
  const { chain, key } = await resolveOwn(info.serverCert, info.serverKey, ['serverCert', 'serverKey'], place, options);
  if (key !== undefined) return { ...trust, chain, key };
  throw refusal('EINVAL', inside(place, 'serverCert'), 'holds no certificate; a server cannot do without');
}

async function resolveTrust(
  { trustedCerts, certRevocationLists }: Pick<CertificateInfo, 'trustedCerts' | 'certRevocationLists'>,
  place: Place,
  options: ResolveOptions,
): Promise<Pick<ResolvedCertificateInfo, 'trustedCerts' | 'certRevocationLists'>> {
  return {
    trustedCerts: await resolveTrustedCerts(
      trustedCerts ?? empty('certificateChain'),
      optionsAt(inside(place, 'trustedCerts'), options),
    ),
    certRevocationLists: await resolveCertRevocationLists(
      certRevocationLists ?? empty('certRevocationList'),
      optionsAt(inside(place, 'certRevocationLists'), options),
    ),
  };
}

async function resolveOwn(
  cert: CertificateInfo['clientCert'],
  keyInfo: CertificateInfo['clientKey'],
  [certField, keyField]: readonly [string, string],
  place: Place,
  options: ResolveOptions,
): Promise<Pick<ResolvedCertificateInfo, 'chain' | 'key'>> {
  const certOptions = optionsAt(inside(place, certField), options);
  const keyOptions = optionsAt(inside(place, keyField), options);
  const chain = await resolveCertificateChain(cert ?? empty('certificateChain'), certOptions);
  const hasKey = keyInfo !== undefined && keyInfo.source !== 'empty';
  if (chain.length === 0) {
    if (!hasKey) return { chain };
    throw refusal('EINVAL', inside(place, certField), `${keyField} is given, so its certificate is needed`);
  }
  if (!hasKey) throw refusal('EINVAL', inside(place, keyField), `${certField} is given, so its key is needed`);
  const key = await resolvePrivateKey(keyInfo, keyOptions);
  try {
    checkKeyMatches(chain, key, keyOptions);
  } catch (error) {
    if (key.der !== undefined) wipe(key.der);
    throw error;
  }
  return { chain, key };
}

function optionsAt(place: Place, { engine }: ResolveOptions): ResolveOptions {
  return { engine, operation: place.operation, path: place.path };
}

function checkMode(info: unknown, place: Place): void {
  const mode: unknown = Object(info).mode;
  if (mode !== 'certificate') throw unexpected(inside(place, 'mode'), "'certificate'", mode);
}
