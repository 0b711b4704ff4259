import { createPrivateKey, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rejection } from '../test/failure.ts';
import { type OpensslFiles, opensslFiles } from '../test/openssl-files.ts';
import { type CertificationRequestOptions, certificationRequest } from './certification-request.ts';
import type { KeyEngine } from './key-engine.ts';
import { privateKeyFromEngine, privateKeyFromFile } from './private-key.ts';

let files: OpensslFiles;
beforeAll(() => {
  files = opensslFiles();
  for (const name of ['rsa', 'p256', 'p384', 'ed25519'] as const) files.makeKey(name, name);
});
afterAll(() => files.remove());

const key = (name: string) => privateKeyFromFile(files.path(`${name}.key`));

/** What the openssl command line reads in a request; fails unless the signature verifies. */
function read(request: Uint8Array): string {
  files.write('any.csr', request);
  return files
    .openssl('req', '-in', 'any.csr', '-inform', 'DER', '-verify', '-noout', '-text', '-nameopt', 'utf8')
    .toString();
}

describe('certificationRequest', () => {
  it.each([
    ['p256', undefined, 'ecdsa-with-SHA256'],
    ['p256', 'sha384', 'ecdsa-with-SHA384'],
    ['p384', 'SHA512', 'ecdsa-with-SHA512'],
    ['rsa', undefined, 'sha256WithRSAEncryption'],
    ['rsa', 'sha-384', 'sha384WithRSAEncryption'],
    ['rsa', 'sha512', 'sha512WithRSAEncryption'],
    ['ed25519', undefined, 'ED25519'],
  ])('%s with digest %s is signed by %s and verified by openssl', async (name, digest, algorithm) => {
    const options = { key: key(name), subject: [['CN', 'dev-1']], ...(digest === undefined ? {} : { digest }) };
    const text = read(await certificationRequest(options as unknown as CertificationRequestOptions));
    expect(text).toContain(`Signature Algorithm: ${algorithm}`);
    expect(text).toContain('Subject: CN=dev-1');
  });

  it('is as small as that of avs_crypto', async () => {
    const request = await certificationRequest({ key: key('p256'), subject: [['CN', 'julia.example']] });
    expect(request.byteLength).toBeGreaterThanOrEqual(170);
    expect(request.byteLength).toBeLessThanOrEqual(237);
  });

  it('writes predefined keys as UTF8String and others as they say', async () => {
    const serial = { oid: '2.5.4.5', type: 'printable' } as const;
    const subject = [
      ['C', 'PL'],
      ['O', 'Zażółć'],
      ['CN', 'dev-1'],
      [serial, '0042'],
    ] as const;
    const request = await certificationRequest({ key: key('p256'), subject });
    expect(read(request)).toContain('Subject: C=PL, O=Zażółć, CN=dev-1, serialNumber=0042');
    const types = files
      .openssl('asn1parse', '-in', 'any.csr', '-inform', 'DER')
      .toString()
      .match(/(UTF8|PRINTABLE)STRING/g);
    expect(types).toEqual(['UTF8STRING', 'UTF8STRING', 'UTF8STRING', 'PRINTABLESTRING']);
  });

  it('asks for extensions', async () => {
    const text = read(
      await certificationRequest({
        key: key('p256'),
        subject: [],
        keyUsage: ['digitalSignature', 'keyAgreement', 'decipherOnly'],
        extendedKeyUsage: ['clientAuth', 'serverAuth', '1.3.6.1.4.1.99999.7'],
        addKeyId: true,
      }),
    );
    expect(text).toMatch(/X509v3 Key Usage: critical\s+Digital Signature, Key Agreement, Decipher Only/);
    expect(text).toMatch(
      /Extended Key Usage:\s+TLS Web Client Authentication, TLS Web Server Authentication, 1\.3\.6\.1/,
    );
    expect(text).toMatch(/Subject Key Identifier:\s+(?:[0-9A-F]{2}:){19}[0-9A-F]{2}\s/);
  });

  it.each([
    ['digitalSignature', '03020780'],
    ['keyCertSign', '03020204'],
    ['encipherOnly', '03020001'],
    ['decipherOnly', '0303070080'],
  ] as const)('key usage %s is a named bit list without trailing zeros', async (usage, bits) => {
    const request = await certificationRequest({ key: key('p256'), subject: [], keyUsage: [usage] });
    const octets = Buffer.of(0x04, bits.length / 2).toString('hex');
    expect(Buffer.from(request).toString('hex')).toContain(`0603551d0f0101ff${octets}${bits}`);
  });

  it('lets the signer of an engine sign', async () => {
    const pem = files.read('rsa.key');
    const engine: KeyEngine = {
      privateKey: (query) => ({
        publicKey: files.openssl('pkey', '-in', query, '-pubout', '-outform', 'DER'),
        sign: async ({ data, digest, padding }) => {
          expect([digest, padding]).toEqual(['sha256', 'pkcs1']);
          return sign(digest, data, createPrivateKey(pem));
        },
      }),
    };
    const options = { key: privateKeyFromEngine('rsa.key'), subject: [['CN', 'token']] } as const;
    expect(read(await certificationRequest(options, { engine }))).toContain('CN=token');
    expect((await rejection(() => certificationRequest(options))).code).toBe('ENOTSUP');
    const broken: KeyEngine = {
      privateKey: (query) =>
        ({ ...(engine.privateKey?.(query) as object), sign: () => Promise.reject(new Error('card removed')) }) as never,
    };
    expect(await rejection(() => certificationRequest(options, { engine: broken }))).toMatchObject({
      code: 'EIO',
      cause: new Error('card removed'),
    });
  });

  it.each<[string, object, string, string]>([
    ['an unknown digest', { digest: 'md5' }, 'ENOTSUP', 'digest: unknown digest; known are sha256, sha384, sha512'],
    ['a digest that is inherited', { digest: 'toString' }, 'ENOTSUP', 'digest: unknown digest'],
    ['a digest that is none', { digest: 256 }, 'EINVAL', 'digest: expected the name of a digest, received a number'],
    ['no subject', { subject: undefined }, 'EINVAL', 'subject: expected an array of [key, text], received undefined'],
    ['a subject as text', { subject: 'CN=a' }, 'EINVAL', 'subject: expected an array'],
    ['half a part', { subject: [['CN']] }, 'EINVAL', 'subject[0]: expected [key, text], received an array of 1'],
    ['an unknown key', { subject: [['OU', 'a']] }, 'EINVAL', "subject[0][0]: expected 'CN', 'O', 'C' or { oid }"],
    [
      'a bad identifier',
      { subject: [[{ oid: '2.5.' }, 'a']] },
      'EINVAL',
      'subject[0][0].oid: expected an object identifier',
    ],
    [
      'a bad string type',
      { subject: [[{ oid: '2.5.4.5', type: 'bmp' }, 'a']] },
      'EINVAL',
      'subject[0][0].type: expected one of',
    ],
    ['an empty value', { subject: [['CN', '']] }, 'EINVAL', 'subject[0][1]: expected a non-empty string'],
    [
      'text that does not fit',
      { subject: [[{ oid: '2.5.4.5', type: 'printable' }, 'ą']] },
      'EINVAL',
      'a printable string can hold',
    ],
    ['an unknown usage', { keyUsage: ['signing'] }, 'EINVAL', 'keyUsage[0]: expected one of digitalSignature'],
    ['no usage', { keyUsage: [] }, 'EINVAL', 'keyUsage: expected at least one usage'],
    ['usage as text', { keyUsage: 'cRLSign' }, 'EINVAL', 'keyUsage: expected an array'],
    [
      'an unknown extended usage',
      { extendedKeyUsage: ['web'] },
      'EINVAL',
      'extendedKeyUsage[0]: expected an object identifier',
    ],
    ['a flag that is none', { addKeyId: 1 }, 'EINVAL', 'addKeyId: expected a boolean'],
    ['no key', { key: undefined }, 'EINVAL', "key: expected a credential of type 'privateKey'"],
    ['an unknown field', { hash: 'sha256' }, 'EINVAL', "unknown field 'hash'"],
  ])('refuses %s', async (_what, options, code, message) => {
    const whole = { key: key('p256'), subject: [['CN', 'a']], ...options };
    const error = await rejection(() => certificationRequest(whole as never));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
  });

  it('refuses a digest for keys that hash by themselves', async () => {
    const options = { key: key('ed25519'), subject: [], digest: 'sha256' } as const;
    expect((await rejection(() => certificationRequest(options))).message).toContain('ed25519 keys hash by themselves');
  });
});
