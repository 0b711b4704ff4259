import { isNetError, type SecurityInfo, type SecurityInfoType } from '@avs-net/core/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { certificateChainCopyAsArray } from './certificate-chain.ts';
import { persistSecurityInfo, restoreSecurityInfo } from './persistence.ts';

const TYPES: readonly SecurityInfoType[] = [
  'certificateChain',
  'privateKey',
  'certRevocationList',
  'pskIdentity',
  'pskKey',
];
const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((value) => !value.includes('\0'));
const password = fc.option(
  fc.uint8Array().map((bytes) => bytes.filter((byte) => byte !== 0)),
  { nil: undefined },
);
const leaf = (type: SecurityInfoType): fc.Arbitrary<SecurityInfo> =>
  fc.oneof(
    fc.constant({ type, source: 'empty' as const }),
    fc.record({ type: fc.constant(type), source: fc.constant('file' as const), filename: text, password }),
    fc.record({ type: fc.constant(type), source: fc.constant('path' as const), path: text }),
    fc.record({ type: fc.constant(type), source: fc.constant('buffer' as const), buffer: fc.uint8Array(), password }),
    fc.record({ type: fc.constant(type), source: fc.constant('engine' as const), query: text }),
  ) as fc.Arbitrary<SecurityInfo>;
const { tree } = fc.letrec<{ tree: SecurityInfo }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    leaf('certificateChain'),
    fc
      .array(tie('tree'), { maxLength: 4 })
      .map((elements) => ({ type: 'certificateChain', source: 'array', elements })),
    fc.array(tie('tree'), { maxLength: 4 }).map((list) => ({ type: 'certificateChain', source: 'list', list })),
  ) as fc.Arbitrary<SecurityInfo>,
}));

const settings = { seed: 20_261_123, numRuns: 500 };

describe('persistence', () => {
  it('gives back what it was given, for every single item', () => {
    const item = fc.constantFrom(...TYPES.filter((type) => !type.startsWith('cert'))).chain(leaf);
    const property = fc.property(item, (info) => {
      const stored = persistSecurityInfo(info);
      const restored = restoreSecurityInfo(info.type, stored);
      for (const [name, value] of Object.entries(info)) {
        expect((restored as unknown as Record<string, unknown>)[name]).toEqual(value);
      }
      expect(persistSecurityInfo(restored)).toEqual(stored);
    });
    fc.assert(property, settings);
  });

  it('gives back the flattened form of every tree', () => {
    const property = fc.property(tree, (info) => {
      const stored = persistSecurityInfo(info);
      const restored = restoreSecurityInfo('certificateChain', stored);
      expect(restored).toEqual(certificateChainCopyAsArray(info as SecurityInfo<'certificateChain'>));
      expect(persistSecurityInfo(restored)).toEqual(stored);
    });
    fc.assert(property, settings);
  });

  it('refuses garbage with one of its codes, or restores what stores the same', () => {
    const damaged = fc
      .tuple(tree, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }))
      .map(([info, changes]) => {
        const stored = persistSecurityInfo(info);
        for (const [offset, value] of changes) stored[offset % stored.byteLength] = value;
        return stored;
      });
    const property = fc.property(fc.constantFrom(...TYPES), fc.oneof(fc.uint8Array(), damaged), (type, bytes) => {
      let restored: SecurityInfo;
      try {
        restored = restoreSecurityInfo(type, bytes);
      } catch (error) {
        expect(isNetError(error) ? error.code : error).toMatch(/^(?:EOF|EIO|EBADMSG|EINVAL)$/);
        return;
      }
      const again = restoreSecurityInfo(type, persistSecurityInfo(restored));
      expect(persistSecurityInfo(again)).toEqual(persistSecurityInfo(restored));
    });
    fc.assert(property, { ...settings, numRuns: 2_000 });
  });
});
