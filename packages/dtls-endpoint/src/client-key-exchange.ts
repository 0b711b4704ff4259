/**
 * The PSK identity in a plaintext ClientKeyExchange, which for PSK, DHE_PSK and ECDHE_PSK comes first (RFC 4279 §2-3,
 * RFC 5489 §2). For engines whose library cannot wait for a key inside its callback.
 */

import { fragment, HANDSHAKE_HEADER, HandshakeType, readFragment } from './handshake-fragment.ts';
import { ContentType, RECORD_HEADER, type RecordHeader, readRecord, recordHeader, uint16 } from './record.ts';

/** Longest identity that is looked up, bytes; RFC 4279 §5.3 asks for 128. */
export const MAX_PSK_IDENTITY = 1_024;

/**
 * The identity in the ClientKeyExchange that `datagrams`, together, carry; undefined if there is no complete one. The
 * caller must know that a PSK suite was negotiated: the same bytes mean something else under another one.
 */
export function pskIdentityOf(...datagrams: readonly Uint8Array[]): Uint8Array | undefined {
  const reader = new ClientKeyExchange();
  const record = recordHeader();
  for (const bytes of datagrams) {
    for (let at = 0; at < bytes.length && readRecord(bytes, at, record) === undefined; at = record.end) {
      if (isClientKeyExchange(bytes, record)) reader.add(bytes, record);
    }
  }
  return reader.identity();
}

/** Whether a record holds a fragment of a ClientKeyExchange in the clear, anywhere. */
export function isClientKeyExchange(bytes: Uint8Array, record: RecordHeader): boolean {
  if (record.epoch !== 0 || record.type !== ContentType.handshake) return false;
  for (let at = record.start; at < record.end; at = part.end) {
    if (readFragment(bytes, at, record.end, part) !== undefined) return false;
    if (part.type === HandshakeType.clientKeyExchange) return true;
  }
  return false;
}

/** Puts one ClientKeyExchange together, in bounded memory. */
export class ClientKeyExchange {
  #messageSeq: number | undefined;
  #body: Uint8Array | undefined;
  #have: Uint8Array | undefined;
  #missing = 0;
  /** Header of the last record that brought a piece. */
  readonly #record = new Uint8Array(RECORD_HEADER);

  /** `messageSeq`: the number that the message must have; without it the first fragment decides. */
  constructor(messageSeq?: number) {
    this.#messageSeq = messageSeq;
  }

  /** Takes the fragments of a record for which `isClientKeyExchange` holds; false if it brought nothing new. */
  add(bytes: Uint8Array, record: RecordHeader): boolean {
    let news = false;
    for (let at = record.start; at < record.end; at = part.end) {
      if (readFragment(bytes, at, record.end, part) !== undefined) break;
      if (part.type === HandshakeType.clientKeyExchange && this.#take(bytes)) news = true;
    }
    if (news) this.#record.set(bytes.subarray(record.start - RECORD_HEADER, record.start));
    return news;
  }

  get complete(): boolean {
    return this.#body !== undefined && this.#missing === 0;
  }

  get keptBytes(): number {
    return 2 * (this.#body?.length ?? 0);
  }

  /** A copy of the identity; undefined while incomplete and when it is malformed or longer than MAX_PSK_IDENTITY. */
  identity(): Uint8Array | undefined {
    if (this.#body === undefined || !this.complete || this.#body.length < 2) return undefined;
    const length = uint16(this.#body, 0);
    return length > MAX_PSK_IDENTITY || 2 + length > this.#body.length ? undefined : this.#body.slice(2, 2 + length);
  }

  /** The whole message in one record, as if it had never been in pieces; only when complete. */
  datagram(): Uint8Array {
    const body = this.#body!;
    const bytes = new Uint8Array(RECORD_HEADER + HANDSHAKE_HEADER + body.length);
    const length = HANDSHAKE_HEADER + body.length;
    bytes.set(this.#record);
    bytes.set([length >> 8, length & 0xff], 11);
    const total = [0, body.length >> 8, body.length & 0xff];
    const seq = [this.#messageSeq! >> 8, this.#messageSeq! & 0xff];
    bytes.set([HandshakeType.clientKeyExchange, ...total, ...seq, 0, 0, 0, ...total], RECORD_HEADER);
    bytes.set(body, RECORD_HEADER + HANDSHAKE_HEADER);
    return bytes;
  }

  #take(bytes: Uint8Array): boolean {
    if (part.total === 0 || part.total > MAX_MESSAGE) return false;
    this.#messageSeq ??= part.messageSeq;
    if (part.messageSeq !== this.#messageSeq) return false;
    if (this.#body === undefined) {
      this.#body = new Uint8Array(part.total);
      this.#have = new Uint8Array(part.total);
      this.#missing = part.total;
    }
    if (part.total !== this.#body.length) return false;
    const missing = this.#missing;
    for (let index = 0; index < part.length; index++) {
      const at = part.offset + index;
      // What came first stays: the peer cannot change an identity that is complete.
      if (this.#have![at] !== 0) continue;
      this.#have![at] = 1;
      this.#body[at] = bytes[part.start + index]!;
      this.#missing -= 1;
    }
    return this.#missing < missing;
  }
}

const part = fragment();
/** An identity, and a Diffie-Hellman value of 8192 bits behind it. */
const MAX_MESSAGE = 2 + MAX_PSK_IDENTITY + 2 + 1_024;
