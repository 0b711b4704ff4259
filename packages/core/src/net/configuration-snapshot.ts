/**
 * The copy of a configuration that a socket lives on: taken before the first await, so that nothing the caller changes
 * afterwards counts, and wiped when the socket is disposed. Iterables are walked once and become arrays. Bytes of
 * credentials stand in memory of their own and are not enumerable, so that nothing prints them.
 * Shared and not copied, as documented in `configuration.ts`: `preferredEndpoint`, `session`, `store`, `lookup`,
 * `keylog`.
 */

import { isUint8Array } from 'node:util/types';
import { NetError } from '../contract/error.ts';
import { unpooledCopy, wipe } from '../contract/secret-bytes.ts';

/** A deep copy of `value`; EINVAL names the path of what cannot be copied. What looks wrong is left to the check. */
export function snapshotConfiguration<T>(value: T, operation: string): T {
  return copyValue(value, { operation, path: '', depth: 0, budget: { elements: MOST_ELEMENTS } }) as T;
}

/** Overwrites every byte that the snapshot copied. */
export function wipeSnapshot(snapshot: unknown): void {
  if (isUint8Array(snapshot)) wipe(snapshot);
  else if (typeof snapshot === 'object' && snapshot !== null) {
    for (const property of Object.getOwnPropertyNames(snapshot)) {
      const member = (snapshot as Record<string, unknown>)[property];
      if (!isShared(property, member)) wipeSnapshot(member);
    }
  }
}

interface Place {
  readonly operation: string;
  readonly path: string;
  readonly depth: number;
  readonly budget: { elements: number };
}

function copyValue(value: unknown, place: Place): unknown {
  if (isUint8Array(value)) return copyBytes(value, place);
  if (typeof value !== 'object' || value === null) return value;
  if (place.depth > DEEPEST) throw refuse(place, `is nested deeper than ${DEEPEST}; does it contain itself?`);
  if (Array.isArray(value)) return copyElements(value, place);
  const copy: Record<string | symbol, unknown> = {};
  for (const property of new Set([...Object.keys(value), ...SECRET.filter((name) => name in value)])) {
    const at = inside(place, place.path === '' ? property : `.${property}`);
    const given = readProperty(value, property, at);
    const member = copyMember(property, given, at);
    const enumerable = !SECRET.includes(property) || isServerCredential(given);
    Object.defineProperty(copy, property, { value: member, enumerable, configurable: false, writable: false });
  }
  for (const brand of Object.getOwnPropertySymbols(value)) {
    const mark = (value as Record<symbol, unknown>)[brand];
    if (typeof mark === 'boolean') Object.defineProperty(copy, brand, { value: mark });
  }
  return Object.freeze(copy);
}

function copyMember(property: string, member: unknown, place: Place): unknown {
  if (isShared(property, member)) return member;
  const isIterable = typeof member === 'object' && member !== null && Symbol.iterator in member;
  if (property === 'list' && isIterable && !isUint8Array(member)) {
    return copyElements(member as Iterable<unknown>, place);
  }
  return copyValue(member, place);
}

function copyElements(elements: Iterable<unknown>, place: Place): readonly unknown[] {
  const copies: unknown[] = [];
  for (const element of elements) {
    place.budget.elements -= 1;
    if (place.budget.elements < 0) throw refuse(place, `has more than ${MOST_ELEMENTS} elements`);
    copies.push(copyValue(element, inside(place, `[${copies.length}]`)));
  }
  return Object.freeze(copies);
}

function copyBytes(bytes: Uint8Array, place: Place): Uint8Array {
  if (isDetached(bytes)) {
    throw refuse(place, 'is detached: its memory was transferred to another thread; copy it before you transfer it');
  }
  return unpooledCopy(bytes);
}

/** Before Node 22 an ArrayBuffer does not tell. */
function isDetached(bytes: Uint8Array): boolean {
  if (bytes.byteLength > 0) return false;
  try {
    new Uint8Array(bytes.buffer);
    return false;
  } catch {
    return true;
  }
}

/** A credential that was wiped refuses to be read. */
function readProperty(value: object, property: string, place: Place): unknown {
  try {
    return (value as Record<string, unknown>)[property];
  } catch (cause) {
    throw refuse(place, `cannot be read: ${cause instanceof Error ? cause.message : 'its getter threw'}`, cause);
  }
}

function inside(place: Place, step: string): Place {
  return { ...place, path: place.path + step, depth: place.depth + 1 };
}

function refuse({ operation, path }: Place, what: string, cause?: unknown): NetError {
  return new NetError({ code: 'EINVAL', operation, message: `${path || 'the configuration'} ${what}`, cause });
}

function isShared(property: string, member: unknown): boolean {
  return SHARED.includes(property) && !isServerCredential(member);
}

/** In `server.names` the properties are the names of hosts, and a host may be called session or buffer. */
function isServerCredential(member: unknown): boolean {
  return typeof member === 'object' && member !== null && 'serverCert' in member;
}

const SHARED: readonly string[] = ['preferredEndpoint', 'session', 'store', 'lookup', 'keylog'];
/** Not enumerable in credentials of @avs-net/credentials either. */
const SECRET: readonly string[] = ['buffer', 'password'];
const DEEPEST = 120;
const MOST_ELEMENTS = 100_000;
