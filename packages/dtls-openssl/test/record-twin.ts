/**
 * The record layer once more, naively and over node:crypto: the oracle for the native one (RFC 5246 §6.3, RFC 6347
 * §4.1, RFC 9146 §4 and §5). Its replay window is the set of all numbers that it has opened.
 */

import { type CipherGCMTypes, createCipheriv, createDecipheriv, createHmac } from 'node:crypto';

export interface TwinSuite {
  readonly id: number;
  readonly name: string;
  readonly cipher: 'aes-128-ccm' | 'aes-256-ccm' | 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305';
  readonly tag: number;
  readonly hash: 'sha256' | 'sha384';
}

export interface TwinOptions {
  readonly server: boolean;
  /** Master secret, client random, server random. */
  readonly secrets: Uint8Array;
  readonly ownId: Uint8Array;
  readonly peerId: Uint8Array;
  readonly window: number;
}

export interface TwinRecord {
  readonly verdict: Verdict;
  readonly type: number;
  readonly content: Uint8Array;
  readonly newest: boolean;
  readonly next: number;
}

export type Verdict = (typeof VERDICTS)[number];

/** In the order of their numbers. */
export const VERDICTS = ['opened', 'malformed', 'wrong-epoch', 'wrong-id', 'replayed', 'forged'] as const;

export class RecordTwin {
  readonly #suite: TwinSuite;
  readonly #options: TwinOptions;
  readonly #keys: Keys;
  readonly #seen = new Set<number>();
  #next = 0;

  constructor(suite: TwinSuite, options: TwinOptions) {
    this.#suite = suite;
    this.#options = options;
    this.#keys = keysOf(suite, options);
  }

