import { isNetError } from '@avs-net/core/plugin';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MALFORMATIONS } from '../test/malformed.ts';
import { type OpensslFiles, opensslFiles } from '../test/openssl-files.ts';
import { certificateChainFromBuffer, certificateChainFromFile } from './certificate-chain.ts';
import { parsePkcs7CertsOnly } from './pkcs7.ts';
import { privateKeyFromBuffer, privateKeyFromFile } from './private-key.ts';
import { resolveCertificateChain, resolveTrustedCerts } from './resolve-certificates.ts';
import { resolvePrivateKey } from './resolve-private-key.ts';
import { resolveCertRevocationLists } from './resolve-revocation-lists.ts';
import { certRevocationListFromBuffer, certRevocationListFromFile } from './revocation-list.ts';

const PASSWORD = Buffer.from('correct-horse');
let files: OpensslFiles;

beforeAll(() => {
  files = opensslFiles();
  for (const name of ['rsa', 'p256', 'ed25519'] as const) {
    files.makeKey(name, name);
    files.openssl('pkey', '-in', `${name}.key`, '-outform', 'DER', '-out', `${name}.key.der`);
    files.makeCertificate(name);
    files.openssl('x509', '-in', `${name}.crt`, '-outform', 'DER', '-out', `${name}.crt.der`);
  }
  files.openssl('pkcs8', '-topk8', '-in', 'p256.key', '-passout', `pass:${PASSWORD}`, '-out', 'sealed.key');
  files.openssl('ec', '-in', 'p256.key', '-aes128', '-passout', `pass:${PASSWORD}`, '-out', 'sealed-sec1.key');
  files.makeRevocationList('p256', 'p256', 'p256');
  files.openssl('crl', '-in', 'p256.crl', '-outform', 'DER', '-out', 'p256.crl.der');
  files.openssl('crl2pkcs7', '-in', 'p256.crl', '-certfile', 'rsa.crt', '-out', 'all.p7');
  files.openssl('crl2pkcs7', '-in', 'p256.crl', '-certfile', 'rsa.crt', '-outform', 'DER', '-out', 'all.p7.der');
});
afterAll(() => files.remove());

type Resolve = (bytes: Buffer) => Promise<unknown>;
const key: Resolve = (bytes) => resolvePrivateKey(privateKeyFromBuffer(bytes, PASSWORD));
const keyFile: Resolve = (bytes) => resolvePrivateKey(privateKeyFromFile(files.write('any', bytes), PASSWORD));
const certificate: Resolve = (bytes) => resolveCertificateChain(certificateChainFromBuffer(bytes));
const certificateFile: Resolve = (bytes) => resolveTrustedCerts(certificateChainFromFile(files.write('any', bytes)));
const list: Resolve = (bytes) => resolveCertRevocationLists(certRevocationListFromBuffer(bytes));
const listFile: Resolve = (bytes) => resolveCertRevocationLists(certRevocationListFromFile(files.write('any', bytes)));
const pkcs7: Resolve = async (bytes) => parsePkcs7CertsOnly(bytes);

const good = (names: readonly string[], ...resolvers: readonly [Resolve, ...Resolve[]]) =>
  names.map((name) => ({ name, resolvers }));
const GOOD = [
  ...good(['rsa.key', 'p256.key', 'ed25519.key', 'rsa.key.der', 'p256.key.der', 'ed25519.key.der'], key, keyFile),
  ...good(['sealed.key', 'sealed-sec1.key'], key),
  ...good(['rsa.crt', 'p256.crt', 'ed25519.crt', 'rsa.crt.der', 'p256.crt.der'], certificate, certificateFile),
  ...good(['p256.crl', 'p256.crl.der'], list, listFile),
  ...good(['all.p7', 'all.p7.der'], pkcs7),
];

/** Undefined for success. Whatever is thrown must be ours, explained, and silent about its input. */
async function outcome(resolve: Resolve, bytes: Buffer): Promise<string | undefined> {
  try {
    await resolve(bytes);
    return undefined;
  } catch (error) {
    if (!isNetError(error)) throw error;
    const said = [error.message, error.library?.text, String(error.cause ?? '')]
      .join(' ')
      .replaceAll(files.directory, '');
    expect(said).not.toContain(PASSWORD.toString());
    for (const secret of fragments(bytes)) expect(said).not.toContain(secret);
    expect(error.message).toMatch(/^(?:resolve|parsePkcs7)\w+: (?:info|message)/);
    return error.code;
  }
}

/** Pieces of a file as they would stand in a message: text, hexadecimal, base64. */
function fragments(bytes: Buffer): string[] {
  const lines = bytes
    .toString('latin1')
    .split(/[\r\n]+/)
    .filter((line) => /^[A-Za-z0-9+/=]{16,}$/.test(line));
  const middle = bytes.subarray(bytes.byteLength >> 1, (bytes.byteLength >> 1) + 9);
  const coded = middle.byteLength < 9 ? [] : [middle.toString('hex'), middle.toString('base64')];
  return [...lines.map((line) => line.slice(0, 12)), ...coded];
}

const CODES = /^(?:EPROTO|EIO|EACCES|EINVAL|ENOTSUP)$/;

describe.each(Object.keys(MALFORMATIONS))('%s', (malformation) => {
  it.each(GOOD)(
    '$name is refused with a code and an explanation, or is still the same',
    async ({ name, resolvers }) => {
      const bytes = files.read(name);
      const bad = (MALFORMATIONS[malformation] as (good: Buffer) => Buffer)(bytes);
      for (const resolve of resolvers) {
        const code = await outcome(resolve, bad);
        if (code !== undefined) expect(code).toMatch(CODES);
        else expect([malformation, HARMLESS.includes(malformation)]).toEqual([malformation, true]);
      }
    },
  );
});

/**
 * May be survived: another seed is another Ed25519 key, the exponent of an RSA key is not used beside its factors,
 * signatures of certificates are for the TLS library to check, and PKCS#7 may be BER.
 */
const HARMLESS = ['zeros in the middle', 'ones in the middle', 'indefinite length'];

describe('mutations', () => {
  it.each(GOOD)(
    '$name: any change of bytes is an error of ours or no error',
    async ({ name, resolvers: [resolve] }) => {
      const original = files.read(name);
      const change = fc.record({
        offset: fc.nat(original.byteLength - 1),
        size: fc.nat(4),
        bytes: fc.uint8Array({ maxLength: 6 }),
      });
      const mutated = fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) =>
        changes.reduce((bytes, { offset, size, bytes: inserted }) => {
          return Buffer.concat([bytes.subarray(0, offset), inserted, bytes.subarray(offset + size)]);
        }, original),
      );
      const property = fc.asyncProperty(mutated, async (bytes) => {
        const code = await outcome(resolve, bytes);
        if (code !== undefined) expect(code).toMatch(CODES);
      });
      await fc.assert(property, { seed: 42, numRuns: 150, endOnFailure: true });
    },
  );

  it.each([key, certificate, list, pkcs7])('bytes without any sense: %o', async (resolve) => {
    const property = fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
      expect(await outcome(resolve, Buffer.from(bytes))).toMatch(CODES);
    });
    await fc.assert(property, { seed: 42, numRuns: 500 });
  });
});
