import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure, rejection } from '../test/failure.ts';
import { type OpensslFiles, opensslFiles } from '../test/openssl-files.ts';
import {
  certificateChainFromArray,
  certificateChainFromBuffer,
  certificateChainFromFile,
  certificateChainFromList,
  certificateChainFromPath,
} from './certificate-chain.ts';
import { certificateExpirationDate, resolveCertificateChain, resolveTrustedCerts } from './resolve-certificates.ts';
import { empty } from './security-info.ts';

let files: OpensslFiles;

beforeAll(() => {
  files = opensslFiles();
  for (const name of ['rsa', 'p256', 'p384', 'ed25519'] as const) {
    files.makeKey(name, name);
    files.makeCertificate(name);
    files.openssl('x509', '-in', `${name}.crt`, '-outform', 'DER', '-out', `${name}.der`);
  }
  files.makeKey('leaf', 'p256');
  files.makeCertificate('leaf', { issuer: 'rsa', days: 9999 });
  files.openssl('x509', '-in', 'leaf.crt', '-outform', 'DER', '-out', 'leaf.der');
  files.write('chain.pem', Buffer.concat([files.read('leaf.crt'), files.read('rsa.crt')]));
});
afterAll(() => files.remove());

const hex = (certificates: readonly Uint8Array[]): string[] =>
  certificates.map((der) => Buffer.from(der).toString('hex'));
const expected = (...names: string[]): string[] => names.map((name) => files.read(`${name}.der`).toString('hex'));
const file = (name: string) => certificateChainFromFile(files.path(name));
const buffer = (name: string) => certificateChainFromBuffer(files.read(name));

describe('chains', () => {
  it.each(['rsa', 'p256', 'p384', 'ed25519'])('%s in PEM and DER, from file and buffer', async (name) => {
    for (const info of [file(`${name}.crt`), file(`${name}.der`), buffer(`${name}.crt`), buffer(`${name}.der`)]) {
      expect(hex(await resolveCertificateChain(info))).toEqual(expected(name));
      expect(hex(await resolveTrustedCerts(info))).toEqual(expected(name));
    }
  });

  it('one file with comments, CRLF and a key in between keeps its order', async () => {
    const parts = ['subject=leaf', files.read('leaf.crt'), files.read('p256.key'), files.read('rsa.crt'), 'end'];
    const text = parts.join('\n').replaceAll('\n', '\r\n');
    const info = certificateChainFromBuffer(Buffer.from(text));
    expect(hex(await resolveCertificateChain(info))).toEqual(expected('leaf', 'rsa'));
  });

  it('nested arrays and lists are flattened in order, without empty leaves', async () => {
    const inner = certificateChainFromList(new Set([buffer('leaf.der'), empty('certificateChain'), file('rsa.crt')]));
    const info = certificateChainFromArray([
      inner,
      empty('certificateChain'),
      certificateChainFromArray([file('p256.der')]),
    ]);
    expect(hex(await resolveCertificateChain(info))).toEqual(expected('leaf', 'rsa', 'p256'));
  });

  it('an empty source is no chain', async () => {
    expect(await resolveCertificateChain(empty('certificateChain'))).toEqual([]);
    expect(await resolveTrustedCerts(certificateChainFromArray([]))).toEqual([]);
  });

  it('a directory is not a chain, nested or not', async () => {
    const info = certificateChainFromArray([file('leaf.crt'), certificateChainFromPath(files.directory)]);
    expect(await rejection(() => resolveCertificateChain(info))).toMatchObject({
      code: 'ENOTSUP',
      message: expect.stringContaining(`info.elements[1] (directory ${files.directory})`),
    });
  });
});

describe('directories of trust anchors', () => {
  const directoryOf = (name: string, content: Record<string, Uint8Array | string>): string => {
    const directory = files.path(name);
    mkdirSync(directory);
    for (const [entry, bytes] of Object.entries(content)) writeFileSync(join(directory, entry), bytes);
    return directory;
  };
  const resolve = (path: string): Promise<Uint8Array[]> => resolveTrustedCerts(certificateChainFromPath(path));

  it('hashed and plain names are read, each certificate once', async () => {
    const content = { 'ca.pem': files.read('rsa.crt'), 'other.crt': files.read('p256.der') };
    const path = directoryOf('hashed', content);
    files.openssl('rehash', path);
    expect(hex(await resolve(path)).sort()).toEqual(expected('rsa', 'p256').sort());
  });

  it('what belongs to somebody else is passed over', async () => {
    const path = directoryOf('mixed', {
      'ca.pem': files.read('rsa.crt'),
      'ca.key': files.read('rsa.key'),
      'key.der': files.openssl('pkey', '-in', 'rsa.key', '-outform', 'DER'),
      README: 'certificates of the laboratory',
      'abcdef01.r0': 'not even a CRL',
      '.hidden.crt': 'x',
    });
    mkdirSync(join(path, 'deeper'));
    symlinkSync('/nowhere/ca.pem', join(path, 'gone.crt'));
    expect(hex(await resolve(path))).toEqual(expected('rsa'));
  });

  it('an empty directory is nothing to trust', async () => {
    expect(await resolve(directoryOf('empty', {}))).toEqual([]);
  });

  it.each([
    ['no certificate in any file', { README: 'x', 'a.key': 'y' }, 'EPROTO', 'none of the 2 files holds a certificate'],
    ['a damaged file that promises one', { 'a.crt': 'x' }, 'EPROTO', 'a.crt): neither PEM nor DER'],
    ['a hashed name without one', { '9d66eef0.0': '' }, 'EPROTO', '9d66eef0.0): neither PEM nor DER; it is empty'],
    ['damaged PEM', { 'a.pem': '-----BEGIN CERTIFICATE-----\nAAAA' }, 'EPROTO', 'a.pem, line 1): CERTIFICATE cut off'],
  ])('%s', async (name, content, code, text) => {
    const error = await rejection(() => resolve(directoryOf(name, content)));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(text)]);
  });

  it('one that is missing, unreadable or a file', async () => {
    expect((await rejection(() => resolve(files.path('none')))).code).toBe('ENOENT');
    expect((await rejection(() => resolve(files.path('rsa.crt')))).code).toBe('ENOTDIR');
    const path = directoryOf('locked', { 'ca.pem': files.read('rsa.crt') });
    chmodSync(path, 0);
    const mayReadAnything = process.getuid?.() === 0;
    if (mayReadAnything) expect(await resolve(path)).toHaveLength(1);
    else expect((await rejection(() => resolve(path))).code).toBe('EACCES');
    chmodSync(path, 0o700);
  });
});

