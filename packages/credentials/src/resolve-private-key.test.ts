import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure, rejection } from '../test/failure.ts';
import { type KeyAlgorithm, type OpensslFiles, opensslFiles } from '../test/openssl-files.ts';
import { certificateChainFromFile } from './certificate-chain.ts';
import { privateKeyFromBuffer, privateKeyFromFile } from './private-key.ts';
import { resolveCertificateChain } from './resolve-certificates.ts';
import { checkKeyMatches, resolvePrivateKey } from './resolve-private-key.ts';
import { empty } from './security-info.ts';

const PASSWORD = 'correct horse';
const password = (): Uint8Array => Buffer.from(PASSWORD);

let files: OpensslFiles;

beforeAll(() => {
  files = opensslFiles();
  for (const algorithm of ALGORITHMS) {
    files.makeKey(algorithm, algorithm);
    files.openssl(
      'pkcs8',
      '-topk8',
      '-nocrypt',
      '-in',
      `${algorithm}.key`,
      '-outform',
      'DER',
      '-out',
      `${algorithm}.p8`,
    );
  }
});
afterAll(() => files.remove());

const ALGORITHMS: readonly KeyAlgorithm[] = ['rsa', 'p256', 'p384', 'ed25519'];
const TRADITIONAL: readonly KeyAlgorithm[] = ['rsa', 'p256', 'p384'];

interface Form {
  readonly form: string;
  readonly of: readonly KeyAlgorithm[];
  readonly encrypted?: true;
  readonly openssl: (name: string) => readonly string[];
}

const pkcs8 = (name: string, ...more: string[]): string[] => ['pkcs8', '-topk8', '-in', `${name}.key`, ...more];
const traditional = (name: string, ...more: string[]): string[] => {
  return name === 'rsa' ? ['rsa', '-traditional', '-in', 'rsa.key', ...more] : ['ec', '-in', `${name}.key`, ...more];
};
const PASS = ['-passout', `pass:${PASSWORD}`];

const FORMS: readonly Form[] = [
  { form: 'PKCS#8 PEM', of: ALGORITHMS, openssl: (name) => pkcs8(name, '-nocrypt') },
  { form: 'PKCS#8 DER', of: ALGORITHMS, openssl: (name) => pkcs8(name, '-nocrypt', '-outform', 'DER') },
  { form: 'PKCS#1 or SEC1 PEM', of: TRADITIONAL, openssl: (name) => traditional(name) },
  { form: 'PKCS#1 or SEC1 DER', of: TRADITIONAL, openssl: (name) => traditional(name, '-outform', 'DER') },
  ...['aes-128-cbc', 'aes-256-cbc', 'des3', 'camellia-256-cbc'].map((cipher) => ({
    form: `PKCS#8 PEM, ${cipher}`,
    of: ALGORITHMS,
    encrypted: true as const,
    openssl: (name: string) => pkcs8(name, '-v2', cipher, ...PASS),
  })),
  { form: 'PKCS#8 PEM, scrypt', of: ALGORITHMS, encrypted: true, openssl: (name) => pkcs8(name, '-scrypt', ...PASS) },
  {
    form: 'PKCS#8 DER, aes-256-cbc',
    of: ALGORITHMS,
    encrypted: true,
    openssl: (name) => pkcs8(name, '-v2', 'aes-256-cbc', '-outform', 'DER', ...PASS),
  },
  ...['-aes128', '-aes256', '-des3', '-camellia128'].map((cipher) => ({
    form: `traditional PEM, ${cipher.slice(1)}`,
    of: TRADITIONAL,
    encrypted: true as const,
    openssl: (name: string) => traditional(name, cipher, ...PASS),
  })),
];

const COMBINATIONS = FORMS.flatMap((form) => form.of.map((name) => ({ ...form, name })));

