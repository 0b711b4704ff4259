import { describe, expect, it } from 'vitest';
import { rejection } from '../test/failure.ts';
import { EC_GROUPS, type EcGroup, generateEcKey } from './ec-key.ts';
import { privateKeyFromBuffer } from './private-key.ts';
import { resolvePrivateKey } from './resolve-private-key.ts';

/** Sizes of SEC1 DER as `openssl ecparam -genkey -outform DER` writes it. */
const SIZES: Readonly<Record<EcGroup, number>> = {
  secp192k1: 94,
  secp192r1: 97,
  secp224k1: 107,
  secp224r1: 106,
  secp256k1: 118,
  secp256r1: 121,
  secp384r1: 167,
  secp521r1: 223,
  brainpoolP256r1: 122,
  brainpoolP384r1: 171,
  brainpoolP512r1: 221,
};

describe('generateEcKey', () => {
  it.each(Object.entries(SIZES) as [EcGroup, number][])(
    '%s: %i bytes that resolve to a key of that group',
    async (group, size) => {
      const der = await generateEcKey(group);
      const key = await resolvePrivateKey(privateKeyFromBuffer(der));
      expect([der.byteLength, key.curve]).toEqual([size, EC_GROUPS[group].openssl]);
      expect(der.buffer.byteLength).toBe(size);
    },
  );

  it('secp256r1 has the layout of RFC 5915', async () => {
    const der = Buffer.from(await generateEcKey('secp256r1'));
    expect(der.subarray(0, 7).toString('hex')).toBe('30770201010420');
    expect(der.subarray(39, 57).toString('hex')).toBe('a00a06082a8648ce3d030107a14403420004'.slice(0, 36));
  });

  it('makes another key each time', async () => {
    expect(await generateEcKey('secp256r1')).not.toEqual(await generateEcKey('secp256r1'));
  });

  it.each([
    ['secp512r1', 'ENOTSUP', 'unknown group; known are secp192k1'],
    ['toString', 'ENOTSUP', 'unknown group'],
    [undefined, 'EINVAL', 'expected the name of a group, received undefined'],
  ])('%s is %s', async (group, code, message) => {
    const error = await rejection(() => generateEcKey(group as never));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
  });
});
