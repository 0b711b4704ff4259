/**
 * Constructors of certificate chains and trust anchors, `avs_crypto_certificate_chain_info_from_*`, and their copies,
 * `avs_crypto_certificate_chain_info_copy_as_*`. Descriptions only: nothing is opened or parsed before it is resolved.
 */

import type { CertificateChainInfo } from '@avs-net/core/plugin';
import { flatten } from './flattening.ts';
import { copySecurityInfo, makeCompound } from './security-info.ts';

/** Every certificate of a PEM file, or the one of a DER file. Errors: EINVAL. */
export function certificateChainFromFile(filename: string): CertificateChainInfo {
  return build('certificateChainFromFile', { source: 'file', filename });
}

/** The certificates of a directory, with plain or with hashed names; trust anchors only. Errors: EINVAL. */
export function certificateChainFromPath(path: string): CertificateChainInfo {
  return build('certificateChainFromPath', { source: 'path', path });
}

/** PEM with any number of certificates, or exactly one in DER; copied. Errors: EINVAL. */
export function certificateChainFromBuffer(buffer: Uint8Array): CertificateChainInfo {
  return build('certificateChainFromBuffer', { source: 'buffer', buffer });
}

/** Elements may nest; all are copied. Errors: EINVAL with the path of the offending element. */
export function certificateChainFromArray(elements: readonly CertificateChainInfo[]): CertificateChainInfo {
  return build('certificateChainFromArray', { source: 'array', elements });
}

/** Like `certificateChainFromArray` for any iterable, which is walked once, now. */
export function certificateChainFromList(list: Iterable<CertificateChainInfo>): CertificateChainInfo {
  return build('certificateChainFromList', { source: 'list', list });
}

/** What a `KeyEngine` keeps under `query`, usually an RFC 7512 URI. Errors: EINVAL. */
export function certificateChainFromEngine(query: string): CertificateChainInfo {
  return build('certificateChainFromEngine', { source: 'engine', query });
}

/** Flattened, without empty leaves, deep-copied; source `array`. Files and directories stay references. */
export function certificateChainCopyAsArray(info: CertificateChainInfo): CertificateChainInfo {
  const copy = copySecurityInfo(info, 'certificateChain', { operation: 'certificateChainCopyAsArray', path: 'info' });
  return makeCompound('certificateChain', 'array', flatten(copy));
}

/** Like `certificateChainCopyAsArray` with source `list`. */
export function certificateChainCopyAsList(info: CertificateChainInfo): CertificateChainInfo {
  const copy = copySecurityInfo(info, 'certificateChain', { operation: 'certificateChainCopyAsList', path: 'info' });
  return makeCompound('certificateChain', 'list', flatten(copy));
}

function build(operation: string, fields: object): CertificateChainInfo {
  return copySecurityInfo({ type: 'certificateChain', ...fields }, 'certificateChain', { operation, path: '' });
}
