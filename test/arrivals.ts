/** What arrives at a test, and who waits for it. */

/** First come, first served. */
export class Arrivals<T> {
  readonly #items: T[] = [];
  readonly #waiting: ((item: T) => void)[] = [];
  total = 0;

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    this.total += 1;
    const next = this.#waiting.shift();
    if (next === undefined) this.#items.push(item);
    else next(item);
  }

  next(): Promise<T> {
    const item = this.#items.shift();
    return item === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(item);
  }
}
