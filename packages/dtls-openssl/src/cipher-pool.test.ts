/** Many record layers share few cipher contexts: every one keeps its own key, number and direction. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, NativeLayer, options, otherEnd, SUITES } from '../test/record-layers.ts';
import { RecordTwin } from '../test/record-twin.ts';

/** More than twice the places of the pool. */
const LAYERS = 300;

interface Pair {
  readonly ours: NativeLayer;
  readonly peer: NativeLayer;
  readonly twin: RecordTwin;
}

describe('record layers of one thread', () => {
  it('do not mix their keys, in any order, of any suites, while others go and come', () => {
    const pairs = Array.from({ length: LAYERS }, (_, index) => pairOf(index));
    let made = LAYERS;
    const step = fc.record({ which: fc.nat(LAYERS - 1), renew: fc.boolean(), size: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        for (const { which, renew, size } of steps) {
          if (renew) {
            dispose(pairs[which]!);
            pairs[which] = pairOf(made++);
          }
          const content = bytesOf('content', size);
          // Neighbours first, so that somebody else has had the place.
          for (const index of [(which + 128) % LAYERS, which, (which + 64) % LAYERS, which]) {
            const { ours, peer, twin } = pairs[index]!;
            const record = ours.seal(23, content);
            expect(record.equals(twin.seal(23, content))).toBe(true);
            expect(peer.open(record, 0)).toMatchObject({ verdict: 'opened', content });
          }
        }
      }),
      { numRuns: 100 },
    );
    for (const pair of pairs) dispose(pair);
  });
});

function pairOf(index: number): Pair {
  const suite = SUITES[index % SUITES.length]!;
  const ours = options({ secrets: bytesOf(`secrets ${index}`, 112), peerId: bytesOf(`id ${index}`, index % 9) });
  const twin = new RecordTwin(suite, ours);
  return { ours: NativeLayer.create(suite, ours), peer: NativeLayer.create(suite, otherEnd(ours)), twin };
}

function dispose({ ours, peer }: Pair): void {
  ours[Symbol.dispose]();
  peer[Symbol.dispose]();
}
