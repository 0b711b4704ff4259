/**
 * An engine that counts record numbers instead of encrypting with them, and a ledger of all that were ever used.
 */

import type { Continuation } from '../src/contract/association.ts';

/** Counts the numbers of one key. */
export class CountingEngine implements Continuation {
  readonly #ledger: Ledger;
  readonly #key: number;
  #next: number;
  #limit = Number.POSITIVE_INFINITY;
  #promised = 0;

  constructor(ledger: Ledger, key: number, next: number) {
    this.#ledger = ledger;
    this.#key = key;
    this.#next = next;
  }

  get left(): number {
    return this.#limit - this.#next;
  }

  save(reserve: number): Uint8Array {
    this.#promised = Math.max(this.#promised, this.#next + reserve);
    this.#limit = reserve === 0 ? this.#next : Math.min(this.#limit, this.#promised);
    return Uint8Array.from(Buffer.from(`${this.#key} ${this.#promised}`));
  }

  stored(): void {
    this.#limit = this.#promised;
  }

  /** What no engine has. */
  lift(): void {
    this.#limit = Number.POSITIVE_INFINITY;
  }

  use(): void {
    if (this.left <= 0) throw new Error('EAGAIN');
    this.#ledger.use(this.#key, this.#next);
    this.#next += 1;
  }
}

/** Who used which number of which key. */
export class Ledger {
  readonly #used = new Set<string>();
  readonly twice: string[] = [];

  get size(): number {
    return this.#used.size;
  }

  use(key: number, number: number): void {
    const name = `${key}:${number}`;
    if (this.#used.has(name)) this.twice.push(name);
    this.#used.add(name);
  }
}
