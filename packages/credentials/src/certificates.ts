/**
 * The credential of a certificate client, `avs_net_certificate_info_t`. Deliberate differences: the server is verified
 * unless `withoutServerCertValidation` says otherwise, and a certificate without its key is refused, not asserted.
 */

import type {
  CertificateChainInfo,
  CertificateInfo,
  CertificateServerInfo,
  CertRevocationListInfo,
  PrivateKeyInfo,
} from '@avs-net/core/plugin';
import { checkBoolean, checkFields } from './byte-argument.ts';
import { inside, type Place, refusal } from './credential-error.ts';
import { copySecurityInfo } from './security-info.ts';

export interface CertificateOptions {
  /** Only `true` is accepted here, which is also the default. */
  readonly serverCertValidation?: true;
  /** Trust nothing but `trustedCerts`; default false. */
  readonly ignoreSystemTrustStore?: boolean;
  /** Obey the TLSA records given to the socket (RFC 6698); default false. */
  readonly dane?: boolean;
  readonly trustedCerts?: CertificateChainInfo;
  /** Revocation is checked as soon as there is one. */
  readonly certRevocationLists?: CertRevocationListInfo;
  /** Leaf first. Needs `clientKey`. */
  readonly clientCert?: CertificateChainInfo;
  readonly clientKey?: PrivateKeyInfo;
  /** Append issuers of the last certificate as far as the trust store has them; default false. */
  readonly rebuildClientCertChain?: boolean;
}

/** Copies everything. Errors: EINVAL with the path of what is wrong. */
export function certificates(options: CertificateOptions): CertificateInfo {
  const at = { operation: 'certificates', path: '' };
  const given = checkFields(options, CLIENT_FIELDS, at);
  if (given['serverCertValidation'] === false) {
    throw refusal(
      'EINVAL',
      inside(at, 'serverCertValidation'),
      'cannot be switched off here; if any server may really pass for the right one, wrap the result in ' +
        'withoutServerCertValidation()',
    );
  }
  const clientCert = copyOptional(given['clientCert'], 'certificateChain', inside(at, 'clientCert'));
  const clientKey = copyOptional(given['clientKey'], 'privateKey', inside(at, 'clientKey'));
  checkPair(clientCert, clientKey, at);
  return Object.freeze({
    mode: 'certificate',
    serverCertValidation: true,
    ...flags(given, ['serverCertValidation', 'ignoreSystemTrustStore', 'dane', 'rebuildClientCertChain'], at),
    ...copyTrust(given, at),
    ...(clientCert === undefined ? {} : { clientCert }),
    ...(clientKey === undefined ? {} : { clientKey }),
  });
}

/**
 * A client that talks to whoever answers: certificate, name and trust anchors of the server are not checked, so anybody
 * on the path can read and change everything. For experiments. The result carries a brand that backends and `check`
 * see.
 */
export function withoutServerCertValidation(info: CertificateInfo): CertificateInfo {
  const at = { operation: 'withoutServerCertValidation', path: 'info' };
  if (typeof info !== 'object' || info === null || info.mode !== 'certificate' || 'serverCert' in info) {
    throw refusal('EINVAL', at, 'expected what certificates() made; only a client verifies a server certificate');
  }
  return Object.freeze({ ...info, serverCertValidation: false, [WITHOUT_SERVER_CERT_VALIDATION]: true });
}

/** True if `info` was made by `withoutServerCertValidation`. */
export function isWithoutServerCertValidation(info: object): boolean {
  return (info as Readonly<Record<symbol, unknown>>)[WITHOUT_SERVER_CERT_VALIDATION] === true;
}

/**
 * Admits (D)TLS below 1.2 with certificates, where both sides sign the handshake with SHA-1 (RFC 4346 §7.4.3): whoever
 * can find collisions in it can pass for the peer (SLOTH). For devices that cannot be updated; `version.min` has to ask
 * for the old version too. Signatures in certificates stay as strict as ever, and so do handshakes of 1.2 and later.
 */
export function withSha1HandshakeSignatures<T extends CertificateInfo | CertificateServerInfo>(info: T): T {
  const at = { operation: 'withSha1HandshakeSignatures', path: 'info' };
  if (typeof info !== 'object' || info === null || info.mode !== 'certificate') {
    throw refusal('EINVAL', at, 'expected what certificates() or certificateServer() made');
  }
  return Object.freeze(
    Object.assign({}, info, { sha1HandshakeSignatures: true, [WITH_SHA1_HANDSHAKE_SIGNATURES]: true }),
  );
}

/** True if `info` was made by `withSha1HandshakeSignatures`. */
export function isWithSha1HandshakeSignatures(info: object): boolean {
  return (info as Readonly<Record<symbol, unknown>>)[WITH_SHA1_HANDSHAKE_SIGNATURES] === true;
}

/** Trust anchors and revocation lists, as client and server have them. */
export function copyTrust(
  given: Readonly<Record<string, unknown>>,
  at: Place,
): { trustedCerts?: CertificateChainInfo; certRevocationLists?: CertRevocationListInfo } {
  const trustedCerts = copyOptional(given['trustedCerts'], 'certificateChain', inside(at, 'trustedCerts'));
  const revocation = inside(at, 'certRevocationLists');
  const certRevocationLists = copyOptional(given['certRevocationLists'], 'certRevocationList', revocation);
  return {
    ...(trustedCerts === undefined ? {} : { trustedCerts }),
    ...(certRevocationLists === undefined ? {} : { certRevocationLists }),
  };
}

function copyOptional<T extends 'certificateChain' | 'privateKey' | 'certRevocationList'>(
  value: unknown,
  type: T,
  place: Place,
): ReturnType<typeof copySecurityInfo<T>> | undefined {
  return value === undefined ? undefined : copySecurityInfo(value, type, place);
}

/** avs_net asserts here; a key that nothing is signed with is a mistake as well. */
function checkPair(cert: CertificateChainInfo | undefined, key: PrivateKeyInfo | undefined, at: Place): void {
  const hasCert = cert !== undefined && cert.source !== 'empty';
  const hasKey = key !== undefined && key.source !== 'empty';
  if (hasCert && !hasKey) throw refusal('EINVAL', inside(at, 'clientKey'), 'clientCert is given, so its key is needed');
  if (hasKey && !hasCert) {
    throw refusal('EINVAL', inside(at, 'clientCert'), 'clientKey is given, so its certificate is needed');
  }
}

function flags(given: Readonly<Record<string, unknown>>, names: readonly string[], at: Place): object {
  const present = names.filter((name) => given[name] !== undefined);
  return Object.fromEntries(present.map((name) => [name, checkBoolean(given[name], inside(at, name))]));
}

const WITH_SHA1_HANDSHAKE_SIGNATURES = Symbol.for('@avs-net/credentials/withSha1HandshakeSignatures');
const WITHOUT_SERVER_CERT_VALIDATION = Symbol.for('@avs-net/credentials/withoutServerCertValidation');
const CLIENT_FIELDS = [
  'serverCertValidation',
  'ignoreSystemTrustStore',
  'dane',
  'trustedCerts',
  'certRevocationLists',
  'clientCert',
  'clientKey',
  'rebuildClientCertChain',
];
