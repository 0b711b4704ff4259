/**
 * The plaintext messages of a PSK server (RFC 5246 §7.4, RFC 6347 §4.2.1, RFC 4279 §2), read strictly, because whatever
 * reaches the library unread may throw or be hashed in another form than it came in. `malformed` says nothing of the
 * server, anybody may have sent it; `unacceptable` is a well-formed proposal that this client cannot accept.
 */

import { DTLS_1_0, DTLS_1_2, uint16 } from './record.ts';

export type Reading<T extends Good> = T | Malformed | Unacceptable;

export interface Good {
  readonly verdict: 'good';
}

export interface Malformed {
  readonly verdict: 'malformed';
}

export interface Unacceptable {
  readonly verdict: 'unacceptable';
  /** AlertDescription that the protocol asks for. */
  readonly alert: number;
  readonly message: string;
}

export interface HelloVerifyRequest extends Good {
  readonly cookie: Uint8Array;
}

export interface ServerHello extends Good {
  readonly ciphersuite: number;
}

export interface ServerKeyExchange extends Good {
  readonly identityHint: Uint8Array;
}

/** Its version is no promise: RFC 6347 §4.2.1 wants DTLS 1.0 in it whatever comes after. */
export function readHelloVerifyRequest(body: Uint8Array): Reading<HelloVerifyRequest> {
  if (body.length < 3 || body.length !== 3 + body[2]!) return MALFORMED;
  const version = uint16(body, 0);
  if (version !== DTLS_1_0 && version !== DTLS_1_2) return MALFORMED;
  return { verdict: 'good', cookie: body.subarray(3) };
}

export function readServerHello(body: Uint8Array, offered: readonly number[]): Reading<ServerHello> {
  const sessionId = body[SESSION_ID] ?? 0;
  const at = SESSION_ID + 1 + sessionId;
  if (body.length < at + 3 || sessionId > 32) return MALFORMED;
  const version = uint16(body, 0);
  const ciphersuite = uint16(body, at);
  const extensions = body.subarray(at + 3);
  if (extensions.length === 1 || (extensions.length > 1 && extensions.length !== 2 + uint16(extensions, 0))) {
    return MALFORMED;
  }
  if (version !== DTLS_1_2) {
    return unacceptable(70, `the server chose ${versionName(version)} and only DTLS 1.2 was offered`);
  }
  if (!offered.includes(ciphersuite)) {
    const shown = `0x${ciphersuite.toString(16).padStart(4, '0')}`;
    return unacceptable(47, `the server chose ciphersuite ${shown}, which was not offered`);
  }
  if (body[at + 2] !== 0) return unacceptable(47, 'the server chose compression, which was not offered');
  // RFC 5246 §7.4.1.4: an extension that was not asked for is fatal. An empty block says nothing.
  if (extensions.length > 2) return unacceptable(110, 'the server sent extensions although none was offered');
  return { verdict: 'good', ciphersuite };
}

export function readServerKeyExchange(body: Uint8Array): Reading<ServerKeyExchange> {
  if (body.length < 2 || body.length !== 2 + uint16(body, 0)) return MALFORMED;
  return { verdict: 'good', identityHint: body.subarray(2) };
}

function unacceptable(alert: number, message: string): Unacceptable {
  return { verdict: 'unacceptable', alert, message };
}

function versionName(version: number): string {
  return version === DTLS_1_0 ? 'DTLS 1.0' : `version 0x${version.toString(16).padStart(4, '0')}`;
}

const MALFORMED: Malformed = { verdict: 'malformed' };
/** Behind version and random. */
const SESSION_ID = 34;
