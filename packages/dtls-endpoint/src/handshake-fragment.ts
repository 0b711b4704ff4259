/**
 * Headers of handshake fragments inside a plaintext record (RFC 6347 §4.2.2), bounds checked, without allocation.
 * Does not reassemble.
 */

import { uint16, uint24 } from './record.ts';
import type { Refusal } from './refusal.ts';

export interface Fragment {
  type: number;
  /** Length of the whole message. */
  total: number;
  messageSeq: number;
  /** Where this fragment belongs in the message. */
  offset: number;
  length: number;
  /** Where the body of the fragment starts in the datagram. */
  start: number;
  /** Where the next fragment of the record starts. */
  end: number;
}

export const HandshakeType = {
  helloRequest: 0,
  clientHello: 1,
  serverHello: 2,
  helloVerifyRequest: 3,
  newSessionTicket: 4,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
  certificateStatus: 22,
} as const;

export const HANDSHAKE_HEADER = 12;

/** An empty fragment to read into. */
export function fragment(): Fragment {
  return { type: 0, total: 0, messageSeq: 0, offset: 0, length: 0, start: 0, end: 0 };
}

/** Reads the fragment at `at` of a record that ends at `recordEnd`, which lies inside `bytes`. */
export function readFragment(bytes: Uint8Array, at: number, recordEnd: number, into: Fragment): Refusal | undefined {
  if (at + HANDSHAKE_HEADER > recordEnd) return 'malformedFragment';
  into.type = bytes[at]!;
  into.total = uint24(bytes, at + 1);
  into.messageSeq = uint16(bytes, at + 4);
  into.offset = uint24(bytes, at + 6);
  into.length = uint24(bytes, at + 9);
  into.start = at + HANDSHAKE_HEADER;
  into.end = into.start + into.length;
  if (into.end > recordEnd || into.offset + into.length > into.total) return 'malformedFragment';
  return undefined;
}
