import { describe, expect, it } from 'vitest';
import type { Fragment } from './handshake-message.ts';
import { Reassembly } from './reassembly.ts';

const BODY = [10, 11, 12, 13, 14, 15];
const piece = (offset: number, size: number, over: Partial<Fragment> = {}): Fragment => ({
  type: 16,
  sequence: 0,
  length: BODY.length,
  offset,
  body: Uint8Array.from(BODY.slice(offset, offset + size)),
  ...over,
});

describe('reassembly', () => {
  it.each<[name: string, pieces: Fragment[], complete: boolean]>([
    ['in order', [piece(0, 2), piece(2, 2), piece(4, 2)], true],
    ['backwards', [piece(4, 2), piece(2, 2), piece(0, 2)], true],
    ['single bytes', [0, 1, 2, 3, 4, 5].map((offset) => piece(offset, 1)), true],
    ['overlapping', [piece(0, 4), piece(2, 4)], true],
    ['twice the same', [piece(0, 3), piece(0, 3), piece(3, 3)], true],
    ['with an empty one', [piece(0, 0), piece(0, 6)], true],
    ['with a gap', [piece(0, 2), piece(3, 3)], false],
    ['the same half twice', [piece(0, 3), piece(0, 3)], false],
    ['a contradicting length starts afresh', [piece(0, 3), piece(0, 3, { length: 7 }), piece(3, 3)], false],
    ['and the true one can still come', [piece(0, 3, { length: 7 }), piece(0, 3), piece(3, 3)], true],
    ['a contradicting type too', [piece(0, 3, { type: 12 }), piece(3, 3)], false],
  ])('%s', (_, pieces, complete) => {
    const reassembly = new Reassembly();
    for (const part of pieces) expect(reassembly.add(part)).toBeUndefined();
    const message = reassembly.peek();
    expect(message === undefined ? undefined : [...message.body]).toEqual(complete ? BODY : undefined);
  });

  it.each<[reason: string, fragment: Fragment]>([
    ['oldHandshakeMessage', piece(0, 6, { sequence: 1 })],
    ['futureHandshakeMessage', piece(0, 6, { sequence: 6 })],
    ['handshakeMessageTooLong', piece(0, 6, { sequence: 2, length: 2_049 })],
  ])('%s', (reason, fragment) => {
    const reassembly = new Reassembly();
    reassembly.expect(2);
    expect(reassembly.add(fragment)).toBe(reason);
    expect(reassembly.peek()).toBeUndefined();
  });

  it('keeps messages ahead, gives them in their turn and forgets what it is told to', () => {
    const reassembly = new Reassembly();
    reassembly.add(piece(0, 6, { sequence: 1 }));
    expect(reassembly.peek()).toBeUndefined();
    reassembly.add(piece(0, 6));
    expect(reassembly.peek()?.sequence).toBe(0);
    reassembly.expect(1);
    expect(reassembly.peek()?.sequence).toBe(1);
    reassembly.forget();
    expect(reassembly.peek()).toBeUndefined();
    reassembly.add(piece(0, 6, { sequence: 1 }));
    reassembly.clear();
    expect(reassembly.peek()).toBeUndefined();
  });
});
