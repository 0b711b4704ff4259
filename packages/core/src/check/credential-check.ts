/**
 * Walks one credential (`SecurityInfo`, avs_crypto_security_info_union_t): its tag, its source, and the sources of what
 * it is composed of. Never shows a value.
 */

import { isUint8Array } from 'node:util/types';
import type { DataSource, SecurityInfoType } from '../contract/security.ts';
import { invalid, type Unmet, unclaimed } from '../contract/unmet.ts';
import { receivedKind } from './configuration-shape.ts';
import { unknownName } from './nearest-name.ts';

/** `sources` undefined: the backend has no such role, which is reported elsewhere. */
export function checkCredential(
  info: unknown,
  type: SecurityInfoType,
  path: string,
  sources: readonly DataSource[] | undefined,
  claim: string,
  depth: number = 0,
): readonly Unmet[] {
  if (typeof info !== 'object' || info === null || isUint8Array(info)) {
    return [invalid(path, `a credential made by @avs-net/credentials (${type})`, receivedKind(info))];
  }
  if (depth > DEEPEST) return [invalid(path, `nested at most ${DEEPEST} deep`, 'more')];
  const fields = info as Readonly<Record<string, unknown>>;
  const source = fields['source'];
  if (typeof source !== 'string' || !Object.hasOwn(FIELDS, source)) {
    return [invalid(`${path}.source`, `one of ${Object.keys(FIELDS).join(', ')}`, receivedKind(source))];
  }
  const unmet: Unmet[] = [];
  if (fields['type'] !== type && source !== 'empty') {
    const tag = TAGS.includes(fields['type'] as SecurityInfoType)
      ? String(fields['type'])
      : receivedKind(fields['type']);
    unmet.push(invalid(`${path}.type`, type, tag));
  }
  // Nothing is needed for nothing.
  if (source !== 'empty' && sources !== undefined && !sources.includes(source as DataSource) && !isPsk(type)) {
    unmet.push(unclaimed(`${path}.source`, `credentials of source ${source}`, `${claim}: ${source}`));
  }
  const known: readonly string[] = FIELDS[source as DataSource];
  for (const field of Object.keys(fields)) {
    if (field !== 'type' && field !== 'source' && !known.includes(field)) {
      const message = `${path}.${field}: ${unknownName(field, known)}`;
      unmet.push({ path: `${path}.${field}`, need: 'a known property', code: 'EINVAL', message });
    }
  }
  for (const field of known) {
    const value = fields[field];
    const place = `${path}.${field}`;
    if (field === 'elements' || field === 'list') {
      unmet.push(...checkMembers(value, field, type, place, sources, claim, depth));
    } else if (field === 'buffer' || field === 'password') {
      if (!isUint8Array(value) && !(field === 'password' && value === undefined)) {
        unmet.push(invalid(place, 'a Uint8Array, because other values cannot be wiped', receivedKind(value)));
      }
    } else if (typeof value !== 'string' || value === '') {
      unmet.push(invalid(place, 'a text that is not empty', value === '' ? 'an empty one' : receivedKind(value)));
    }
  }
  return unmet;
}

function checkMembers(
  value: unknown,
  field: 'elements' | 'list',
  type: SecurityInfoType,
  path: string,
  sources: readonly DataSource[] | undefined,
  claim: string,
  depth: number,
): readonly Unmet[] {
  if (
    typeof value === 'object' &&
    value !== null &&
    Symbol.iterator in value &&
    (field === 'list' || Array.isArray(value))
  ) {
    // An iterator is its own iterable: looking would use it up. createSocket looks at its copy, which is an array.
    if ((value as Iterable<unknown>)[Symbol.iterator]() === (value as unknown)) return [];
    return Array.from(value as Iterable<unknown>).flatMap((member, index) =>
      checkCredential(member, type, `${path}[${index}]`, sources, claim, depth + 1),
    );
  }
  return [
    invalid(path, field === 'list' ? 'an iterable of credentials' : 'an array of credentials', receivedKind(value)),
  ];
}

/** The sources of PSK are `checkSecurity`'s business: buffer always works, files never do. */
function isPsk(type: SecurityInfoType): boolean {
  return type === 'pskKey' || type === 'pskIdentity';
}

const FIELDS: Readonly<Record<DataSource, readonly string[]>> = {
  empty: [],
  file: ['filename', 'password'],
  path: ['path'],
  buffer: ['buffer', 'password'],
  array: ['elements'],
  list: ['list'],
  engine: ['query'],
};

const TAGS: readonly SecurityInfoType[] = [
  'certificateChain',
  'privateKey',
  'certRevocationList',
  'pskIdentity',
  'pskKey',
];

/** As deep as @avs-net/credentials goes. */
const DEEPEST = 100;
