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
  /** Where the bytes come from and where in them, once they were read: `file /etc/ca.pem, line 31`. */
  readonly origin?: string;
}

/** `place` for a property of the value there. */
export function inside(place: Place, property: string): Place {
  const dotted = place.path === '' || property.startsWith('[') ? property : `.${property}`;
  return { operation: place.operation, path: `${place.path}${dotted}` };
}

/** `place` with where its bytes come from, or with a more exact position in them. */
export function at(place: Place, origin: string): Place {
  return { ...place, origin: place.origin === undefined ? origin : `${place.origin}, ${origin}` };
}

/** EINVAL: `expected` is a noun phrase, the rest of the sentence is made of `value`. */
export function unexpected(place: Place, expected: string, value: unknown): NetError {
  return refusal('EINVAL', place, `expected ${expected}, received ${received(value)}`);
}

export function refusal(code: string, place: Place, message: string, cause?: unknown): NetError {
  return new NetError({ code, operation: place.operation, message: sentence(place, message), cause });
}

/** A refusal that began in node:crypto; its code and text hold no key material and are kept as `library`. */
export function libraryRefusal(code: string, place: Place, message: string, cause: unknown): NetError {
  const given = Object(cause) as { code?: unknown; message?: unknown };
  const library = { code: String(given.code ?? 'unknown'), text: String(given.message ?? cause) };
  return new NetError({ code, operation: place.operation, message: sentence(place, message), library });
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

function sentence(place: Place, message: string): string {
  const where = [place.path, place.origin === undefined ? '' : `(${place.origin})`].filter((part) => part !== '');
  return where.length === 0 ? message : `${where.join(' ')}: ${message}`;
}

function constructorName(value: object): string {
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'no known class';
}
