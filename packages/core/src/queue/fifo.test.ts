import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Fifo } from './fifo.ts';

it('behaves like an array that is shifted', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer(), fc.constant('shift')), { maxLength: 500 }), (steps) => {
      const fifo = new Fifo<number>();
      const model: number[] = [];
      for (const step of steps) {
        if (typeof step === 'number') {
          fifo.push(step);
          model.push(step);
        } else expect(fifo.shift()).toBe(model.shift());
        expect(fifo.size).toBe(model.length);
      }
    }),
    { seed: 1 },
  );
});

it('keeps its order when it never runs empty', () => {
  const fifo = new Fifo<number>();
  fifo.push(0);
  for (let index = 1; index < 1_000; index++) {
    fifo.push(index);
    expect(fifo.shift()).toBe(index - 1);
    expect(fifo.size).toBe(1);
  }
});

it('forgets everything', () => {
  const fifo = new Fifo<number>();
  fifo.push(1);
  fifo.clear();
  expect(fifo.size).toBe(0);
  expect(fifo.shift()).toBeUndefined();
});
