/**
 * An association that can go on elsewhere: core's `Continuation` over the numbers of the native record layer, which
 * knows how far they may be used.
 */

import type { Continuation } from '@avs-net/core/plugin';
import type { Addon } from './native.ts';

export class OpensslContinuation implements Continuation {
  readonly #addon: Addon;
  readonly #handle: number;

  constructor(addon: Addon, handle: number) {
    this.#addon = addon;
    this.#handle = handle;
  }

  get left(): number {
    return this.#addon.numbersLeft(this.#handle);
  }

  save(reserve: number): Uint8Array {
    return this.#addon.saveAssociation(this.#handle, reserve);
  }

  stored(): void {
    this.#addon.storedAssociation(this.#handle);
  }
}
