/**
 * What both sides have said so far, hashed (RFC 5246 §7.4.9, RFC 6347 §4.2.6): every message as if it had never been in
 * fragments, without the first hello of a cookie exchange and without HelloVerifyRequest.
 */

import { createHash, type Hash } from 'node:crypto';
import { type HandshakeMessage, wholeMessage } from './handshake-message.ts';

export class HandshakeTranscript {
  #hash: Hash = createHash('sha256');

  add(message: HandshakeMessage): void {
    this.#hash.update(wholeMessage(message));
  }

  /** SHA-256 up to here; more may follow. */
  digest(): Uint8Array {
    return this.#hash.copy().digest();
  }

  restart(): void {
    this.#hash = createHash('sha256');
  }
}
