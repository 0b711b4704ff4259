/**
 * Which record numbers of one epoch were seen (RFC 6347 §4.1.2.6). Asked before a record is authenticated, told after,
 * so that a forged number moves nothing.
 */

export class ReplayWindow {
  /** Slot of a number is its remainder; it holds the number itself, so the window never has to be shifted. */
  readonly #slots: number[] = new Array(WINDOW).fill(-1);
  #highest = -1;

  isFresh(sequence: number): boolean {
    return sequence > this.#highest - WINDOW && this.#slots[sequence % WINDOW] !== sequence;
  }

  accept(sequence: number): void {
    this.#slots[sequence % WINDOW] = sequence;
    this.#highest = Math.max(this.#highest, sequence);
  }
}

const WINDOW = 64;
