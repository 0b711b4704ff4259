/**
 * The question of one association of a server: who serves the name that its peer asks for (RFC 6066 §3). Decides what
 * is a name at all, asks the application, and finds the context of what it answers.
 */

import {
  type AssociationRequest,
  type CertificateServerInfo,
  canonicalName,
  isAddressLiteral,
} from '@avs-net/core/plugin';
import type { NameChoice, NamedContexts } from './named-contexts.ts';

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
    if (credential === undefined) {
      this.#settle(undefined, now);
      return;
    }
    const choice = this.#serving.contexts.choose(credential, this.#name);
    if (!(choice instanceof Promise)) {
      this.#settle(choice, now);
      return;
    }
    choice.then(
      (made) => this.#settle(made, this.#serving.now()),
      (error: unknown) => {
        this.#output.dropped('lookupFailed');
        this.#output.trace?.({ type: 'lookupFailed', error });
        this.#settle(undefined, this.#serving.now());
      },
    );
  }
}

/** The id under which it asks, and that of the question for the key of a session; the PSK gate has another. */
export const NAME_NEED = 3;
export const SESSION_NEED = 2;

/** Milliseconds; an answer that has not come by then is taken for none: a full handshake, or a name that nobody has. */
export const PATIENCE = 10_000;

/** What the addon is told where nobody serves a name. */
export const NOBODY: NameChoice = { context: 0, idContext: new Uint8Array(1) };