  /** `given.number` in the place of the next one. */
  seal(type: number, content: Uint8Array, padding = 0, given: { number?: number; epoch?: number } = {}): Buffer {
    const { peerId } = this.#options;
    const number = uint64(given.epoch ?? 1, given.number ?? this.#next++);
    const withId = peerId.length > 0;
    const text = withId ? Buffer.concat([content, Uint8Array.of(type), new Uint8Array(padding)]) : addressed(content);
    const explicit = this.#explicitNonce() === 0 ? Buffer.alloc(0) : number;
    const cipher = this.#cipher(this.#keys.seal, this.#nonce(this.#keys.seal.iv, number, explicit));
    cipher.setAAD(additional(withId ? 25 : type, number, peerId, text.length), { plaintextLength: text.length });
    const sealed = [explicit, cipher.update(text), cipher.final(), cipher.getAuthTag()];
    const body = Buffer.concat(sealed);
    return Buffer.concat([Uint8Array.of(withId ? 25 : type, 0xfe, 0xfd), number, peerId, uint16(body.length), body]);
  }

  open(datagram: Uint8Array, at: number): TwinRecord {
    const { ownId, window } = this.#options;
    const record = Buffer.from(datagram).subarray(at);
    const end = datagram.length;
    const type = record[0];
    if (type === undefined) return refused('malformed', end);
    if (type === 25 && ownId.length === 0) return refused('wrong-id', end);
    const id = type === 25 ? record.subarray(11, 11 + ownId.length) : Buffer.alloc(0);
    const header = 13 + (type === 25 ? ownId.length : 0);
    if (record.length < header) return refused('malformed', end);
    const length = record.readUInt16BE(header - 2);
    if (record.length < header + length) return refused('malformed', end);
    const next = at + header + length;
    if (record.readUInt16BE(1) !== 0xfefd) return refused('malformed', next);
    if (type !== 25 && (type < 20 || type > 24)) return refused('malformed', next);
    if (record.readUInt16BE(3) !== 1) return refused('wrong-epoch', next);
    if ((type !== 25 && ownId.length > 0) || !id.equals(type === 25 ? ownId : id)) return refused('wrong-id', next);
    const overhead = this.#explicitNonce() + this.#suite.tag;
    if (length < overhead || length > 2 ** 14 + 2048) return refused('malformed', next);
    const number = record.readUIntBE(5, 6);
    const newest = Math.max(-1, ...this.#seen);
    if (this.#seen.has(number) || number <= newest - window) return refused('replayed', next);
    const text = this.#decrypt(record.subarray(0, header), id, record.subarray(header, header + length));
    if (text === undefined) return refused('forged', next);
    this.#seen.add(number);
    const opened = type === 25 ? inner(text) : { type, content: text };
    if (opened === undefined || opened.content.length > 2 ** 14) return refused('malformed', next, number > newest);
    return { verdict: 'opened', ...opened, newest: number > newest, next };
  }

  #decrypt(header: Buffer, id: Uint8Array, body: Buffer): Buffer | undefined {
    const number = header.subarray(3, 11);
    const explicit = body.subarray(0, this.#explicitNonce());
    const text = body.subarray(explicit.length, body.length - this.#suite.tag);
    const decipher = this.#decipher(this.#keys.open, this.#nonce(this.#keys.open.iv, number, explicit));
    try {
      decipher.setAuthTag(body.subarray(body.length - this.#suite.tag));
      decipher.setAAD(additional(header[0]!, number, id, text.length), { plaintextLength: text.length });
      return Buffer.concat([decipher.update(text), decipher.final()]);
    } catch {
      return undefined;
    }
  }

  #explicitNonce(): number {
    return this.#suite.cipher === 'chacha20-poly1305' ? 0 : 8;
  }

  #nonce(iv: Buffer, number: Uint8Array, explicit: Uint8Array): Buffer {
    if (explicit.length > 0) return Buffer.concat([iv, explicit]);
    const padded = Buffer.concat([new Uint8Array(4), number]);
    return Buffer.from(iv.map((byte, index) => byte ^ padded[index]!));
  }

  /** One type stands for all: they differ in nothing that matters here. */
  #cipher({ key }: Key, nonce: Buffer) {
    return createCipheriv(this.#suite.cipher as CipherGCMTypes, key, nonce, { authTagLength: this.#suite.tag });
  }

  #decipher({ key }: Key, nonce: Buffer) {
    return createDecipheriv(this.#suite.cipher as CipherGCMTypes, key, nonce, { authTagLength: this.#suite.tag });
  }
}

interface Key {
  readonly key: Buffer;
  readonly iv: Buffer;
}

interface Keys {
  readonly seal: Key;
  readonly open: Key;
}

function keysOf({ cipher, hash }: TwinSuite, { secrets, server }: TwinOptions): Keys {
  const keyLength = cipher.startsWith('aes-128') ? 16 : 32;
  const ivLength = cipher === 'chacha20-poly1305' ? 12 : 4;
  const [master, clientRandom, serverRandom] = [secrets.slice(0, 48), secrets.slice(48, 80), secrets.slice(80)];
  const seed = Buffer.concat([Buffer.from('key expansion'), serverRandom, clientRandom]);
  const hmac = (data: Uint8Array): Buffer => createHmac(hash, master).update(data).digest();
  let block = Buffer.alloc(0);
  for (let a = hmac(seed); block.length < 2 * (keyLength + ivLength); a = hmac(a)) {
    block = Buffer.concat([block, hmac(Buffer.concat([a, seed]))]);
  }
  let at = 0;
  const take = (length: number): Buffer => {
    at += length;
    return block.subarray(at - length, at);
  };
  const [clientKey, serverKey, clientIv, serverIv] = [take(keyLength), take(keyLength), take(ivLength), take(ivLength)];
  const client = { key: clientKey, iv: clientIv };
  const peer = { key: serverKey, iv: serverIv };
  return server ? { seal: peer, open: client } : { seal: client, open: peer };
}

/** Empty bytes with no address would leave node:crypto without a CCM tag. */
function addressed(bytes: Uint8Array): Uint8Array {
  return bytes.length > 0 ? bytes : new Uint8Array(1).subarray(1);
}

function additional(type: number, number: Uint8Array, id: Uint8Array, length: number): Buffer {
  const version = Uint8Array.of(0xfe, 0xfd);
  if (type !== 25) return Buffer.concat([number, Uint8Array.of(type), version, uint16(length)]);
  const placeholder = Buffer.alloc(8, 0xff);
  return Buffer.concat([placeholder, Uint8Array.of(25, id.length, 25), version, number, id, uint16(length)]);
}

function inner(text: Buffer): { type: number; content: Buffer } | undefined {
  const end = text.findLastIndex((byte) => byte !== 0);
  return end < 0 ? undefined : { type: text[end]!, content: text.subarray(0, end) };
}

function refused(verdict: Verdict, next: number, newest = false): TwinRecord {
  return { verdict, type: 0, content: Buffer.alloc(0), newest, next };
}

function uint64(epoch: number, sequence: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16BE(epoch);
  bytes.writeUIntBE(sequence, 2, 6);
  return bytes;
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}
