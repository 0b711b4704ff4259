import { expect, it } from 'vitest';
import { outsideHeap } from './outside-heap.ts';

it.each([Uint8Array.of(1), Uint8Array.from({ length: 64 }, (_, index) => index), Buffer.alloc(5, 'buffer')])(
  'copies what may be inside the heap: %o',
  (bytes) => {
    const outside = outsideHeap(bytes);
    expect(outside).not.toBe(bytes);
    expect([...outside]).toEqual([...bytes]);
  },
);

it('copies nothing that is outside already', () => {
  const large = new Uint8Array(65);
  expect(outsideHeap(large)).toBe(large);
});

it('has nothing of the last one behind a shorter one', () => {
  outsideHeap(new Uint8Array(64).fill(9));
  expect(outsideHeap(Uint8Array.of(1, 2))).toEqual(Uint8Array.of(1, 2));
});
