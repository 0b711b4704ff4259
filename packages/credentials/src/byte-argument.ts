/**
 * Checks of what callers hand in as bytes and as text, and the copy that is kept. Text that would reach a C library or
 * the persistence format as a NUL-terminated string must not hold a NUL.
 */

import { isUint8Array } from 'node:util/types';
import { unpooledCopy } from '@avs-net/core/plugin';
import { type Place, refusal, unexpected } from './credential-error.ts';

/** A copy of `value` in memory of its own. */
export function copyBytes(value: unknown, place: Place): Uint8Array {
  if (typeof value === 'string') {
    throw refusal(
      'EINVAL',
      place,
      `expected a Uint8Array, received a string of ${value.length} characters; ` +
        "use Buffer.from(text, 'hex') or Buffer.from(text, 'utf8')",
    );
  }
  if (!isUint8Array(value)) throw unexpected(place, 'a Uint8Array', value);
  if (isDetached(value)) {
    throw refusal('EINVAL', place, 'the Uint8Array is detached: its memory was transferred away');
  }
  return unpooledCopy(value);
}

/** A non-empty string without NUL, such as a file name. */
export function checkText(value: unknown, place: Place): string {
  if (typeof value !== 'string') throw unexpected(place, 'a string', value);
  if (value === '') throw refusal('EINVAL', place, 'expected a non-empty string, received an empty one');
  if (value.includes('\0')) throw refusal('EINVAL', place, 'the string holds a NUL character');
  checkWellFormed(value, place);
  return value;
}

/** UTF-8 of `value`, in memory of its own. */
export function encodeText(value: string, place: Place): Uint8Array {
  checkWellFormed(value, place);
  return unpooledCopy(new TextEncoder().encode(value));
}

/** Passwords are C strings in avs_net: any bytes but NUL. */
export function copyPassword(value: unknown, place: Place): Uint8Array {
  const password = copyBytes(value, place);
  if (password.includes(0)) {
    password.fill(0);
    throw refusal('EINVAL', place, 'the password holds a NUL byte');
  }
  return password;
}

export function checkBoolean(value: unknown, place: Place): boolean {
  if (typeof value !== 'boolean') throw unexpected(place, 'a boolean', value);
  return value;
}

/** The own fields of an argument object; a field that nobody knows is refused by name. */
export function checkFields(value: unknown, known: readonly string[], place: Place): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unexpected(place, 'an object', value);
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) {
      throw refusal('EINVAL', place, `unknown field '${name.slice(0, 64)}'; known are ${known.join(', ')}`);
    }
  }
  return value as Record<string, unknown>;
}

function checkWellFormed(value: string, place: Place): void {
  if (/\p{Surrogate}/u.test(value)) {
    throw refusal('EINVAL', place, 'the string holds half a surrogate pair, which has no UTF-8 form');
  }
}

function isDetached(value: Uint8Array): boolean {
  if (value.byteLength > 0) return false;
  try {
    new Uint8Array(value.buffer, 0, 0);
    return false;
  } catch {
    return true;
  }
}
