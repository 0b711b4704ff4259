/** Which record numbers are opened (RFC 6347 §4.1.2.6), row by row and against a plain set. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, NativeLayer, options, otherEnd, SUITES } from '../test/record-layers.ts';
import { RecordTwin } from '../test/record-twin.ts';

const [suite] = SUITES;
const CLIENT = options({ peerId: bytesOf('id', 8) });
const LAST = 2 ** 48 - 1;

/** Numbers in the order of arrival; those that are refused are negative, and 0 is refused where `-0` stands. */
const ROWS: readonly (readonly [string, number, readonly number[]])[] = [
  ['the first record, whatever its number', 64, [7, -7]],
  ['number 0, once', 64, [0, -0, -0]],
  ['number 0 after others', 64, [1, 0, -0, -1]],
  ['a record that comes twice in a row', 64, [0, 1, -1, 2, -2, -1]],
  ['records in reverse', 64, [5, 4, 3, 2, 1, 0, -5, -3, -0]],
  ['a gap that is filled later', 64, [0, 1, 4, 3, 2, -3, -2]],
  ['the oldest number of the window', 64, [63, 0, -0]],
  ['the number just behind the window', 64, [64, -0, 1]],
  ['the newest jumping by the window less one', 64, [0, 63, -0, 1]],
  ['the newest jumping by exactly the window', 64, [0, 64, -0, 1, -64]],
  ['the newest jumping by more than the window', 64, [0, 65, -0, -1, 2]],
  ['a jump of a hundred windows', 64, [0, 1, 6_400, -1, 6_399, -6_336, 6_337, -6_400]],
  ['places of the ring that are used again', 64, [0, 1, 2, 64, 65, 66, -64, -65, -1, -2, 3, 67, -3]],
  ['skipped places of the ring, cleared', 64, [0, 1, 2, 3, 66, 65, 64, -66, -65, -64, -3]],
  ['every second number, then the others', 64, [0, 2, 4, 6, 1, 3, 5, -0, -1, -2, -3, -4, -5, -6]],
  ['a word boundary', 64, [62, 63, 64, 65, -63, -64, 61, -62]],
  ['numbers around 2^16', 64, [65_535, 65_536, -65_535, 65_534, -65_536]],
  ['numbers around 2^32', 64, [2 ** 32 - 1, 2 ** 32, -(2 ** 32 - 1), 2 ** 32 - 2, -(2 ** 32)]],
  ['the last number there is', 64, [LAST - 1, LAST, -LAST, -(LAST - 1), LAST - 63, -(LAST - 64)]],
  ['the last number first, then those before', 64, [LAST, LAST - 1, -LAST, -0, LAST - 2]],
  ['a window of 128: its oldest', 128, [127, 0, -0, 64, 63, -64, -63]],
  ['a window of 128: just behind it', 128, [128, -0, 1, -1]],
  ['a window of 128: its words used again', 128, [0, 64, 127, 128, 192, -64, 65, 191, -128, -0]],
  ['a window of 192, not a power of two', 192, [0, 191, -0, 192, -0, 1, 383, -191, -1, 193, 192 + 2, -192]],
  ['a window of 65536: its oldest', 65_536, [65_535, 0, -0, 32_768, -32_768]],
  ['a window of 65536: just behind it', 65_536, [65_536, -0, 1, -1]],
  [
    'a window of 65536: a jump over all of it',
    65_536,
    [0, 1, 200_000, -1, 199_999, 200_000 - 65_535, -(200_000 - 65_536)],
  ],
];

describe.each(ROWS)('opens %s', (_what, window, numbers) => {
  it(`with ${window} numbers: ${numbers.map((number) => (refusedOf(number) ? `(${-number})` : number)).join(' ')}`, () => {
    using layer = NativeLayer.create(suite!, { ...otherEnd(CLIENT), window });
    const sender = new RecordTwin(suite!, CLIENT);
    let newest = -1;
    for (const given of numbers) {
      const number = Math.abs(given);
      const opened = layer.open(sender.seal(23, bytesOf('message', 9), 0, { number }), 0);
      expect([given, opened.verdict]).toEqual([given, refusedOf(given) ? 'replayed' : 'opened']);
      expect([given, opened.newest]).toEqual([given, !refusedOf(given) && number > newest]);
      if (!refusedOf(given)) newest = Math.max(newest, number);
    }
  });
});

const refusedOf = (number: number): boolean => number < 0 || Object.is(number, -0);

it('opens what a set of all numbers would let through, in any order and with any window', () => {
  const step = fc.oneof({ weight: 6, arbitrary: fc.nat(300) }, fc.nat(3_000), fc.constantFrom(LAST, LAST - 70));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 120 }), (words, numbers) => {
      const window = 64 * words;
      using layer = NativeLayer.create(suite!, { ...otherEnd(CLIENT), window });
      const sender = new RecordTwin(suite!, CLIENT);
      const seen = new Set<number>();
      for (const number of numbers) {
        const newest = Math.max(-1, ...seen);
        const expected = seen.has(number) || number <= newest - window ? 'replayed' : 'opened';
        const opened = layer.open(sender.seal(23, bytesOf('message', 9), 0, { number }), 0);
        expect([number, opened.verdict]).toEqual([number, expected]);
        seen.add(number);
      }
    }),
    { numRuns: 100 },
  );
});

it('is not moved by records that are not authentic', () => {
  using layer = NativeLayer.create(suite!, otherEnd(CLIENT));
  const sender = new RecordTwin(suite!, CLIENT);
  const forged = sender.seal(23, bytesOf('message', 9), 0, { number: 1_000 });
  forged[forged.length - 1]! ^= 1;
  const record = sender.seal(23, bytesOf('message', 9), 0, { number: 1 });
  expect(layer.open(forged, 0)).toMatchObject({ verdict: 'forged', newest: false });
  expect(layer.open(record, 0)).toMatchObject({ verdict: 'opened', newest: true });
  forged[forged.length - 1]! ^= 1;
  expect(layer.open(forged, 0)).toMatchObject({ verdict: 'opened', newest: true });
});
