/**
 * `security_info_union` of avs_crypto for Node: describe a credential by where it comes from, resolve it to bytes once,
 * store and restore it, wipe it.
 */

export * from './certificate-chain.ts';
export type { ExtendedKeyUsage, KeyUsage, RequestedExtensions } from './certificate-extension.ts';
export { type CertificateServerOptions, certificateServer } from './certificate-server.ts';
export {
  type CertificateOptions,
  certificates,
  isWithoutServerCertValidation,
  isWithSha1HandshakeSignatures,
  withoutServerCertValidation,
  withSha1HandshakeSignatures,
} from './certificates.ts';
export * from './certification-request.ts';
export { rebuildCertificateChain } from './chain-rebuilding.ts';
export * from './ec-key.ts';
export type { Answer, KeyEngine, KeySigner, SignatureRequest } from './key-engine.ts';
export * from './persistence.ts';
export { type PersistenceContext, restoreContext, storeContext } from './persistence-context.ts';
export * from './pkcs7.ts';
export * from './private-key.ts';
export { type PskOptions, psk } from './psk.ts';
export * from './psk-material.ts';
export { type PskServerOptions, pskServer } from './psk-server.ts';
export * from './resolve-certificate-info.ts';
export * from './resolve-certificates.ts';
export type { ResolveOptions } from './resolve-options.ts';
export * from './resolve-private-key.ts';
export * from './resolve-psk.ts';
export * from './resolve-revocation-lists.ts';
export * from './revocation-list.ts';
export { empty } from './security-info.ts';
export { type ServerSecurityOptions, serverSecurity } from './server-security.ts';
export { wipeSecurity } from './wiping.ts';
export { X509_NAME, type X509NameKey, type X509Subject } from './x509-name.ts';
