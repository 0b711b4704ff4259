import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AssociationBonds, openEntry, placeholderEntry, sealEntry } from './association-entry.ts';

const bonds: AssociationBonds = { backend: 'b', role: 'client', credential: 'c', configuration: '[]' };
const key = new Uint8Array(32).fill(1);
const peer = { host: '192.0.2.1', port: 5684 };
const seal = (state = Uint8Array.of(1, 2, 3), of = bonds): Uint8Array => sealEntry('id', of, { peer, state }, key);
const reason = (entry: Uint8Array, of = bonds, keys = [key]): string => {
  const opened = openEntry('id', of, entry, keys);
  return opened.kind === 'refused' ? opened.reason : opened.kind;
};

describe('an entry', () => {
  it('gives back what it holds, and wipes what it was made of', () => {
    const facts = { peer: { ...peer, local: { host: '192.0.2.9', port: 1 } }, serverName: 'ü.example', hostname: 'x' };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (state) => {
        const given = Uint8Array.from(state);
        const opened = openEntry('id', bonds, sealEntry('id', bonds, { ...facts, state: given }, key), [key]);
        expect(opened).toEqual({ kind: 'association', association: { ...facts, state: Uint8Array.from(state) } });
        expect(given.every((byte) => byte === 0)).toBe(true);
      }),
    );
  });

  it('is never the same twice, though it holds the same', () => {
    expect(Buffer.compare(seal(), seal())).not.toBe(0);
    expect(Buffer.compare(placeholderEntry(), placeholderEntry())).not.toBe(0);
    expect(reason(placeholderEntry())).toBe('placeholder');
  });

  it('is refused with a single bit of it changed, cut or extended', () => {
    const entry = seal();
    for (let bit = 0; bit < entry.length * 8; bit++) {
      const damaged = Uint8Array.from(entry);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(reason(damaged)).not.toBe('association');
    }
    for (let length = 0; length < entry.length; length++) {
      expect(reason(entry.subarray(0, length))).not.toBe('association');
    }
    expect(reason(Buffer.concat([entry, Uint8Array.of(0)]))).toContain('damaged');
  });

  it('never throws for what anybody may have put there', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom([], [1], [1, 1]), (bytes, head) => {
        expect(reason(Uint8Array.from([...head, ...bytes]))).not.toBe('association');
      }),
    );
  });

  it.each(['backend', 'role', 'credential', 'configuration'] as const)('is refused where the %s is another', (bond) => {
    const other = { ...bonds, [bond]: bond === 'role' ? 'server' : 'other' } as AssociationBonds;
    expect(reason(seal(), other)).toBe(`it belongs to another ${bond}`);
    expect(reason(seal(), bonds, [new Uint8Array(32), new Uint8Array(40)])).toContain('none of associations.keys');
    expect(reason(seal(), bonds, [new Uint8Array(32), key])).toBe('association');
  });
});
