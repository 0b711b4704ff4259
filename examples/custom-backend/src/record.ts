/**
 * The DTLS record (RFC 6347 §4.1): its header, how it stands in a datagram, and its protection with an AEAD cipher
 * (RFC 5246 §6.2.3.3, nonce by RFC 5288 §3 and RFC 6655 §3: a fixed part of the key block, then epoch and sequence).
 */

import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Ciphersuite } from './ciphersuite.ts';

export const CHANGE_CIPHER_SPEC = 20;
export const ALERT = 21;
export const HANDSHAKE = 22;
export const APPLICATION_DATA = 23;

/** DTLS 1.2 and 1.0 as they stand in headers; versions count downwards. */
export const DTLS_1_2 = 0xfefd;
export const DTLS_1_0 = 0xfeff;

export const RECORD_HEADER = 13;
/** RFC 5246 §6.2.1. */
export const LARGEST_FRAGMENT: number = 2 ** 14;
/** RFC 6347 §4.1: a sequence number never wraps. */
export const LAST_SEQUENCE: number = 2 ** 48 - 1;

export interface DtlsRecord {
  readonly type: number;
  readonly version: number;
  readonly epoch: number;
  readonly sequence: number;
  /** View into the datagram. */
  readonly fragment: Uint8Array;
  /** The whole of it, header included. */
  readonly bytes: Uint8Array;
}

/** The record at `offset`, undefined if the datagram ends before it does. */
export function readRecord(datagram: Uint8Array, offset: number): DtlsRecord | undefined {
  if (datagram.length - offset < RECORD_HEADER) return undefined;
  const view = new DataView(datagram.buffer, datagram.byteOffset + offset, datagram.length - offset);
  const end = RECORD_HEADER + view.getUint16(11);
  if (end > view.byteLength) return undefined;
  const bytes = datagram.subarray(offset, offset + end);
  return {
    type: view.getUint8(0),
    version: view.getUint16(1),
    epoch: view.getUint16(3),
    sequence: view.getUint16(5) * 2 ** 32 + view.getUint32(7),
    fragment: bytes.subarray(RECORD_HEADER),
    bytes,
  };
}

/** A record header in front of `room` empty bytes. */
export function emptyRecord(type: number, epoch: number, sequence: number, room: number): Uint8Array {
  const record = new Uint8Array(RECORD_HEADER + room);
  const view = new DataView(record.buffer);
  view.setUint8(0, type);
  view.setUint16(1, DTLS_1_2);
  view.setUint16(3, epoch);
  view.setUint16(5, Math.floor(sequence / 2 ** 32));
  view.setUint32(7, sequence >>> 0);
  view.setUint16(11, room);
  return record;
}

/** Bytes that protection adds to a payload, the header included. */
export function overhead(suite: Ciphersuite): number {
  return RECORD_HEADER + EXPLICIT_NONCE + suite.tag;
}

/** Keys of one direction. */
export interface DirectionKeys {
  readonly key: Uint8Array;
  /** The fixed part of the nonce. */
  readonly iv: Uint8Array;
}

export function sealRecord(
  suite: Ciphersuite,
  keys: DirectionKeys,
  header: { readonly type: number; readonly epoch: number; readonly sequence: number },
  payload: Uint8Array,
): Uint8Array {
  const room = EXPLICIT_NONCE + payload.length + suite.tag;
  const record = emptyRecord(header.type, header.epoch, header.sequence, room);
  const nonce = record.subarray(3, 3 + EXPLICIT_NONCE);
  record.set(nonce, RECORD_HEADER);
  const cipher = cipherOf(suite, keys, nonce, true);
  cipher.setAAD(additionalData(record, payload.length), { plaintextLength: payload.length });
  record.set(cipher.update(payload), RECORD_HEADER + EXPLICIT_NONCE);
  cipher.final();
  record.set(cipher.getAuthTag(), record.length - suite.tag);
  return record;
}

/** The payload, undefined if it is not authentic. */
export function openRecord(suite: Ciphersuite, keys: DirectionKeys, record: DtlsRecord): Uint8Array | undefined {
  const { fragment, bytes } = record;
  const length = fragment.length - EXPLICIT_NONCE - suite.tag;
  if (length < 0) return undefined;
  const decipher = cipherOf(suite, keys, fragment.subarray(0, EXPLICIT_NONCE), false);
  decipher.setAuthTag(fragment.subarray(fragment.length - suite.tag));
  decipher.setAAD(additionalData(bytes, length), { plaintextLength: length });
  try {
    const payload = decipher.update(fragment.subarray(EXPLICIT_NONCE, EXPLICIT_NONCE + length));
    decipher.final();
    return payload;
  } catch {
    return undefined;
  }
}

function cipherOf(suite: Ciphersuite, keys: DirectionKeys, explicit: Uint8Array, seal: true): Cipher;
function cipherOf(suite: Ciphersuite, keys: DirectionKeys, explicit: Uint8Array, seal: false): Decipher;
function cipherOf(suite: Ciphersuite, { key, iv }: DirectionKeys, explicit: Uint8Array, seal: boolean) {
  const nonce = new Uint8Array(iv.length + explicit.length);
  nonce.set(iv);
  nonce.set(explicit, iv.length);
  const options = { authTagLength: suite.tag };
  // Both names are AEAD modes; node's declarations tell them apart by literal type.
  const name = suite.cipher as 'aes-128-ccm';
  return seal ? createCipheriv(name, key, nonce, options) : createDecipheriv(name, key, nonce, options);
}

/** RFC 5246 §6.2.3.3 with RFC 6347 §4.1.2.1: epoch, sequence, type, version, length of the payload. */
function additionalData(record: Uint8Array, length: number): Uint8Array {
  const data = new Uint8Array(RECORD_HEADER);
  data.set(record.subarray(3, 11));
  data.set(record.subarray(0, 3), 8);
  data[11] = length >>> 8;
  data[12] = length & 0xff;
  return data;
}

type Cipher = ReturnType<typeof createCipheriv> & import('node:crypto').CipherCCM;
type Decipher = import('node:crypto').DecipherCCM;

const EXPLICIT_NONCE = 8;
