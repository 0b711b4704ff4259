import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, NativeLayer, NO_ID, options, otherEnd, SUITES } from '../test/record-layers.ts';

const MESSAGE = bytesOf('message', 20);
const LAST = 2 ** 48 - 1;
const ID = options({ ownId: bytesOf('own', 3), peerId: bytesOf('peer', 20), window: 128 });

describe.each(SUITES)('the state of a record layer of $name', (suite) => {
  it('makes a successor that goes on under the same keys and ids, at its own number', () => {
    using before = NativeLayer.create(suite, ID);
    using peer = NativeLayer.create(suite, otherEnd(ID));
    for (let number = 0; number < 5; number++) peer.open(before.seal(23, MESSAGE), 0);
    for (let number = 0; number < 3; number++) before.open(peer.seal(23, MESSAGE), 0);
    using after = NativeLayer.continue(before.state(100))!;
    expect(after.seal(23, MESSAGE), 'before it has numbers').toHaveLength(0);
    expect(after.setLimit(102)).toBe(100);
    for (const number of [100, 101]) {
      const record = after.seal(23, MESSAGE);
      expect(record.readUIntBE(5, 6)).toBe(number);
      expect(peer.open(record, 0)).toMatchObject({ verdict: 'opened', content: MESSAGE, newest: true });
    }
    expect(after.seal(23, MESSAGE), 'at its limit').toHaveLength(0);
    expect(after.open(peer.seal(23, MESSAGE), 0)).toMatchObject({ verdict: 'opened', newest: true });
  });

  it('keeps the successor from opening what the layer before may have opened', () => {
    using before = NativeLayer.create(suite, ID);
    using peer = NativeLayer.create(suite, otherEnd(ID));
    const [first, second, third] = [peer.seal(23, MESSAGE), peer.seal(23, MESSAGE), peer.seal(23, MESSAGE)];
    before.open(second, 0);
    using after = NativeLayer.continue(before.state(0))!;
    expect([first, second, third, first, third].map((record) => after.open(record, 0).verdict)).toEqual([
      'replayed',
      'replayed',
      'opened',
      'replayed',
      'replayed',
    ]);
  });

  it('is the same again when it is taken from the successor', () => {
    using before = NativeLayer.create(suite, ID);
    using fresh = NativeLayer.create(suite, options());
    for (const state of [before.state(LAST), fresh.state(0)]) {
      using after = NativeLayer.continue(state)!;
      expect(after.state(after.setLimit(0))).toEqual(state);
    }
  });

  it('is refused when it is cut off, longer, of another version, or out of range', () => {
    using layer = NativeLayer.create(suite, ID);
    const state = layer.state(7);
    for (let size = 0; size < state.length; size++)
      expect(NativeLayer.continue(state.subarray(0, size))).toBe(undefined);
    expect(NativeLayer.continue(Buffer.concat([state, Uint8Array.of(0)]))).toBe(undefined);
    const damaged = (at: number, bytes: number[]) => {
      const copy = Buffer.from(state);
      copy.set(bytes, at);
      return NativeLayer.continue(copy);
    };
    expect(damaged(0, [0])).toBe(undefined);
    expect(damaged(0, [2])).toBe(undefined);
    // A CBC suite, and none at all.
    expect(damaged(1, [0x00, 0xae])).toBe(undefined);
    expect(damaged(1, [0xff, 0xff])).toBe(undefined);
    // No window, and one of more than 65536 numbers.
    expect(damaged(3, [0x00, 0x00])).toBe(undefined);
    expect(damaged(3, [0x04, 0x01])).toBe(undefined);
    // Numbers of more than 48 bits.
    expect(damaged(5, [0, 1])).toBe(undefined);
    expect(damaged(13, [0, 1, 0, 0, 0, 0, 0, 1])).toBe(undefined);
    expect(damaged(13, [0xff])).toBe(undefined);
  });
});

it('survives states of random bytes and random damage', () => {
  using layer = NativeLayer.create(SUITES[0]!, options({ ownId: NO_ID, peerId: bytesOf('peer', 8) }));
  const state = layer.state(7);
  const damage = fc.array(fc.tuple(fc.nat(state.length - 1), fc.nat(255)), { maxLength: 4 });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), damage), (input) => {
      const bytes = Buffer.from(state);
      if (!(input instanceof Uint8Array)) for (const [at, byte] of input) bytes[at] = byte;
      using found = NativeLayer.continue(input instanceof Uint8Array ? input : bytes);
      found?.setLimit(LAST);
      if (found !== undefined) expect(found.open(found.seal(23, MESSAGE), 0).verdict).not.toBe('opened');
    }),
    { numRuns: 3_000 },
  );
});
