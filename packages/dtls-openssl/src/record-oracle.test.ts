/** The native record layer against its twin: whatever comes in whatever order, both say the same. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, NativeLayer, NO_ID, options, otherEnd, SUITES } from '../test/record-layers.ts';
import { RecordTwin, type TwinOptions, type TwinSuite } from '../test/record-twin.ts';

describe.each(SUITES)('a record layer of $name', (suite) => {
  it('seals what its twin seals, with any type, content, padding and id', () => {
    fc.assert(
      fc.property(peers, fc.array(sealing.filter(isContent), { maxLength: 8 }), (given, sealings) => {
        using native = NativeLayer.create(suite, given);
        const twin = new RecordTwin(suite, given);
        for (const { type, content, padding } of sealings) {
          const zeros = given.peerId.length > 0 ? padding : 0;
          expect(native.seal(type, content, zeros).equals(twin.seal(type, content, zeros))).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('opens, refuses and counts as its twin does, in any order, with gaps, repetitions and damage', () => {
    fc.assert(
      fc.property(peers, fc.array(fc.array(arrival, { maxLength: 3 }), { maxLength: 25 }), (given, datagrams) => {
        using native = NativeLayer.create(suite, otherEnd(given));
        const twin = new RecordTwin(suite, otherEnd(given));
        for (const arrivals of datagrams) {
          const datagram = Buffer.concat(arrivals.map((what) => recordOf(suite, given, what)));
          for (let at = 0; at < datagram.length; ) {
            const expected = twin.open(datagram, at);
            const opened = native.open(datagram, at);
            expect(opened).toEqual(expected);
            expect(opened.next).toBeGreaterThan(at);
            at = opened.next;
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});

it('knows every verdict, so that the twins do not agree by refusing all', () => {
  const seen = new Set<string>();
  const [suite] = SUITES;
  for (const given of fc.sample(peers, { numRuns: 20, seed: 1 })) {
    using native = NativeLayer.create(suite!, otherEnd(given));
    for (const what of fc.sample(arrival, { numRuns: 100, seed: 2 })) {
      seen.add(native.open(recordOf(suite!, given, what), 0).verdict);
    }
  }
  expect([...seen].sort()).toEqual(['forged', 'malformed', 'opened', 'replayed', 'wrong-epoch', 'wrong-id']);
});

/** What a sender with the right keys, or somebody else, puts on the wire. */
function recordOf(suite: TwinSuite, given: TwinOptions, { sealed, number, epoch, id, damage, cut }: Arrival): Buffer {
  const peerId = id === 'right' ? given.peerId : id === 'none' ? NO_ID : bytesOf('wrong', given.peerId.length);
  const padding = peerId.length > 0 ? sealed.padding : 0;
  const sender = new RecordTwin(suite, { ...given, peerId });
  const record = sender.seal(sealed.type, sealed.content, padding, { number, epoch });
  if (damage !== undefined) record[damage.at % record.length]! ^= 1 << damage.bit;
  return cut === undefined ? record : record.subarray(0, Math.max(1, cut % record.length));
}

/** tls12_cid is none: who seals it writes nothing. */
const isContent = ({ type }: Sealing): boolean => type !== 25;

interface Sealing {
  readonly type: number;
  readonly content: Uint8Array;
  readonly padding: number;
}

interface Arrival {
  readonly sealed: Sealing;
  readonly number: number;
  readonly epoch: number;
  readonly id: 'right' | 'wrong' | 'none';
  readonly damage: { readonly at: number; readonly bit: number } | undefined;
  readonly cut: number | undefined;
}

const ids = fc.oneof(
  fc.constant(NO_ID),
  fc.uint8Array({ minLength: 1, maxLength: 20 }),
  fc.constant(bytesOf('id', 254)),
);

const peers: fc.Arbitrary<TwinOptions> = fc
  .record({ server: fc.boolean(), ownId: ids, peerId: ids, window: fc.constantFrom(64, 128, 192) })
  .map((given) => options(given));

const sealing: fc.Arbitrary<Sealing> = fc.record({
  type: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(20, 21, 22, 23) }, fc.nat(255)),
  // Zeros at the end must not pass for padding.
  content: fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.constant(new Uint8Array(5)),
    fc.constant(bytesOf('long', 1_500)),
  ),
  padding: fc.oneof(fc.constant(0), fc.nat(40)),
});

const arrival: fc.Arbitrary<Arrival> = fc.record({
  sealed: sealing,
  number: fc.oneof({ weight: 30, arbitrary: fc.nat(200) }, fc.constantFrom(2 ** 32, 2 ** 48 - 1, 2 ** 48 - 2)),
  epoch: fc.oneof(mostly(1), fc.constantFrom(0, 2, 65_535)),
  id: fc.oneof(mostly<Arrival['id']>('right'), fc.constantFrom<Arrival['id']>('wrong', 'none')),
  damage: fc.oneof(mostly(undefined), fc.record({ at: fc.nat(), bit: fc.nat(7) })),
  cut: fc.oneof(mostly(undefined), fc.nat()),
});

function mostly<T>(value: T): fc.WeightedArbitrary<T> {
  return { weight: 12, arbitrary: fc.constant(value) };
}