describe('every form that the openssl command line writes', () => {
  it.each(COMBINATIONS)('$name as $form, from a file and from a buffer', async ({ name, openssl, encrypted }) => {
    const bytes = files.openssl(...openssl(name));
    const filename = files.write('any.key', bytes);
    const secret = encrypted ? password() : undefined;
    for (const info of [privateKeyFromFile(filename, secret), privateKeyFromBuffer(bytes, secret)]) {
      const key = await resolvePrivateKey(info);
      expect(Buffer.from(key.der ?? []).equals(files.read(`${name}.p8`))).toBe(true);
    }
  });

  it.each(COMBINATIONS.filter(({ encrypted }) => encrypted))(
    '$name as $form: a missing password and a wrong one are told apart',
    async ({ name, openssl }) => {
      const bytes = files.openssl(...openssl(name));
      const missing = await rejection(() => resolvePrivateKey(privateKeyFromBuffer(bytes)));
      expect([missing.code, missing.message]).toEqual(['EINVAL', expect.stringContaining('no password was given')]);
      for (const wrong of ['wrong horse', '']) {
        const error = await rejection(() => resolvePrivateKey(privateKeyFromBuffer(bytes, Buffer.from(wrong))));
        expect([error.code, error.message]).toEqual(['EACCES', expect.stringContaining('password is wrong')]);
        expect(JSON.stringify(error) + error.message).not.toContain('horse');
      }
    },
  );
});

describe('facts', () => {
  it.each([
    ['rsa', { kind: 'rsa', bits: 2048 }],
    ['p256', { kind: 'ec', curve: 'prime256v1' }],
    ['p384', { kind: 'ec', curve: 'secp384r1' }],
    ['ed25519', { kind: 'ed25519' }],
  ])('of %s', async (name, facts) => {
    expect(await resolvePrivateKey(privateKeyFromFile(files.path(`${name}.key`)))).toMatchObject(facts);
  });

  it('a password that is not needed does no harm', async () => {
    const key = await resolvePrivateKey(privateKeyFromFile(files.path('p256.key'), password()));
    expect(key.kind).toBe('ec');
  });

  it('ignores comments, parameters and certificates around the key', async () => {
    files.makeCertificate('p256');
    const parameters = files.openssl('ecparam', '-name', 'prime256v1');
    const text = ['# made by hand', parameters, files.read('p256.crt'), files.read('p256.key'), 'the end'].join('\n');
    const key = await resolvePrivateKey(privateKeyFromBuffer(Buffer.from(text.replaceAll('\n', '\r\n'))));
    expect(Buffer.from(key.der ?? []).equals(files.read('p256.p8'))).toBe(true);
  });

  it('accepts the NUL that ends a C string', async () => {
    const key = await resolvePrivateKey(privateKeyFromBuffer(Buffer.concat([files.read('p256.key'), Buffer.alloc(1)])));
    expect(key.kind).toBe('ec');
  });
});

