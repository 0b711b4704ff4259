/**
 * The question of one association of a server: who serves the name that its peer asks for (RFC 6066 §3). Decides what
 * is a name at all, asks the application, and finds the context of what it answers.
 */

import {
  type AssociationRequest,
  type CertificateServerInfo,
  canonicalName,
  isAddressLiteral,
  type TraceEvent,
} from '@avs-net/core/plugin';
import type { NameChoice, NamedContexts } from './named-contexts.ts';
import type { Addon } from './native.ts';

/** The names that a server serves, as its associations see them. */
export interface NameServing {
  readonly contexts: NamedContexts;
  /** Whoever asks for no name that counts. */
  readonly fallback: NameChoice;
  now(): number;
}

export class NameQuestion {
  readonly #serving: NameServing;
  readonly #output: AssociationRequest['output'];
  readonly #settle: (choice: NameChoice | undefined, now: number) => void;
  #name = '';
  #choice: NameChoice | undefined;
  #isOver = false;
  /**
   * Since when an answer that took its time can be settled; the deadline of the association until `settle` is called,
   * because only a call of the driver may go on with the handshake: its timers are read behind one.
   */
  readyAt: number | undefined;

  /** `settle` is told who serves, undefined: nobody; it may be told several times, and heeds the first. */
  constructor(
    serving: NameServing,
    { output }: AssociationRequest,
    settle: (choice: NameChoice | undefined, now: number) => void,
  ) {
    this.#serving = serving;
    this.#output = output;
    this.#settle = settle;
  }

  /** `name` as it was sent. */
  ask(name: Uint8Array, now: number): void {
    const text = Buffer.from(name).toString('latin1');
    const canonical = canonicalName(text);
    // An address is no name, so it is as if none had been asked for; its sender should not have sent it.
    if (isAddressLiteral(text)) this.#settle(this.#serving.fallback, now);
    else if (canonical === undefined) this.#settle(undefined, now);
    else {
      this.#name = canonical;
      this.#output.need(NAME_NEED, { kind: 'sni', name: canonical });
    }
  }

  answer(credential: CertificateServerInfo | undefined, now: number): void {
    if (this.#isOver) return;
    const choice = credential && this.#serving.contexts.choose(credential, this.#name);
    if (!(choice instanceof Promise)) {
      this.#choice = choice;
      this.settle(now);
      return;
    }
    choice.then(
      (late) => this.#arrive(late),
      (error: unknown) => this.#arrive(undefined, { type: 'lookupFailed', error }),
    );
  }

  /** With what has come, or with nobody: the wait is over. */
  settle(now: number): void {
    const choice = this.#choice;
    this.#choice = undefined;
    this.readyAt = undefined;
    this.#isOver = true;
    try {
      this.#settle(choice, now);
    } finally {
      choice?.release?.();
    }
  }

  /** The association is over. Idempotent. */
  close(): void {
    this.#isOver = true;
    this.readyAt = undefined;
    this.#choice?.release?.();
    this.#choice = undefined;
  }

  #arrive(choice: NameChoice | undefined, event: TraceEvent = { type: 'nameAnswered' }): void {
    if (this.#isOver || this.readyAt !== undefined) {
      choice?.release?.();
      return;
    }
    this.#choice = choice;
    this.readyAt = this.#serving.now();
    // Either report makes the driver read the deadline.
    if (choice === undefined) this.#output.dropped('lookupFailed');
    this.#output.trace?.(event);
  }
}

/**
 * Bytes written to `arena`. A context that the addon does not take is a defect, which costs one peer its handshake: the
 * name is refused, as by undefined.
 */
export function answerName(
  addon: Addon,
  handle: number,
  { context, idContext }: NameChoice = NOBODY,
  arena: Uint8Array,
  output: AssociationRequest['output'],
): number {
  try {
    return addon.answerServerName(handle, context, idContext, arena);
  } catch (error) {
    output.dropped('lookupFailed');
    output.trace?.({ type: 'lookupFailed', error });
    return addon.answerServerName(handle, NOBODY.context, NOBODY.idContext, arena);
  }
}

/** The id under which it asks, and that of the question for the key of a session; the PSK gate has another. */
export const NAME_NEED = 3;
export const SESSION_NEED = 2;

/** Milliseconds; an answer that has not come by then is taken for none: a full handshake, or a name that nobody has. */
export const PATIENCE = 10_000;

/** What the addon is told where nobody serves a name. */
const NOBODY: NameChoice = { context: 0, idContext: new Uint8Array(1) };
