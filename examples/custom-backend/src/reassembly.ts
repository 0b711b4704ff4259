/**
 * Puts handshake messages together from fragments in any order (RFC 6347 §4.2.3). Fragments before Finished are not
 * authenticated, so everything is bounded before it is allocated: few messages ahead, small ones.
 */

import type { Fragment, HandshakeMessage } from './handshake-message.ts';

export class Reassembly {
  readonly #partial = new Map<number, Partial>();
  /** message_seq of the message whose turn it is. */
  next = 0;

  /** Keeps a fragment; gives a reason if it is refused. */
  add({ type, sequence, length, offset, body }: Fragment): string | undefined {
    if (sequence < this.next) return 'oldHandshakeMessage';
    if (sequence >= this.next + MESSAGES_AHEAD) return 'futureHandshakeMessage';
    if (length > LARGEST_MESSAGE) return 'handshakeMessageTooLong';
    let partial = this.#partial.get(sequence);
    if (partial === undefined || partial.type !== type || partial.body.length !== length) {
      // Of two that contradict each other nobody can tell the forged one: the later starts afresh.
      partial = { type, body: new Uint8Array(length), present: new Uint8Array(length), missing: length };
      this.#partial.set(sequence, partial);
    }
    for (let at = 0; at < body.length; at += 1) {
      if (partial.present[offset + at] === 1) continue;
      partial.present[offset + at] = 1;
      partial.body[offset + at] = body[at]!;
      partial.missing -= 1;
    }
    return undefined;
  }

  /** The message whose turn it is, if it is complete. It stays until `next` is moved or it is forgotten. */
  peek(): HandshakeMessage | undefined {
    const partial = this.#partial.get(this.next);
    if (partial === undefined || partial.missing > 0) return undefined;
    return { type: partial.type, sequence: this.next, body: partial.body };
  }

  /** Waits for `sequence` from now on. */
  expect(sequence: number): void {
    this.next = sequence;
    for (const known of [...this.#partial.keys()]) if (known < sequence) this.#partial.delete(known);
  }

  /** Drops the message whose turn it is, so that another one can take its place. */
  forget(): void {
    this.#partial.delete(this.next);
  }

  clear(): void {
    this.#partial.clear();
  }
}

interface Partial {
  readonly type: number;
  readonly body: Uint8Array;
  /** 1 for every byte that has arrived. */
  readonly present: Uint8Array;
  missing: number;
}

const MESSAGES_AHEAD = 4;
/** PSK needs no more than a hello, an identity or a hint. */
const LARGEST_MESSAGE = 2_048;
