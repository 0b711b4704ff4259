/**
 * The two key exchange messages of plain PSK (RFC 4279 §2): the hint of the server and the identity of the client, each
 * `opaque <0..2^16-1>`.
 */

import { ByteReader, vector } from './byte-reader.ts';

export function writePskExchange(hintOrIdentity: Uint8Array): Uint8Array {
  return vector(hintOrIdentity, 2);
}

/** Undefined: malformed. */
export function readPskExchange(body: Uint8Array): Uint8Array | undefined {
  const reader = new ByteReader(body);
  const bytes = reader.vector(2);
  return reader.complete ? bytes.slice() : undefined;
}
