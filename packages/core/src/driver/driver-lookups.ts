/**
 * Questions of an association to the application (`need`), one by one answered: at once or later, and by `undefined`
 * where the answer fails or is no bytes. Key bytes are copied, and the copy is wiped once the association has it.
 */

import { isUint8Array } from 'node:util/types';
import type { Need, NeedAnswer } from '../contract/association.ts';
import { unpooledCopy, wipe } from '../contract/secret-bytes.ts';

/** `signal` is aborted when the association is over. */
export type AnswerNeed = (what: Need, signal: AbortSignal) => NeedAnswer | Promise<NeedAnswer>;

export class DriverLookups {
  readonly #answerNeed: AnswerNeed | undefined;
  readonly #give: (id: number, answer: NeedAnswer) => void;
  #controller: AbortController | undefined;

  /** `give` hands the answer to the association before it returns. */
  constructor(answerNeed: AnswerNeed | undefined, give: (id: number, answer: NeedAnswer) => void) {
    this.#answerNeed = answerNeed;
    this.#give = give;
  }

  ask(id: number, what: Need): void {
    this.#controller ??= new AbortController();
    let answer: unknown;
    try {
      answer = this.#answerNeed?.(what, this.#controller.signal);
    } catch {
      answer = undefined;
    }
    if (isThenable(answer)) {
      answer.then(
        (late) => this.#settle(id, late),
        () => this.#settle(id, undefined),
      );
    } else {
      this.#settle(id, answer);
    }
  }

  /** The association is over; what is still answered goes nowhere. */
  abort(): void {
    this.#controller?.abort();
  }

  #settle(id: number, value: unknown): void {
    if (this.#controller?.signal.aborted === true) return;
    const answer = isUint8Array(value) ? unpooledCopy(value) : undefined;
    try {
      this.#give(id, answer);
    } finally {
      if (answer !== undefined) wipe(answer);
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
