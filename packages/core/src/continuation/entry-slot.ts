/**
 * The place of one association in a store, as whoever lives on it sees it. A call that fails may have done its work, or
 * may do it later. That is why only placeholders are put where nothing is, each of them once: whatever holds a state
 * takes the place of something that can have been there only once, so that it can be there only once itself, however
 * often its call is repeated. An entry that came back after it had been taken would be taken twice.
 */

import type { Clock, Timer } from '../contract/clock.ts';
import type { AssociationStore } from '../contract/configuration.ts';
import type { NetError } from '../contract/error.ts';
import { placeholderEntry } from './association-entry.ts';

export interface SlotInit {
  readonly id: string;
  readonly store: AssociationStore;
  readonly clock: Clock;
  /** A call failed and is going to be repeated, or was the last one. */
  readonly failing: (operation: 'replace' | 'take', error: unknown) => void;
  readonly error: (code: string, message: string) => NetError;
}

export class EntrySlot {
  readonly #init: SlotInit;
  /** What is there if nobody else was. */
  #entry: Uint8Array | undefined;
  /** What may be there as well, because it is not known whether it took the place of `#entry`. */
  #next: Uint8Array | undefined;
  /** Whether `#entry` has no content. */
  #vacant = true;
  #left = false;
  #pause: { readonly timer: Timer; readonly end: () => void } | undefined;

  constructor(init: SlotInit) {
    this.#init = init;
  }

  /** Makes the place ours, if it is not yet. EEXIST: somebody else has it. With `evict` that is taken away first. */
  async occupy(evict: boolean): Promise<void> {
    const { store, id } = this.#init;
    if (this.#entry !== undefined) return;
    const tried: Uint8Array[] = [];
    for (;;) {
      if (evict) await this.#repeat('take', () => store.take(id));
      const placeholder = placeholderEntry();
      tried.push(placeholder);
      const created = await this.#once(() => store.replace(id, undefined, placeholder));
      if (created === true) {
        this.#entry = placeholder;
        return;
      }
      if (await this.#find(tried)) return;
      if (created === false && !evict) {
        const message = `the store has an association "${id}" already: continueAssociation() it, or say { replace: true }`;
        throw this.#init.error('EEXIST', message);
      }
    }
  }

  /**
   * Stores `entry`; resolves when it is there. False: nobody has it, and the place is not ours any more. ESTALE:
   * somebody else goes on from what was there.
   */
  async put(entry: Uint8Array): Promise<boolean> {
    const { store, id } = this.#init;
    const before = this.#entry;
    this.#next = entry;
    let isSure = true;
    const done = await this.#repeat(
      'replace',
      () => store.replace(id, before, entry),
      () => {
        isSure = false;
      },
    );
    this.#next = undefined;
    if (done) {
      this.#entry = entry;
      this.#vacant = false;
      return true;
    }
    this.#entry = undefined;
    // Somebody looked, found a placeholder, and went away.
    if (isSure && this.#vacant) return false;
    this.#left = true;
    const message = `association "${id}" was continued elsewhere, this one sends no more`;
    throw this.#init.error('ESTALE', message);
  }

  /** Takes away what is ours, if it is still there. Never rejects. */
  async remove(): Promise<void> {
    const { store, id } = this.#init;
    this.leave();
    for (const entry of [this.#next, this.#entry]) {
      if (entry === undefined) continue;
      try {
        if (await store.replace(id, entry, undefined)) return;
      } catch (error) {
        this.#init.failing('replace', error);
      }
    }
  }

  /** Repeats nothing any more: whoever waits gets ECONNABORTED. */
  leave(): void {
    this.#left = true;
    this.#pause?.timer.cancel();
    this.#pause?.end();
  }

  /** Whether one of the placeholders is there after all. */
  async #find(tried: readonly Uint8Array[]): Promise<boolean> {
    const { store, id } = this.#init;
    for (const placeholder of tried) {
      if (await this.#repeat('replace', () => store.replace(id, placeholder, placeholder))) {
        this.#entry = placeholder;
        return true;
      }
    }
    return false;
  }

  /** Undefined: nobody knows. */
  async #once(call: () => boolean | Promise<boolean>): Promise<boolean | undefined> {
    try {
      return await call();
    } catch (error) {
      await this.#wait('replace', error, FIRST_PAUSE);
      return undefined;
    }
  }

  async #repeat<T>(operation: 'replace' | 'take', call: () => T | Promise<T>, unsure?: () => void): Promise<T> {
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      try {
        return await call();
      } catch (error) {
        unsure?.();
        await this.#wait(operation, error, pause);
      }
    }
  }

  async #wait(operation: 'replace' | 'take', error: unknown, pause: number): Promise<void> {
    const { clock, failing } = this.#init;
    failing(operation, error);
    if (!this.#left) {
      await new Promise<void>((resolve) => {
        this.#pause = { timer: clock.timer(pause, resolve), end: resolve };
      });
      this.#pause = undefined;
    }
    if (this.#left) throw this.#init.error('ECONNABORTED', `the association ended while its store failed`);
  }
}

/** Milliseconds between two calls of a store that fails. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 10_000;
