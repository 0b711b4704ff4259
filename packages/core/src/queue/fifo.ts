/**
 * First in, first out, without moving what waits. One item alone needs no array.
 */

export class Fifo<T extends NonNullable<unknown>> {
  /** The oldest, if there is any. */
  #first: T | undefined;
  #rest: (T | undefined)[] = NOTHING;
  /** Where the next oldest is. */
  #head = 0;

  get size(): number {
    return this.#first === undefined ? 0 : 1 + this.#rest.length - this.#head;
  }

  push(item: T): void {
    if (this.#first === undefined) {
      this.#first = item;
      return;
    }
    if (this.#rest === NOTHING) this.#rest = [];
    this.#rest.push(item);
  }

  shift(): T | undefined {
    const item = this.#first;
    if (this.#rest === NOTHING) this.#first = undefined;
    else this.#advance();
    return item;
  }

  clear(): void {
    this.#first = undefined;
    this.#rest = NOTHING;
    this.#head = 0;
  }

  #advance(): void {
    this.#first = this.#rest[this.#head];
    this.#rest[this.#head++] = undefined;
    if (this.#head === this.#rest.length) {
      this.#rest = NOTHING;
      this.#head = 0;
    } else if (this.#head >= COMPACT_FROM && this.#head * 2 >= this.#rest.length) {
      this.#rest = this.#rest.slice(this.#head);
      this.#head = 0;
    }
  }
}

/** What every queue has that nothing but its first item waits in. */
const NOTHING: never[] = [];
const COMPACT_FROM = 64;
