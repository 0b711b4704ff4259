/**
 * HelloVerifyRequest (RFC 6347 §4.2.1), the only thing that is ever sent to an unverified address: one datagram for one
 * hello, never longer than it, made in one buffer that is used again and again.
 */

import { COOKIE_LENGTH } from './cookie.ts';
import { HANDSHAKE_HEADER, HandshakeType } from './handshake-fragment.ts';
import { ContentType, DTLS_1_0, RECORD_HEADER } from './record.ts';

const BODY = 2 + 1 + COOKIE_LENGTH;
export const HELLO_VERIFY_REQUEST_LENGTH: number = RECORD_HEADER + HANDSHAKE_HEADER + BODY;
/** Where the cookie goes. */
export const COOKIE_AT: number = HELLO_VERIFY_REQUEST_LENGTH - COOKIE_LENGTH;

/** A request without record sequence number and cookie: version 1.0 whatever is negotiated later, message_seq 0. */
export function helloVerifyRequest(): Uint8Array {
  const bytes = new Uint8Array(HELLO_VERIFY_REQUEST_LENGTH);
  bytes.set([ContentType.handshake, DTLS_1_0 >> 8, DTLS_1_0 & 0xff]);
  bytes[12] = HANDSHAKE_HEADER + BODY;
  bytes[RECORD_HEADER] = HandshakeType.helloVerifyRequest;
  bytes[RECORD_HEADER + 3] = BODY;
  bytes[RECORD_HEADER + 11] = BODY;
  bytes.set([DTLS_1_0 >> 8, DTLS_1_0 & 0xff, COOKIE_LENGTH], RECORD_HEADER + HANDSHAKE_HEADER);
  return bytes;
}

/** The answer bears the record sequence number of the hello, so that no counter has to be kept. */
export function echoSequence(hello: Uint8Array, into: Uint8Array): void {
  for (let index = 5; index < 11; index++) into[index] = hello[index]!;
}
