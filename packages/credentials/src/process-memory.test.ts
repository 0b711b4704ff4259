import { getRandomValues } from 'node:crypto';
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { wipe } from '@avs-net/core/plugin';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpensslFiles, opensslFiles } from '../test/openssl-files.ts';
import { mark, occurrences, whyUnavailable } from '../test/process-memory.ts';
import { generateEcKey } from './ec-key.ts';
import { persistSecurityInfo, restoreSecurityInfo } from './persistence.ts';
import { privateKeyFromBuffer, privateKeyFromFile } from './private-key.ts';
import { psk } from './psk.ts';
import { pskServer } from './psk-server.ts';
import { resolvePrivateKey } from './resolve-private-key.ts';
import { resolvePsk } from './resolve-psk.ts';
import { wipeSecurity } from './wiping.ts';

/** Where memory cannot be searched the reason is attached to each test, and nothing is claimed. */
const unavailable = whyUnavailable();
let files: OpensslFiles;
beforeAll(() => {
  files = opensslFiles();
});
afterAll(() => files.remove());

describe('secrets after wiping are nowhere in the memory of the process', () => {
  it('a pre-shared key that was resolved, stored and restored', async ({ annotate }) => {
    if (unavailable !== undefined) return void (await annotate(unavailable, 'unavailable'));
    const key = getRandomValues(ownMemory(32));
    const marked = mark(key);
    const info = psk({ identity: 'dev-1', key });
    const server = pskServer({ identities: { 'dev-1': key } });
    wipe(key);
    const resolved = await resolvePsk(info);
    const stored = persistSecurityInfo(info.key);
    const restored = restoreSecurityInfo('pskKey', stored);
    expect((await occurrences(marked))[0]).toBeGreaterThan(0);
    for (const bytes of [resolved.key, stored]) wipe(bytes);
    for (const credential of [info, server, restored]) wipeSecurity(credential);
    expect(await occurrences(marked)).toEqual([0]);
  });

  it('short keys, which V8 would keep in its moving heap', async ({ annotate }) => {
    if (unavailable !== undefined) return void (await annotate(unavailable, 'unavailable'));
    const key = getRandomValues(ownMemory(16));
    const marked = mark(key);
    const infos = Array.from({ length: 100 }, () => psk({ identity: 'dev-1', key }));
    wipe(key);
    expect((await occurrences(marked))[0]).toBeGreaterThanOrEqual(100);
    for (const info of infos) wipeSecurity(info);
    expect(await occurrences(marked)).toEqual([0]);
  });

  it('a generated private key', async ({ annotate }) => {
    if (unavailable !== undefined) return void (await annotate(unavailable, 'unavailable'));
    const der = await generateEcKey('secp256r1');
    const marked = mark(der.subarray(7, 39));
    const info = privateKeyFromBuffer(der);
    wipe(der);
    const key = await resolvePrivateKey(info);
    expect((await occurrences(marked))[0]).toBeGreaterThan(0);
    wipe(key.der ?? der);
    wipeSecurity(info);
    expect(await occurrences(marked)).toEqual([0]);
  });

  it.for([
    ['PEM', 'pkcs8', '-topk8', '-nocrypt'],
    ['DER', 'pkcs8', '-topk8', '-nocrypt', '-outform', 'DER'],
    ['SEC1 PEM', 'ec'],
    ['encrypted PEM', 'pkcs8', '-topk8', '-passout', 'file:password'],
    ['encrypted DER', 'pkcs8', '-topk8', '-passout', 'file:password', '-outform', 'DER'],
    ['encrypted SEC1 PEM', 'ec', '-aes128', '-passout', 'file:password'],
  ])('a private key and its password from a file: %s', async ([, ...options], { annotate }) => {
    if (unavailable !== undefined) return void (await annotate(unavailable, 'unavailable'));
    const password = getRandomValues(ownMemory(24));
    for (const [index, byte] of password.entries()) password[index] = 97 + (byte % 26);
    writeFileSync(files.path('password'), password);
    files.makeKey('any', 'p256');
    files.openssl(...options, '-in', 'any.key', '-out', 'any.form');
    files.openssl('pkcs8', '-topk8', '-nocrypt', '-in', 'any.key', '-outform', 'DER', '-out', 'any.p8');
    const scalar = readSlice(files.path('any.p8'), 36, 32);
    const marked = [mark(scalar), mark(password)];
    wipe(scalar);
    const info = privateKeyFromFile(files.path('any.form'), password);
    wipe(password);
    const key = await resolvePrivateKey(info);
    for (const count of await occurrences(...marked)) expect(count).toBeGreaterThan(0);
    wipe(key.der ?? scalar);
    wipeSecurity(info);
    expect(await occurrences(...marked)).toEqual([0, 0]);
  });
});

/** Reads past the tests' own buffers, so that nothing but the product holds a copy. */
function readSlice(filename: string, offset: number, size: number): Uint8Array {
  const file = openSync(filename, 'r');
  const slice = ownMemory(size);
  readSync(file, slice, 0, size, offset);
  closeSync(file);
  return slice;
}

function ownMemory(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(size));
}
