import { expect, it } from 'vitest';
import { outsideHeap } from './outside-heap.ts';

it.each([1, 63, 64])('copies %i bytes that may be inside the heap', (length) => {
  const bytes = Uint8Array.from({ length }, (_, index) => index + 1);
  const outside = outsideHeap(bytes);
  expect(outside).not.toBe(bytes);
  expect(outside).toEqual(bytes);
});

it('copies nothing that is outside already', () => {
  const large = new Uint8Array(65);
  const buffer = Buffer.from('short');
  expect(outsideHeap(large)).toBe(large);
  expect(outsideHeap(buffer)).toBe(buffer);
});

it('has nothing of the last one behind a shorter one', () => {
  outsideHeap(new Uint8Array(64).fill(9));
  expect(outsideHeap(Uint8Array.of(1, 2))).toEqual(Uint8Array.of(1, 2));
});
