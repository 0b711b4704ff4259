/**
 * Reads along what a client of pre-shared keys sends in the clear, and stops its stream before ClientKeyExchange until
 * the key of its identity is known (RFC 4279 §2): node's callback cannot wait. Judges nothing: what it does not
 * understand goes on to node, which then has no key for it.
 */

export interface KeyGateInit {
  /** Towards node. */
  forward(bytes: Uint8Array): void;
  /** The identity is borrowed. `answered` has to be called. */
  ask(identity: Uint8Array): void;
  /** More arrived than a client has to say before it is answered. */
  flooded(): void;
}

export class KeyGate {
  readonly #init: KeyGateInit;
  /** Not forwarded yet; begins with a record. */
  #pending: Buffer = Buffer.alloc(0);
  /** Handshake messages of the records that were seen, as far as they are not complete. */
  #message: Buffer = Buffer.alloc(0);
  #state: 'reading' | 'waiting' | 'open' = 'reading';

  constructor(init: KeyGateInit) {
    this.#init = init;
  }

  receive(bytes: Uint8Array): void {
    if (this.#state === 'open') {
      this.#init.forward(bytes);
      return;
    }
    this.#pending = Buffer.concat([this.#pending, bytes]);
    if (this.#pending.length > MOST_PENDING) this.#init.flooded();
    else this.#read();
  }

  /** Lets everything through from now on. */
  answered(): void {
    if (this.#state !== 'open') this.#release();
  }

  #read(): void {
    while (this.#state === 'reading' && this.#pending.length >= HEADER) {
      const type = this.#pending[0]!;
      const length = this.#pending.readUInt16BE(3);
      // After change_cipher_spec there is nothing left to read.
      if (type < ALERT || type > HANDSHAKE || length > LONGEST_RECORD) {
        this.#release();
        return;
      }
      const end = HEADER + length;
      if (this.#pending.length < end) return;
      if (type === HANDSHAKE) this.#message = Buffer.concat([this.#message, this.#pending.subarray(HEADER, end)]);
      const identity = type === HANDSHAKE ? this.#identity() : undefined;
      if (identity !== undefined) {
        this.#state = 'waiting';
        this.#init.ask(identity);
        return;
      }
      if (this.#state !== 'reading') return;
      const record = this.#pending.subarray(0, end);
      this.#pending = this.#pending.subarray(end);
      this.#init.forward(record);
    }
  }

  /** Of a ClientKeyExchange, which has it first in every kind of pre-shared key; other messages are left behind. */
  #identity(): Buffer | undefined {
    while (this.#message.length >= MESSAGE_HEADER) {
      const end = MESSAGE_HEADER + this.#message.readUIntBE(1, 3);
      if (end > LONGEST_MESSAGE) {
        this.#release();
        return undefined;
      }
      if (this.#message.length < end) return undefined;
      const body = this.#message.subarray(MESSAGE_HEADER, end);
      const isKeyExchange = this.#message[0] === CLIENT_KEY_EXCHANGE && body.length >= 2;
      this.#message = this.#message.subarray(end);
      if (isKeyExchange) return body.subarray(2, 2 + body.readUInt16BE(0));
    }
    return undefined;
  }

  #release(): void {
    const bytes = this.#pending;
    this.#state = 'open';
    this.#pending = Buffer.alloc(0);
    this.#message = Buffer.alloc(0);
    if (bytes.length > 0) this.#init.forward(bytes);
  }
}

const HEADER = 5;
const MESSAGE_HEADER = 4;
const ALERT = 21;
const HANDSHAKE = 22;
const CLIENT_KEY_EXCHANGE = 16;

/** RFC 5246 §6.2.1. */
const LONGEST_RECORD = 16_384;

/** More than OpenSSL takes of a hello, the longest of a client. */
const LONGEST_MESSAGE = 131_400;

/** A whole record, ClientKeyExchange and Finished. */
const MOST_PENDING = 32_768;