describe('what is refused', () => {
  const pem = (label: string, body: string): string => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;

  it.each([
    ['a key', () => files.read('rsa.key'), 'EPROTO', 'holds no certificate; found PRIVATE KEY'],
    ['nothing', () => '', 'EPROTO', 'it is empty'],
    ['text', () => 'hello, world!', 'EPROTO', 'neither PEM nor DER'],
    ['an empty object', () => pem('CERTIFICATE', ''), 'EPROTO', 'line 1): the CERTIFICATE is empty'],
    ['bad base64', () => pem('CERTIFICATE', 'M!!!'), 'EPROTO', 'line 1): the CERTIFICATE is not valid base64'],
    ['base64 of text', () => pem('CERTIFICATE', 'aGVsbG8h'), 'EPROTO', 'line 1): neither PEM nor DER'],
    ['cut DER', () => files.read('rsa.der').subarray(0, 99), 'EPROTO', 'DER cut off'],
    ['two DER', () => Buffer.concat([files.read('rsa.der'), files.read('rsa.der')]), 'EIO', 'more bytes after the DER'],
    ['DER that is no certificate', () => Buffer.from('3003020101', 'hex'), 'EPROTO', 'not a certificate'],
    ['a damaged second one', () => `${files.read('rsa.crt')}# x\n${pem('CERTIFICATE', 'AAAA')}`, 'EPROTO', 'neither'],
    ['OpenSSL trust settings', () => pem('TRUSTED CERTIFICATE', 'AAAA'), 'ENOTSUP', 'openssl x509 -in'],
    ['PKCS#7', () => files.openssl('crl2pkcs7', '-nocrl', '-certfile', 'rsa.crt'), 'ENOTSUP', 'parsePkcs7CertsOnly'],
  ])('%s', async (_what, bytes, code, text) => {
    const error = await rejection(() => resolveCertificateChain(certificateChainFromBuffer(Buffer.from(bytes()))));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(text)]);
  });

  it('the position of the damaged one in a file', async () => {
    const lines = files.read('rsa.crt').toString().split('\n').length;
    const filename = files.write('second.pem', `${files.read('rsa.crt')}# x\n${pem('CERTIFICATE', 'AAAA')}`);
    const info = certificateChainFromArray([file('p256.crt'), certificateChainFromFile(filename)]);
    const error = await rejection(() => resolveTrustedCerts(info, { operation: 'createSocket', path: 'trustedCerts' }));
    expect(error.message).toContain(`createSocket: trustedCerts.elements[1] (file ${filename}, line ${lines + 1}): `);
  });

  it('PKCS#12, with the command that converts it', async () => {
    files.openssl('pkcs12', '-export', '-inkey', 'rsa.key', '-in', 'rsa.crt', '-passout', 'pass:x', '-out', 'rsa.p12');
    const error = await rejection(() => resolveTrustedCerts(file('rsa.p12')));
    expect([error.code, error.message]).toEqual(['ENOTSUP', expect.stringContaining('openssl pkcs12 -in')]);
  });

  it.each([
    ['file', { type: 'certificateChain', source: 'file' }, 'info.filename'],
    ['path', { type: 'certificateChain', source: 'path' }, 'info.path'],
    ['buffer', { type: 'certificateChain', source: 'buffer' }, 'info.buffer'],
    ['description', undefined, 'info'],
  ])('no %s at all', async (_what, info, path) => {
    const error = await rejection(() => resolveTrustedCerts(info as never));
    expect([error.code, error.message]).toEqual(['EINVAL', expect.stringContaining(`${path}: expected`)]);
  });
});

describe('certificateExpirationDate', () => {
  it('is notAfter of the first certificate', async () => {
    const chain = await resolveCertificateChain(file('chain.pem'));
    const text = files.openssl('x509', '-in', 'leaf.crt', '-noout', '-enddate').toString();
    expect(certificateExpirationDate(chain)).toEqual(new Date(text.replace('notAfter=', '')));
  });

  it('needs a certificate', () => {
    expect(failure(() => certificateExpirationDate([])).code).toBe('EINVAL');
    expect(failure(() => certificateExpirationDate([new Uint8Array(3)])).code).toBe('EPROTO');
  });
});
