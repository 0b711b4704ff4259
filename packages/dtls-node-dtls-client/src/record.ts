/**
 * Records and handshake fragments as they lie in a datagram (RFC 6347 §4.1, §4.2.2), bounds checked, without copies.
 * Judges no more than structure.
 */

export interface DtlsRecord {
  readonly type: number;
  readonly version: number;
  readonly epoch: number;
  /** Header and fragment. */
  readonly bytes: Uint8Array;
  readonly fragment: Uint8Array;
}

export interface HandshakeFragment {
  readonly type: number;
  /** Length of the whole message. */
  readonly total: number;
  readonly messageSeq: number;
  readonly offset: number;
  readonly body: Uint8Array;
}

export const RECORD_HEADER = 13;
export const HANDSHAKE_HEADER = 12;

export const DTLS_1_0 = 0xfeff;
export const DTLS_1_2 = 0xfefd;

export const ContentType = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;

export const HandshakeType = {
  clientHello: 1,
  serverHello: 2,
  helloVerifyRequest: 3,
  serverKeyExchange: 12,
  serverHelloDone: 14,
  clientKeyExchange: 16,
  finished: 20,
} as const;

/** The record that starts at `at`; undefined if it does not fit into the datagram. */
export function readRecord(datagram: Uint8Array, at: number): DtlsRecord | undefined {
  if (at + RECORD_HEADER > datagram.length) return undefined;
  const end = at + RECORD_HEADER + uint16(datagram, at + 11);
  if (end > datagram.length) return undefined;
  return {
    type: datagram[at]!,
    version: uint16(datagram, at + 1),
    epoch: uint16(datagram, at + 3),
    bytes: datagram.subarray(at, end),
    fragment: datagram.subarray(at + RECORD_HEADER, end),
  };
}

/** The fragment that starts at `at`; undefined if it contradicts itself or its record. */
export function readFragment(record: Uint8Array, at: number): HandshakeFragment | undefined {
  if (at + HANDSHAKE_HEADER > record.length) return undefined;
  const total = uint24(record, at + 1);
  const offset = uint24(record, at + 6);
  const length = uint24(record, at + 9);
  const start = at + HANDSHAKE_HEADER;
  if (start + length > record.length || offset + length > total) return undefined;
  return {
    type: record[at]!,
    total,
    messageSeq: uint16(record, at + 4),
    offset,
    body: record.subarray(start, start + length),
  };
}

/** A fragment of a message: header and the part of `body` from `offset` on, at most `length` bytes of it. */
export function writeFragment(
  message: { readonly type: number; readonly messageSeq: number; readonly body: Uint8Array },
  offset = 0,
  length: number = message.body.length,
): Buffer {
  const part = message.body.subarray(offset, offset + length);
  const bytes = Buffer.alloc(HANDSHAKE_HEADER + part.length);
  bytes[0] = message.type;
  bytes.writeUIntBE(message.body.length, 1, 3);
  bytes.writeUInt16BE(message.messageSeq, 4);
  bytes.writeUIntBE(offset, 6, 3);
  bytes.writeUIntBE(part.length, 9, 3);
  bytes.set(part, HANDSHAKE_HEADER);
  return bytes;
}

/** The 48 bits of a record's number. */
export function sequenceOf(record: Uint8Array): number {
  return uint24(record, 5) * 0x100_0000 + uint24(record, 8);
}

export function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function uint24(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
}
