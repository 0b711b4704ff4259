/**
 * First in, first out, without moving what waits.
 */

export class Fifo<T> {
  #items: (T | undefined)[] = NOTHING;
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    if (this.#items === NOTHING) this.#items = [];
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) this.clear();
    else if (this.#head >= COMPACT_FROM && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = NOTHING;
    this.#head = 0;
  }
}

/** What every empty queue has. */
const NOTHING: never[] = [];
const COMPACT_FROM = 64;
