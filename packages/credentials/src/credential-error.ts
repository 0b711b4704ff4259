/**
 * How this package refuses: NetErrors that name the argument or the place inside a credential and say what was received
 * by kind and size. The received value itself is never quoted, because it may be the secret.
 */

import { NetError } from '@avs-net/core/plugin';

/** What is being worked on: the public function and the way to the value inside its argument. */
export interface Place {
  readonly operation: string;
  /** `key`, `trustedCerts.elements[2].filename` … */
  readonly path: string;
}

/** `place` for a property of the value there. */
export function inside(place: Place, property: string): Place {
  const dotted = place.path === '' || property.startsWith('[') ? property : `.${property}`;
  return { operation: place.operation, path: `${place.path}${dotted}` };
}

/** EINVAL: `expected` is a noun phrase, the rest of the sentence is made of `value`. */
export function unexpected(place: Place, expected: string, value: unknown): NetError {
  return refusal('EINVAL', place, `expected ${expected}, received ${received(value)}`);
}

export function refusal(code: string, place: Place, message: string, cause?: unknown): NetError {
  const text = place.path === '' ? message : `${place.path}: ${message}`;
  return new NetError({ code, operation: place.operation, message: text, cause });
}

/** Kind and size of a value, never its content. */
export function received(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `a string of ${value.length} characters`;
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object') return `an object of ${constructorName(value)}`;
  return typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`;
}

function constructorName(value: object): string {
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'no known class';
}
