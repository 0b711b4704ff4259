/**
 * Stores and restores descriptions of credentials in the byte format of avs_crypto, `avs_crypto_*_info_persist*`, so
 * that what one implementation wrote the other can read. Files and directories are stored by name; keys and passwords
 * that are given as bytes are stored in clear, so the output must be kept as safe as they are.
 */

import type {
  CertificateChainInfo,
  CertRevocationListInfo,
  PrivateKeyInfo,
  PskIdentityInfo,
  PskKeyInfo,
  SecurityInfo,
  SecurityInfoType,
} from '@avs-net/core/plugin';
import { type Place, refusal, unexpected } from './credential-error.ts';
import { flatten, type Leaf } from './flattening.ts';
import { type PersistenceContext, type RestoreContext, restoreContext, storeContext } from './persistence-context.ts';
import { restoreEntry, storeEntry } from './persistence-entry.ts';
import { copySecurityInfo, makeCompound } from './security-info.ts';
import { wipeSecurity } from './wiping.ts';

/**
 * `info` in bytes: a collection for certificate chains and revocation lists, otherwise one entry. Errors: EINVAL,
 * E2BIG.
 */
export function persistSecurityInfo(info: SecurityInfo): Uint8Array {
  const operation = 'persistSecurityInfo';
  const type = Object(info).type as SecurityInfoType;
  const context = storeContext();
  try {
    if (isCollection(type)) persistCollection(context, info, type, operation);
    else transferItem(context, info, type, operation);
    return context.bytes();
  } finally {
    context.wipe();
  }
}

/** What `persistSecurityInfo` wrote; collections come back as source `array`. Errors: EOF, EIO, EBADMSG, EINVAL. */
export function restoreSecurityInfo<T extends SecurityInfoType>(type: T, bytes: Uint8Array): SecurityInfo<T> {
  const operation = 'restoreSecurityInfo';
  const context = restoreContext(bytes);
  try {
    const info = isCollection(type)
      ? makeCompound(type, 'array', restoreCollection(context, type, operation))
      : restoreEntry(context, type, operation);
    if (context.remaining === 0) return info;
    wipeSecurity(info);
    throw refusal('EINVAL', place(operation, 'bytes'), `${context.remaining} bytes are left after the last entry`);
  } finally {
    context.wipe();
  }
}

/** Stores any chain, flattened. Errors: EINVAL on a restoring context, E2BIG, EMSGSIZE. */
export function certificateChainPersist(context: PersistenceContext, info: CertificateChainInfo): void {
  persistCollection(context, info, 'certificateChain', 'certificateChainPersist');
}

/** Stores `elements`, or restores and returns them, as the context says. */
export function certificateChainArrayPersistence(
  context: PersistenceContext,
  elements: readonly CertificateChainInfo[] = [],
): readonly CertificateChainInfo[] {
  return transferCollection(context, elements, 'certificateChain', 'certificateChainArrayPersistence');
}

/** Like `certificateChainArrayPersistence` for any iterable. */
export function certificateChainListPersistence(
  context: PersistenceContext,
  list: Iterable<CertificateChainInfo> = [],
): Iterable<CertificateChainInfo> {
  return transferCollection(context, list, 'certificateChain', 'certificateChainListPersistence');
}

/** Stores any revocation lists, flattened. Errors: EINVAL on a restoring context, E2BIG, EMSGSIZE. */
export function certRevocationListPersist(context: PersistenceContext, info: CertRevocationListInfo): void {
  persistCollection(context, info, 'certRevocationList', 'certRevocationListPersist');
}

/** Stores `elements`, or restores and returns them, as the context says. */
export function certRevocationListArrayPersistence(
  context: PersistenceContext,
  elements: readonly CertRevocationListInfo[] = [],
): readonly CertRevocationListInfo[] {
  return transferCollection(context, elements, 'certRevocationList', 'certRevocationListArrayPersistence');
}

/** Like `certRevocationListArrayPersistence` for any iterable. */
export function certRevocationListListPersistence(
  context: PersistenceContext,
  list: Iterable<CertRevocationListInfo> = [],
): Iterable<CertRevocationListInfo> {
  return transferCollection(context, list, 'certRevocationList', 'certRevocationListListPersistence');
}

/** Stores `info`, or restores and returns a key, as the context says. */
export function privateKeyPersistence(context: PersistenceContext, info?: PrivateKeyInfo): PrivateKeyInfo {
  return transferItem(context, info, 'privateKey', 'privateKeyPersistence');
}

/** Stores `info`, or restores and returns a key, as the context says. */
export function pskKeyPersistence(context: PersistenceContext, info?: PskKeyInfo): PskKeyInfo {
  return transferItem(context, info, 'pskKey', 'pskKeyPersistence');
}

/** Stores `info`, or restores and returns an identity, as the context says. */
export function pskIdentityPersistence(context: PersistenceContext, info?: PskIdentityInfo): PskIdentityInfo {
  return transferItem(context, info, 'pskIdentity', 'pskIdentityPersistence');
}

function transferCollection<T extends CollectionType, C extends Iterable<SecurityInfo<T>>>(
  context: PersistenceContext,
  elements: C,
  type: T,
  operation: string,
): C | SecurityInfo<T>[] {
  if (context.direction === 'restore') return restoreCollection(context, type, operation);
  persistCollection(context, { type, source: 'list', list: elements }, type, operation);
  return elements;
}

function persistCollection(
  context: PersistenceContext,
  info: unknown,
  type: SecurityInfoType,
  operation: string,
): void {
  if (context.direction !== 'store') throw refusal('EINVAL', place(operation, 'context'), 'this one restores');
  const leaves = flatten(copySecurityInfo(info, type, place(operation, 'info')));
  storeOrTakeBack(context, leaves, () => {
    context.writeUint32(leaves.length, operation);
    for (const leaf of leaves) storeEntry(context, leaf, operation);
  });
}

/** All or nothing: what was restored before a failure is wiped. */
function restoreCollection<T extends SecurityInfoType>(
  context: RestoreContext,
  type: T,
  operation: string,
): SecurityInfo<T>[] {
  const count = context.readUint32('the number of entries', operation);
  const elements: SecurityInfo<T>[] = [];
  try {
    while (elements.length < count) elements.push(restoreEntry(context, type, operation));
    return elements;
  } catch (error) {
    for (const element of elements) wipeSecurity(element);
    throw error;
  }
}

function transferItem<T extends SecurityInfoType>(
  context: PersistenceContext,
  info: unknown,
  type: T,
  operation: string,
): SecurityInfo<T> {
  if (context.direction === 'restore') return restoreEntry(context, type, operation);
  if (info === undefined) throw unexpected(place(operation, 'info'), 'a credential to store', info);
  const copy = copySecurityInfo(info, type, place(operation, 'info'));
  storeOrTakeBack(context, [copy as Leaf<T>], () => storeEntry(context, copy as Leaf<T>, operation));
  return info as SecurityInfo<T>;
}

/** A failed store leaves nothing behind, neither in the output nor in the copies. */
function storeOrTakeBack(
  context: Extract<PersistenceContext, { direction: 'store' }>,
  copies: readonly SecurityInfo[],
  store: () => void,
): void {
  const start = context.position;
  try {
    store();
  } catch (error) {
    context.truncate(start);
    throw error;
  } finally {
    for (const copy of copies) wipeSecurity(copy);
  }
}

function isCollection(type: SecurityInfoType): type is CollectionType {
  return type === 'certificateChain' || type === 'certRevocationList';
}

function place(operation: string, path: string): Place {
  return { operation, path };
}

type CollectionType = 'certificateChain' | 'certRevocationList';
