/**
 * DTLS 1.2 record headers over the bytes of a datagram (RFC 6347 §4.1, RFC 9146 §4), read into an object that the
 * caller keeps, so that looking at a datagram allocates nothing. Judges structure only, what is allowed when is
 * `record-rules.ts`.
 */

import type { Refusal } from './refusal.ts';

export interface RecordHeader {
  type: number;
  version: number;
  epoch: number;
  /** 48 bits: always exact as a number. */
  sequence: number;
  /** Where the fragment starts in the datagram. */
  start: number;
  /** Bytes of the fragment. */
  length: number;
  /** Where the next record starts. */
  end: number;
}

export const ContentType = {
  changeCipherSpec: 20,
  alert: 21,
  handshake: 22,
  applicationData: 23,
  /** RFC 9146 §4: protected, with the id of its receiver in the header and the real type inside. */
  tls12Cid: 25,
} as const;

/** Without a connection id. */
export const RECORD_HEADER = 13;
/** Where the id of a tls12_cid record is, behind type, version, epoch and sequence number. */
export const ID_AT = 11;
export const DTLS_1_0 = 0xfeff;
export const DTLS_1_2 = 0xfefd;

/** An empty header to read into. */
export function recordHeader(): RecordHeader {
  return { type: 0, version: 0, epoch: 0, sequence: 0, start: 0, length: 0, end: 0 };
}

/**
 * Reads the record that starts at `at`. `idLength`: bytes of the ids of this socket, which nothing on the wire tells. A
 * refusal concerns the rest of the datagram too, since its end is unknown.
 */
export function readRecord(bytes: Uint8Array, at: number, into: RecordHeader, idLength = 0): Refusal | undefined {
  if (at + RECORD_HEADER > bytes.length) return 'truncatedHeader';
  into.type = bytes[at]!;
  let lengthAt = at + ID_AT;
  if (into.type === ContentType.tls12Cid) {
    if (idLength === 0) return 'unexpectedId';
    lengthAt += idLength;
    if (lengthAt + 2 > bytes.length) return 'truncatedHeader';
  }
  into.version = uint16(bytes, at + 1);
  into.epoch = uint16(bytes, at + 3);
  into.sequence = uint16(bytes, at + 5) * 0x1_0000_0000 + uint16(bytes, at + 7) * 0x1_0000 + uint16(bytes, at + 9);
  into.start = lengthAt + 2;
  into.length = uint16(bytes, lengthAt);
  into.end = into.start + into.length;
  return into.end > bytes.length ? 'truncatedRecord' : undefined;
}

/** Whether the datagram begins with a complete header of `type` and `epoch`; nothing else is looked at. */
export function beginsWith(bytes: Uint8Array, type: number, epoch: number): boolean {
  return bytes.length >= RECORD_HEADER && bytes[0] === type && uint16(bytes, 3) === epoch;
}

export function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function uint24(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
}
