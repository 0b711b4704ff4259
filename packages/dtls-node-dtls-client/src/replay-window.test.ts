import { describe, expect, it } from 'vitest';
import { replayWindow } from './replay-window.ts';

/** Each number in turn: is it taken? */
const SEQUENCES: { name: string; numbers: number[]; taken: number[] }[] = [
  { name: 'in order', numbers: [0, 1, 2, 3], taken: [0, 1, 2, 3] },
  { name: 'repeated', numbers: [0, 0, 1, 1, 0], taken: [0, 1] },
  { name: 'out of order', numbers: [5, 3, 4, 3, 5, 0], taken: [5, 3, 4, 0] },
  { name: 'the oldest that fits', numbers: [63, 0, 0], taken: [63, 0] },
  { name: 'the newest that does not fit', numbers: [64, 0, 1], taken: [64, 1] },
  { name: 'a step of 31', numbers: [10, 41, 10, 41, 11], taken: [10, 41, 11] },
  { name: 'a step of 32', numbers: [10, 42, 10, 42, 11], taken: [10, 42, 11] },
  { name: 'a step of 33', numbers: [10, 43, 10, 43, 11], taken: [10, 43, 11] },
  { name: 'a step of 63', numbers: [10, 73, 10, 11], taken: [10, 73, 11] },
  { name: 'a step of 64', numbers: [10, 74, 10, 11], taken: [10, 74, 11] },
  { name: 'a step of 65', numbers: [10, 75, 11, 12], taken: [10, 75, 12] },
  {
    name: 'a step beyond 32 bits',
    numbers: [7, 2 ** 40, 7, 2 ** 40 - 63, 2 ** 40 - 64],
    taken: [7, 2 ** 40, 2 ** 40 - 63],
  },
  { name: 'the last number', numbers: [2 ** 48 - 1, 2 ** 48 - 1], taken: [2 ** 48 - 1] },
];

describe('replay window', () => {
  it.each(SEQUENCES)('$name', ({ numbers, taken }) => {
    const window = replayWindow();
    const got = numbers.filter((number) => {
      if (!window.mayReceive(number)) return false;
      window.markAsReceived(number);
      return true;
    });
    expect(got).toEqual(taken);
  });

  it('is not moved by what is only looked at', () => {
    const window = replayWindow();
    window.markAsReceived(5);
    expect(window.mayReceive(2 ** 40)).toBe(true);
    expect(window.mayReceive(4)).toBe(true);
  });

  it('agrees with a set of numbers', () => {
    const window = replayWindow();
    const seen = new Set<number>();
    let highest = -1;
    let state = 1;
    for (let n = 0; n < 20_000; n++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const number = Math.max(0, highest + ((state >>> 8) % 140) - 100);
      const expected = number > highest - 64 && !seen.has(number);
      expect(window.mayReceive(number)).toBe(expected);
      if (!expected) continue;
      window.markAsReceived(number);
      seen.add(number);
      highest = Math.max(highest, number);
    }
  });
});
