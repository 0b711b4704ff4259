/**
 * Handshake messages and their fragments (RFC 6347 §4.2.2): type, length, message_seq, fragment_offset,
 * fragment_length, body.
 */

import { ByteReader, concat, number } from './byte-reader.ts';

export const CLIENT_HELLO = 1;
export const SERVER_HELLO = 2;
export const HELLO_VERIFY_REQUEST = 3;
export const SERVER_KEY_EXCHANGE = 12;
export const SERVER_HELLO_DONE = 14;
export const CLIENT_KEY_EXCHANGE = 16;
export const FINISHED = 20;

export interface HandshakeMessage {
  readonly type: number;
  /** message_seq. */
  readonly sequence: number;
  readonly body: Uint8Array;
}

export interface Fragment {
  readonly type: number;
  readonly sequence: number;
  /** Of the whole message. */
  readonly length: number;
  readonly offset: number;
  /** View into the record. */
  readonly body: Uint8Array;
}

/** The fragments in the payload of a record; undefined if it is malformed. */
export function readFragments(payload: Uint8Array): readonly Fragment[] | undefined {
  const reader = new ByteReader(payload);
  const fragments: Fragment[] = [];
  do {
    const type = reader.number(1);
    const length = reader.number(3);
    const sequence = reader.number(2);
    const offset = reader.number(3);
    const body = reader.vector(3);
    if (offset + body.length > length) return undefined;
    fragments.push({ type, sequence, length, offset, body });
  } while (reader.left > 0);
  return reader.complete ? fragments : undefined;
}

/** `size` bytes of a message from `offset` on, with the header of a fragment. */
export function writeFragment({ type, sequence, body }: HandshakeMessage, offset: number, size: number): Uint8Array {
  return concat(
    ...[number(type, 1), number(body.length, 3), number(sequence, 2), number(offset, 3), number(size, 3)],
    body.subarray(offset, offset + size),
  );
}

/** As it counts for the transcript: unfragmented (RFC 6347 §4.2.6). */
export function wholeMessage(message: HandshakeMessage): Uint8Array {
  return writeFragment(message, 0, message.body.length);
}

export const HANDSHAKE_HEADER = 12;
