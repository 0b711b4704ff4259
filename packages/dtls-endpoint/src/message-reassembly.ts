/**
 * Puts handshake messages together from fragments in any order (RFC 6347 §4.2.3) and gives them out whole, by number.
 * What it keeps is bounded before it is allocated; the message whose turn it is finds room at the cost of those ahead.
 * Whether a message makes sense in its place is `handshake-order.ts`.
 */

import type { Fragment } from './handshake-fragment.ts';
import type { Refusal } from './refusal.ts';

export interface Message {
  readonly type: number;
  readonly body: Uint8Array;
}

export class MessageReassembly {
  readonly #max: number;
  readonly #partial = new Map<number, Partial>();
  /** message_seq of the message whose turn it is. */
  next: number;
  /** Bytes set aside. */
  keptBytes = 0;

  /** `max`: bytes that all messages together may have. */
  constructor(max: number, next: number) {
    this.#max = max;
    this.next = next;
  }

  /** Takes a fragment of a message that is not over yet; it is bounded in length by whoever calls. */
  add(part: Fragment, bytes: Uint8Array): Refusal | undefined {
    let known = this.#partial.get(part.messageSeq);
    if (known !== undefined && (known.type !== part.type || known.body.length !== part.total)) {
      // Of two that contradict each other nobody can tell the forged one, and the true one comes again.
      if (known.missing === 0) return 'malformedFragment';
      this.#forget(part.messageSeq);
      known = undefined;
    }
    if (known === undefined) {
      if (!this.#makeRoom(part)) return 'messageTooLong';
      const { type, total } = part;
      known = { type, body: new Uint8Array(total), present: new Uint8Array(total), missing: total };
      this.#partial.set(part.messageSeq, known);
      this.keptBytes += 2 * total;
    }
    const { body, present } = known;
    for (let index = 0; index < part.length; index++) {
      const at = part.offset + index;
      if (present[at] !== 0) continue;
      present[at] = 1;
      body[at] = bytes[part.start + index]!;
      known.missing -= 1;
    }
    return undefined;
  }

  /** The message whose turn it is, if it is complete; the next one's turn comes with `accept` or `reject`. */
  peek(): Message | undefined {
    const partial = this.#partial.get(this.next);
    return partial === undefined || partial.missing > 0 ? undefined : partial;
  }

  accept(): void {
    this.#forget(this.next);
    this.next += 1;
  }

  /** It cannot be: another one may come in its place. */
  reject(): void {
    this.#forget(this.next);
  }

  #makeRoom({ messageSeq, total }: Fragment): boolean {
    const ahead = [...this.#partial.keys()].filter((seq) => seq > messageSeq).sort((one, other) => other - one);
    while (this.keptBytes + 2 * total > 2 * this.#max) {
      const farthest = ahead.shift();
      if (farthest === undefined) return false;
      this.#forget(farthest);
    }
    return true;
  }

  #forget(messageSeq: number): void {
    this.keptBytes -= 2 * (this.#partial.get(messageSeq)?.body.length ?? 0);
    this.#partial.delete(messageSeq);
  }
}

interface Partial extends Message {
  /** 1 for every byte that has come. */
  readonly present: Uint8Array;
  missing: number;
}
