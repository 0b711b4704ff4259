/**
 * Questions of an association to the application (`need`), one by one answered: at once or later, and by `undefined`
 * where the answer fails or is no bytes. Key bytes are copied, and the copy is wiped once the association has it.
 */

import { isUint8Array } from 'node:util/types';
import type { Need, NeedAnswer } from '../contract/association.ts';
import { unpooledCopy, wipe } from '../contract/secret-bytes.ts';
import type { CertificateServerInfo } from '../contract/security.ts';

/** The credential of a name for a need of kind `sni`, bytes for the others. */
export type Answer = NeedAnswer | CertificateServerInfo;

/** `signal` is aborted when the association is over. */
export type AnswerNeed = (what: Need, signal: AbortSignal) => Answer | Promise<Answer>;

/** Both hand the answer to the association before they return. */
export interface GiveAnswer {
  answer(id: number, answer: NeedAnswer): void;
  answerName(id: number, credential: CertificateServerInfo | undefined): void;
}

export class DriverLookups {
  readonly #answerNeed: AnswerNeed | undefined;
  readonly #give: GiveAnswer;
  #controller: AbortController | undefined;

  constructor(answerNeed: AnswerNeed | undefined, give: GiveAnswer) {
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
        (late) => this.#settle(id, what, late),
        () => this.#settle(id, what, undefined),
      );
    } else {
      this.#settle(id, what, answer);
    }
  }

  /** The association is over; what is still answered goes nowhere. */
  abort(): void {
    this.#controller?.abort();
  }

  #settle(id: number, { kind }: Need, value: unknown): void {
    if (this.#controller?.signal.aborted === true) return;
    if (kind === 'sni') {
      // Whoever answers has looked at it; it is no secret itself and belongs to the application.
      this.#give.answerName(id, value as CertificateServerInfo | undefined);
      return;
    }
    const answer = isUint8Array(value) ? unpooledCopy(value) : undefined;
    try {
      this.#give.answer(id, answer);
    } finally {
      if (answer !== undefined) wipe(answer);
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
