/**
 * Builds every `SecurityInfo`: checked, deep-copied into memory of its own, frozen and redacted
 * (avs_crypto_pki.h and avs_crypto_psk.h, `*_info_from_*` and `*_info_copy`, which keep the caller's pointers instead).
 * Descriptions written by hand go through the same checks when they are copied or resolved.
 */

import type { SecurityInfo, SecurityInfoType } from '@avs-net/core/plugin';
import { checkText, copyBytes, copyPassword } from './byte-argument.ts';
import { inside, type Place, refusal, unexpected } from './credential-error.ts';
import { redactFromSight } from './redaction.ts';
import { defineSecret } from './secret-field.ts';

/** A credential that is not there, `AVS_CRYPTO_DATA_SOURCE_EMPTY`. */
export function empty<T extends SecurityInfoType>(type: T): SecurityInfo<T> {
  if (!SECURITY_INFO_TYPES.includes(type)) {
    throw unexpected({ operation: 'empty', path: 'type' }, `one of ${SECURITY_INFO_TYPES.join(', ')}`, type);
  }
  return makeInfo(type, 'empty', {});
}

/** A checked deep copy; `value` may be anything. Errors: EINVAL with the path to the offending part. */
export function copySecurityInfo<T extends SecurityInfoType>(value: unknown, type: T, place: Place): SecurityInfo<T> {
  return copyNode(value, type, place, { remaining: MAX_ELEMENTS }, 0);
}

/** Like `copySecurityInfo`, for what may only come from bytes or from an engine: PSK identities and keys. */
export function copyPskPart<T extends 'pskIdentity' | 'pskKey'>(
  value: unknown,
  type: T,
  place: Place,
): SecurityInfo<T> {
  const info = copySecurityInfo(value, type, place);
  if (info.source !== 'buffer' && info.source !== 'engine') {
    throw refusal('EINVAL', inside(place, 'source'), `expected 'buffer' or 'engine', received '${info.source}'`);
  }
  return info;
}

/** Source `buffer`; `bytes` are taken over, not copied. */
export function infoOfBytes<T extends SecurityInfoType>(type: T, bytes: Uint8Array): SecurityInfo<T> {
  return makeInfo(type, 'buffer', {}, { buffer: bytes });
}

/** Source `array` or `list`; the elements are taken over, not copied. */
export function makeCompound<T extends SecurityInfoType>(
  type: T,
  source: 'array' | 'list',
  elements: readonly SecurityInfo<T>[],
): SecurityInfo<T> {
  return makeInfo(type, source, { [source === 'array' ? 'elements' : 'list']: Object.freeze([...elements]) });
}

function copyNode<T extends SecurityInfoType>(
  value: unknown,
  type: T,
  place: Place,
  budget: { remaining: number },
  depth: number,
): SecurityInfo<T> {
  if (typeof value !== 'object' || value === null) throw unexpected(place, `a credential of type '${type}'`, value);
  if (depth > MAX_DEPTH) throw refusal('EINVAL', place, `nested deeper than ${MAX_DEPTH}; does it contain itself?`);
  budget.remaining -= 1;
  if (budget.remaining < 0) throw refusal('EINVAL', place, `more than ${MAX_ELEMENTS} elements`);
  const given = value as Readonly<Record<string, unknown>>;
  if (given['source'] === 'empty') return makeInfo(type, 'empty', {});
  checkType(given['type'], type, inside(place, 'type'));
  switch (given['source']) {
    case 'file':
      return makeInfo(
        type,
        'file',
        { filename: checkText(given['filename'], inside(place, 'filename')) },
        copySecrets(given, [], place),
      );
    case 'path':
      return makeInfo(type, 'path', { path: checkText(given['path'], inside(place, 'path')) });
    case 'buffer':
      return makeInfo(type, 'buffer', {}, copySecrets(given, ['buffer'], place));
    case 'engine':
      return makeInfo(type, 'engine', { query: checkText(given['query'], inside(place, 'query')) });
    case 'array':
    case 'list': {
      const field = given['source'] === 'array' ? 'elements' : 'list';
      if (!COMPOUND_TYPES.includes(type)) {
        throw refusal('EINVAL', inside(place, 'source'), `'${given['source']}' is not possible for a ${type}`);
      }
      const elements: SecurityInfo<T>[] = [];
      for (const element of checkIterable(given[field], inside(place, field))) {
        const at = inside(inside(place, field), `[${elements.length}]`);
        elements.push(copyNode(element, type, at, budget, depth + 1));
      }
      return makeCompound(type, given['source'], elements);
    }
    default:
      throw unexpected(inside(place, 'source'), `one of ${DATA_SOURCES.join(', ')}`, given['source']);
  }
}

function checkType(value: unknown, type: SecurityInfoType, place: Place): void {
  if (value === type) return;
  const known = SECURITY_INFO_TYPES.find((other) => other === value);
  if (known === undefined) throw unexpected(place, `'${type}'`, value);
  throw refusal('EINVAL', place, `expected '${type}', received '${known}'`);
}

function checkIterable(value: unknown, place: Place): Iterable<unknown> {
  const iterable = typeof value === 'object' && value !== null && Symbol.iterator in value;
  if (!iterable || value instanceof Uint8Array) throw unexpected(place, 'an iterable of credentials', value);
  return value as Iterable<unknown>;
}

function copySecrets(
  given: Readonly<Record<string, unknown>>,
  required: readonly string[],
  place: Place,
): Record<string, Uint8Array> {
  const secrets: Record<string, Uint8Array> = {};
  for (const name of required) secrets[name] = copyBytes(given[name], inside(place, name));
  if (given['password'] !== undefined) secrets['password'] = copyPassword(given['password'], inside(place, 'password'));
  return secrets;
}

function makeInfo<T extends SecurityInfoType>(
  type: T,
  source: SecurityInfo['source'],
  fields: Readonly<Record<string, unknown>>,
  secrets: Readonly<Record<string, Uint8Array>> = {},
): SecurityInfo<T> {
  const info = { type, source, ...fields };
  for (const [name, bytes] of Object.entries(secrets)) defineSecret(info, name, bytes);
  redactFromSight(info);
  return Object.freeze(info) as unknown as SecurityInfo<T>;
}

const SECURITY_INFO_TYPES: readonly SecurityInfoType[] = [
  'certificateChain',
  'privateKey',
  'certRevocationList',
  'pskIdentity',
  'pskKey',
];
const COMPOUND_TYPES: readonly SecurityInfoType[] = ['certificateChain', 'certRevocationList'];
const DATA_SOURCES = ['empty', 'file', 'path', 'buffer', 'array', 'list', 'engine'];
const MAX_DEPTH = 32;
const MAX_ELEMENTS = 100_000;
