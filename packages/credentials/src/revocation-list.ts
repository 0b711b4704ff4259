/**
 * Constructors of certificate revocation lists, `avs_crypto_cert_revocation_list_info_from_*`, and their copies.
 * As in avs_crypto there is none for a directory: both loaders refuse it.
 */

import type { CertRevocationListInfo } from '@avs-net/core/plugin';
import { flatten } from './flattening.ts';
import { copySecurityInfo, makeCompound } from './security-info.ts';

/** Every CRL of a PEM file, or the one of a DER file. Errors: EINVAL. */
export function certRevocationListFromFile(filename: string): CertRevocationListInfo {
  return build('certRevocationListFromFile', { source: 'file', filename });
}

/** PEM with any number of CRLs, or exactly one in DER; copied. Errors: EINVAL. */
export function certRevocationListFromBuffer(buffer: Uint8Array): CertRevocationListInfo {
  return build('certRevocationListFromBuffer', { source: 'buffer', buffer });
}

/** Elements may nest; all are copied. Errors: EINVAL with the path of the offending element. */
export function certRevocationListFromArray(elements: readonly CertRevocationListInfo[]): CertRevocationListInfo {
  return build('certRevocationListFromArray', { source: 'array', elements });
}

/** Like `certRevocationListFromArray` for any iterable, which is walked once, now. */
export function certRevocationListFromList(list: Iterable<CertRevocationListInfo>): CertRevocationListInfo {
  return build('certRevocationListFromList', { source: 'list', list });
}

/** What a `KeyEngine` keeps under `query`; avs_crypto has the loader but not the constructor. Errors: EINVAL. */
export function certRevocationListFromEngine(query: string): CertRevocationListInfo {
  return build('certRevocationListFromEngine', { source: 'engine', query });
}

/** Flattened, without empty leaves, deep-copied; source `array`. Files stay references. */
export function certRevocationListCopyAsArray(info: CertRevocationListInfo): CertRevocationListInfo {
  const place = { operation: 'certRevocationListCopyAsArray', path: 'info' };
  return makeCompound('certRevocationList', 'array', flatten(copySecurityInfo(info, 'certRevocationList', place)));
}

/** Like `certRevocationListCopyAsArray` with source `list`. */
export function certRevocationListCopyAsList(info: CertRevocationListInfo): CertRevocationListInfo {
  const place = { operation: 'certRevocationListCopyAsList', path: 'info' };
  return makeCompound('certRevocationList', 'list', flatten(copySecurityInfo(info, 'certRevocationList', place)));
}

function build(operation: string, fields: object): CertRevocationListInfo {
  return copySecurityInfo({ type: 'certRevocationList', ...fields }, 'certRevocationList', { operation, path: '' });
}
