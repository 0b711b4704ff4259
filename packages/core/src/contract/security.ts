/**
 * `avs_crypto_security_info_union_t`: a credential is described by where it comes from (`source`) and tagged with what
 * it is (`type`). Types only; constructors, resolving to bytes and persistence are in @avs-net/credentials.
 */

/** What a credential is, `avs_crypto_security_info_tag_t`. */
export type SecurityInfoType = 'certificateChain' | 'privateKey' | 'certRevocationList' | 'pskIdentity' | 'pskKey';

/** Where a credential comes from, `avs_crypto_data_source_t`. */
export type DataSource = 'empty' | 'file' | 'path' | 'buffer' | 'array' | 'list' | 'engine';

/** `T` is fixed by the constructor, so that a key cannot be passed where a certificate belongs. */
export type SecurityInfo<T extends SecurityInfoType = SecurityInfoType> =
  | { readonly type: T; readonly source: 'empty' }
  | { readonly type: T; readonly source: 'file'; readonly filename: string; readonly password?: Password }
  | { readonly type: T; readonly source: 'path'; readonly path: string }
  | { readonly type: T; readonly source: 'buffer'; readonly buffer: Uint8Array; readonly password?: Password }
  | { readonly type: T; readonly source: 'array'; readonly elements: readonly SecurityInfo<T>[] }
  | { readonly type: T; readonly source: 'list'; readonly list: Iterable<SecurityInfo<T>> }
  | { readonly type: T; readonly source: 'engine'; readonly query: string };

/** Bytes, because a string cannot be wiped. */
export type Password = Uint8Array;

export type CertificateChainInfo = SecurityInfo<'certificateChain'>;
export type PrivateKeyInfo = SecurityInfo<'privateKey'>;
export type CertRevocationListInfo = SecurityInfo<'certRevocationList'>;
export type PskIdentityInfo = SecurityInfo<'pskIdentity'>;
export type PskKeyInfo = SecurityInfo<'pskKey'>;

/** `avs_net_psk_info_t`: key and identity must both be `buffer` (or `engine` where claimed). */
export interface PskInfo {
  readonly mode: 'psk';
  readonly key: PskKeyInfo;
  readonly identity: PskIdentityInfo;
}

/** Server side of PSK; avs_net has no counterpart. */
export interface PskServerInfo {
  readonly mode: 'psk';
  readonly lookup: PskLookup;
  /** RFC 4279 §5.2; an absent hint differs from an empty one. */
  readonly identityHint?: Uint8Array;
  /**
   * What an unknown identity sees. `conceal` (default): exactly what a wrong key sees, RFC 4279 §2.
   * `alert`: unknown_psk_identity (115).
   */
  readonly unknownIdentity?: 'conceal' | 'alert';
}

/**
 * The key of `identity`, or undefined if there is none. The bytes are copied and the copy is wiped; `signal` is aborted
 * when the peer goes away. Throwing or rejecting counts as none: the server counts it as `lookupFailed` and traces it.
 */
export type PskLookup = (
  identity: Uint8Array,
  signal: AbortSignal,
) => Uint8Array | undefined | Promise<Uint8Array | undefined>;

/** `avs_net_certificate_info_t`. */
export interface CertificateInfo {
  readonly mode: 'certificate';
  /** Default true. False is only made by `withoutServerCertValidation` of @avs-net/credentials. */
  readonly serverCertValidation?: boolean;
  readonly ignoreSystemTrustStore?: boolean;
  readonly dane?: boolean;
  readonly trustedCerts?: CertificateChainInfo;
  readonly certRevocationLists?: CertRevocationListInfo;
  readonly clientCert?: CertificateChainInfo;
  readonly clientKey?: PrivateKeyInfo;
  readonly rebuildClientCertChain?: boolean;
  /** True is only made by `withSha1HandshakeSignatures` of @avs-net/credentials. */
  readonly sha1HandshakeSignatures?: boolean;
}

/** Server side of certificates. */
export interface CertificateServerInfo {
  readonly mode: 'certificate';
  readonly serverCert: CertificateChainInfo;
  readonly serverKey: PrivateKeyInfo;
  readonly clientAuthentication?: 'none' | 'optional' | 'required';
  readonly trustedCerts?: CertificateChainInfo;
  readonly certRevocationLists?: CertRevocationListInfo;
  /** True is only made by `withSha1HandshakeSignatures` of @avs-net/credentials. */
  readonly sha1HandshakeSignatures?: boolean;
}

/**
 * A server for both kinds of client on one port: the ciphersuite that a handshake settles on decides which credential
 * counts. `unknownIdentity` is about clients with a PSK, `clientAuthentication` about those with a certificate.
 */
export interface MixedServerInfo {
  readonly mode: 'mixed';
  readonly psk: PskServerInfo;
  readonly certificate: CertificateServerInfo;
}

/**
 * The credentials of a server by the name that a client asks for (RFC 6066 §3): a table, or a function that finds them.
 * In a table `*.example` stands for one label; the name itself goes before it.
 */
export type ServerNames = Readonly<Record<string, CertificateServerInfo>> | ServerNameLookup;

/**
 * The credential of `name`, which is in lower case and in ASCII; undefined: there is none, and the client is refused.
 * Give the same object as long as nothing has changed: it is read once and kept. `signal` is aborted when the peer goes
 * away. Throwing or rejecting counts as none: the server counts it as `lookupFailed` and traces it.
 */
export type ServerNameLookup = (
  name: string,
  signal: AbortSignal,
) => CertificateServerInfo | undefined | Promise<CertificateServerInfo | undefined>;

/** `avs_net_security_info_t` and its server counterparts. */
export type Security = PskInfo | PskServerInfo | CertificateInfo | CertificateServerInfo | MixedServerInfo;

export type SecurityMode = Security['mode'];

/** The role that `security` was written for: `bind` wants a server's, `connect` a client's. */
export function securityRole(security: Security): 'client' | 'server' {
  return 'lookup' in security || 'serverCert' in security || security.mode === 'mixed' ? 'server' : 'client';
}

/** What clients with a PSK are served with. */
export function pskServerOf(security: Security): PskServerInfo | undefined {
  if (security.mode === 'mixed') return security.psk;
  return 'lookup' in security ? security : undefined;
}

/** What clients without one are served with, if they ask for no name that has a credential of its own. */
export function certificateServerOf(security: Security): CertificateServerInfo | undefined {
  if (security.mode === 'mixed') return security.certificate;
  return 'serverCert' in security ? security : undefined;
}
