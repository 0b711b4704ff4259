/** Exported keys (RFC 5705) once OpenSSL's connection is gone, computed once more by node:crypto. */

import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { inside } from '../test/inside.ts';

const LABEL = 'EXPERIMENTAL avs-net';

it.each([
  [0xc0a8, 'sha256'],
  [0x00a8, 'sha256'],
  [0x00a9, 'sha384'],
  [0xccab, 'sha256'],
])('of suite %i are those of RFC 5705 with %s', async (suite, hash) => {
  const { wire, secrets } = await inside({ ciphersuites: [suite] });
  for (const context of [undefined, new Uint8Array(0), Buffer.from('context'), new Uint8Array(900)]) {
    const length = context === undefined ? [] : [Buffer.of(context.length >> 8, context.length & 0xff), context];
    const seed = Buffer.concat([Buffer.from(LABEL), secrets.subarray(48), ...length]);
    for (const size of [1, 32, 33, 1_000]) {
      const expected = prf(hash, secrets.subarray(0, 48), seed, size).toString('hex');
      for (const { association } of [wire.client, wire.server]) {
        const exported = association.exportKeyingMaterial!(LABEL, size, context);
        expect(Buffer.from(exported).toString('hex')).toBe(expected);
      }
    }
  }
  wire.destroy();
});

it.each([
  'client finished',
  'server finished',
  'master secret',
  'extended master secret',
  'key expansion',
  'key expansion, and more',
])('have no label %s', async (label) => {
  const { wire } = await inside();
  expect(() => wire.client.association.exportKeyingMaterial!(label, 32)).toThrow(
    expect.objectContaining({ code: 'EINVAL' }),
  );
  wire.destroy();
});

/** P_hash of RFC 5246 §5. */
function prf(hash: string, secret: Uint8Array, seed: Uint8Array, size: number): Buffer {
  const hmac = (data: Uint8Array): Buffer => createHmac(hash, secret).update(data).digest();
  const blocks: Buffer[] = [];
  for (let a = hmac(seed); Buffer.concat(blocks).length < size; a = hmac(a)) {
    blocks.push(hmac(Buffer.concat([a, seed])));
  }
  return Buffer.concat(blocks).subarray(0, size);
}
