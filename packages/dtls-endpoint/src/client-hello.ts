/**
 * As much of a ClientHello as a stateless answer needs (RFC 6347 §4.2.1): where its parts lie in the datagram. Checks
 * every length, allocates nothing, interprets no extension.
 */

import { fragment, HandshakeType, readFragment } from './handshake-fragment.ts';
import { ContentType, DTLS_1_0, DTLS_1_2, readRecord, recordHeader, uint16 } from './record.ts';
import type { Refusal } from './refusal.ts';

/** Offsets into the datagram that was read; lengths in bytes. */
export interface ClientHello {
  messageSeq: number;
  /** Where the record of the hello ends in its datagram. */
  recordEnd: number;
  /** client_version. */
  version: number;
  randomAt: number;
  sessionIdAt: number;
  sessionIdLength: number;
  cookieAt: number;
  cookieLength: number;
  /** False: the first fragment of a longer hello, which holds everything up to the cookie; nothing below is known. */
  whole: boolean;
  suitesAt: number;
  suitesLength: number;
  compressionAt: number;
  compressionLength: number;
  extensionsAt: number;
  extensionsLength: number;
}

export const RANDOM = 32;
/** Longest hello, reassembled: many suites and a large key share fit. */
export const MAX_CLIENT_HELLO = 16_384;

export function clientHello(): ClientHello {
  return {
    messageSeq: 0,
    recordEnd: 0,
    version: 0,
    randomAt: 0,
    sessionIdAt: 0,
    sessionIdLength: 0,
    cookieAt: 0,
    cookieLength: 0,
    whole: false,
    suitesAt: 0,
    suitesLength: 0,
    compressionAt: 0,
    compressionLength: 0,
    extensionsAt: 0,
    extensionsLength: 0,
  };
}

/** Reads the hello that `bytes`, one datagram, begins with. */
export function readClientHello(bytes: Uint8Array, into: ClientHello): Refusal | undefined {
  if (bytes.length === 0) return 'emptyDatagram';
  const broken = readRecord(bytes, 0, record);
  if (broken !== undefined) return broken;
  if (record.type !== ContentType.handshake || record.epoch !== 0) return 'noAssociation';
  if (record.version !== DTLS_1_0 && record.version !== DTLS_1_2) return 'wrongVersion';
  if (record.length > 0 && bytes[record.start] !== HandshakeType.clientHello) return 'noAssociation';
  // One record holds one hello and nothing else: what came behind would reach the engine unseen.
  if (readFragment(bytes, record.start, record.end, part) !== undefined) return 'malformedHello';
  if (part.end !== record.end || part.total > MAX_CLIENT_HELLO) return 'malformedHello';
  if (part.offset !== 0) return 'fragmentedHello';
  into.messageSeq = part.messageSeq;
  into.recordEnd = record.end;
  into.whole = part.length === part.total;
  return readBody(bytes, part.start, part.end, into);
}

function readBody(bytes: Uint8Array, start: number, end: number, into: ClientHello): Refusal | undefined {
  const missing = into.whole ? 'malformedHello' : 'fragmentedHello';
  into.randomAt = start + 2;
  into.sessionIdAt = into.randomAt + RANDOM + 1;
  if (into.sessionIdAt > end) return missing;
  into.version = uint16(bytes, start);
  // 254 is DTLS; anything else never was a hello for us.
  if (into.version >> 8 !== 0xfe) return 'malformedHello';
  into.sessionIdLength = bytes[into.sessionIdAt - 1]!;
  if (into.sessionIdLength > 32) return 'malformedHello';
  into.cookieAt = into.sessionIdAt + into.sessionIdLength + 1;
  if (into.cookieAt > end) return missing;
  into.cookieLength = bytes[into.cookieAt - 1]!;
  const cookieEnd = into.cookieAt + into.cookieLength;
  if (cookieEnd > end) return missing;
  return into.whole ? readRest(bytes, cookieEnd, end, into) : undefined;
}

function readRest(bytes: Uint8Array, start: number, end: number, into: ClientHello): Refusal | undefined {
  into.suitesAt = start + 2;
  if (into.suitesAt > end) return 'malformedHello';
  into.suitesLength = uint16(bytes, start);
  if (into.suitesLength < 2 || into.suitesLength % 2 !== 0) return 'malformedHello';
  into.compressionAt = into.suitesAt + into.suitesLength + 1;
  if (into.compressionAt > end) return 'malformedHello';
  into.compressionLength = bytes[into.compressionAt - 1]!;
  if (into.compressionLength === 0) return 'malformedHello';
  const compressionEnd = into.compressionAt + into.compressionLength;
  if (compressionEnd > end) return 'malformedHello';
  into.extensionsAt = compressionEnd + 2;
  into.extensionsLength = 0;
  // RFC 5246 §7.4.1.2: a hello without an extension block ends here.
  if (compressionEnd === end) return undefined;
  if (into.extensionsAt > end) return 'malformedHello';
  into.extensionsLength = uint16(bytes, compressionEnd);
  return into.extensionsAt + into.extensionsLength === end ? undefined : 'malformedHello';
}

const record = recordHeader();
const part = fragment();
