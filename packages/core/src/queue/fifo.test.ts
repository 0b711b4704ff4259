import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Fifo } from './fifo.ts';

it('behaves like an array that is shifted', () => {
  const shift = { arbitrary: fc.constant('shift'), weight: 20 };
  const step = fc.oneof({ arbitrary: fc.integer(), weight: 20 }, shift, fc.constant('clear'));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 500 }), (steps) => {
      const fifo = new Fifo<number>();
      const model: number[] = [];
      for (const each of steps) {
        if (typeof each === 'number') {
          fifo.push(each);
          model.push(each);
        } else if (each === 'shift') expect(fifo.shift()).toBe(model.shift());
        else {
          fifo.clear();
          model.length = 0;
        }
        expect(fifo.size).toBe(model.length);
      }
    }),
    { seed: 1 },
  );
});

it.each([1, 2, 40, 200])('keeps its order when it never runs empty: %i wait', (waiting) => {
  const fifo = new Fifo<number>();
  for (let index = 0; index < waiting; index++) fifo.push(index);
  for (let index = 0; index < 1_000; index++) {
    fifo.push(index + waiting);
    expect(fifo.shift()).toBe(index);
    expect(fifo.size).toBe(waiting);
  }
});

it('forgets everything', () => {
  const fifo = new Fifo<number>();
  for (let index = 0; index < 3; index++) fifo.push(index);
  fifo.clear();
  expect(fifo.size).toBe(0);
  expect(fifo.shift()).toBeUndefined();
  fifo.push(9);
  expect([fifo.shift(), fifo.shift()]).toEqual([9, undefined]);
});