describe('what is refused', () => {
  const bufferOf = (text: Uint8Array | string) => () => resolvePrivateKey(privateKeyFromBuffer(Buffer.from(text)));

  it('sources that cannot hold a key', async () => {
    for (const info of [empty('privateKey'), { type: 'privateKey', source: 'path', path: '/tmp' } as const]) {
      const error = await rejection(() => resolvePrivateKey(info));
      expect([error.code, error.message]).toEqual([
        'EINVAL',
        expect.stringContaining(`cannot come from '${info.source}'`),
      ]);
    }
  });

  it('a second key, EIO with both lines', async () => {
    const error = await rejection(bufferOf(`${files.read('p256.key')}\n${files.read('rsa.key')}`));
    expect([error.code, error.message]).toEqual(['EIO', expect.stringMatching(/line 7\): a second .* line 1/)]);
  });

  it('bytes after the end of DER, EIO with the offset', async () => {
    const error = await rejection(bufferOf(Buffer.concat([files.read('p256.p8'), Buffer.from('x')])));
    expect([error.code, error.message]).toEqual(['EIO', expect.stringContaining('1 more bytes')]);
  });

  it('PKCS#12, with the command that converts it', async () => {
    files.makeCertificate('rsa');
    files.openssl('pkcs12', '-export', '-inkey', 'rsa.key', '-in', 'rsa.crt', '-passout', 'pass:x', '-out', 'rsa.p12');
    const error = await rejection(() => resolvePrivateKey(privateKeyFromFile(files.path('rsa.p12'))));
    expect([error.code, error.message]).toEqual(['ENOTSUP', expect.stringContaining('openssl pkcs12 -in')]);
  });

  it.each([
    ['a certificate', () => files.read('rsa.crt'), 'EPROTO', 'found CERTIFICATE'],
    ['a public key', () => files.openssl('pkey', '-in', 'rsa.key', '-pubout'), 'EPROTO', 'found PUBLIC KEY'],
    ['nothing', () => '', 'EPROTO', 'it is empty'],
    ['text', () => 'hello, world!', 'EPROTO', 'neither PEM nor DER'],
    ['bare base64', () => files.read('p256.key').toString().split('\n')[1] as string, 'EPROTO', 'bare base64'],
    ['UTF-16', () => Buffer.from(`\uFEFF${files.read('p256.key')}`, 'utf16le'), 'EPROTO', 'UTF-16'],
    ['a byte order mark', () => `\uFEFF${files.read('p256.key')}`, 'EPROTO', 'byte order mark'],
    ['indented PEM', () => files.read('p256.key').toString().replace(/^/gm, '  '), 'EPROTO', 'start of a line'],
    ['cut PEM', () => files.read('p256.key').subarray(0, 100), 'EPROTO', 'cut off'],
    ['cut DER', () => files.read('p256.p8').subarray(0, 100), 'EPROTO', 'cut off: 138 bytes announced, 100'],
    ['a damaged body', () => files.read('p256.key').toString().replace('MIGH', '!!!!'), 'EPROTO', 'not a private key'],
    ['crossed labels', () => '-----BEGIN PRIVATE KEY-----\n-----END RSA PRIVATE KEY-----', 'EPROTO', 'closes the'],
    [
      'OpenSSH',
      () => '-----BEGIN OPENSSH PRIVATE KEY-----\n-----END OPENSSH PRIVATE KEY-----',
      'ENOTSUP',
      'ssh-keygen',
    ],
    ['X25519', () => files.openssl('genpkey', '-algorithm', 'X25519'), 'ENOTSUP', 'type x25519'],
  ])('%s', async (_what, bytes, code, text) => {
    const error = await rejection(bufferOf(bytes()));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(text)]);
  });

  it('a retired cipher, with the command that replaces it', async () => {
    const legacy = ['-provider', 'legacy', '-provider', 'default'];
    const pem = files.openssl(...pkcs8('p256', '-v1', 'PBE-MD5-DES', ...legacy, ...PASS));
    const error = await rejection(() => resolvePrivateKey(privateKeyFromBuffer(pem, password())));
    expect([error.code, error.message]).toEqual(['ENOTSUP', expect.stringContaining('-provider legacy')]);
  });

  it('an EC key whose halves do not belong together', async () => {
    const der = files.read('p256.p8');
    der.set(
      der.subarray(36, 67).map((byte) => byte ^ 1),
      36,
    );
    const error = await rejection(bufferOf(der));
    expect([error.code, error.message]).toEqual(['EPROTO', expect.stringContaining('do not belong together')]);
  });

  it('missing and unreadable files, with the code of the system', async () => {
    const missing = await rejection(() => resolvePrivateKey(privateKeyFromFile(files.path('none.key'))));
    expect([missing.code, missing.message]).toEqual(['ENOENT', expect.stringContaining(files.path('none.key'))]);
    const directory = await rejection(() => resolvePrivateKey(privateKeyFromFile(files.directory)));
    expect([directory.code, directory.message]).toEqual(['EISDIR', expect.stringContaining('directory')]);
  });

  it('a password longer than OpenSSL takes', async () => {
    const info = privateKeyFromFile(files.path('p256.key'), Buffer.alloc(1024, 'x'));
    expect((await rejection(() => resolvePrivateKey(info))).message).toContain('may have 1023 bytes, received 1024');
  });

  it('errors begin with operation and path of the caller', async () => {
    const info = privateKeyFromFile(files.path('rsa.crt'));
    const error = await rejection(() =>
      resolvePrivateKey(info, { operation: 'createSocket', path: 'security.clientKey' }),
    );
    expect(error.message).toMatch(/^createSocket: security\.clientKey \(file .*rsa\.crt\): holds no private key/);
  });
});

describe('checkKeyMatches', () => {
  it.each(ALGORITHMS)('finds the key of another certificate: %s', async (name) => {
    const other = name === 'rsa' ? 'p256' : 'rsa';
    files.makeCertificate(name);
    const chain = await resolveCertificateChain(certificateChainFromFile(files.path(`${name}.crt`)));
    const key = await resolvePrivateKey(privateKeyFromFile(files.path(`${name}.key`)));
    const otherKey = await resolvePrivateKey(privateKeyFromFile(files.path(`${other}.key`)));
    expect(() => checkKeyMatches(chain, key)).not.toThrow();
    expect(failure(() => checkKeyMatches(chain, otherKey))).toMatchObject({
      code: 'EINVAL',
      message: expect.stringContaining('does not belong to the first certificate'),
    });
    expect(failure(() => checkKeyMatches([], key)).message).toContain('no certificate');
  });
});
