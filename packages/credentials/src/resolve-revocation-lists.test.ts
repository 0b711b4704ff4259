import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rejection } from '../test/failure.ts';
import { type OpensslFiles, opensslFiles } from '../test/openssl-files.ts';
import { resolveCertRevocationLists } from './resolve-revocation-lists.ts';
import {
  certRevocationListFromArray,
  certRevocationListFromBuffer,
  certRevocationListFromFile,
  certRevocationListFromList,
} from './revocation-list.ts';
import { empty } from './security-info.ts';

let files: OpensslFiles;

beforeAll(() => {
  files = opensslFiles();
  for (const name of ['ca', 'other', 'leaf']) files.makeKey(name, 'p256');
  for (const name of ['ca', 'other']) files.makeCertificate(name);
  files.makeCertificate('leaf', { issuer: 'ca' });
  for (const name of ['ca', 'other']) {
    files.makeRevocationList(name, name, 'leaf');
    files.openssl('crl', '-in', `${name}.crl`, '-outform', 'DER', '-out', `${name}.der`);
  }
});
afterAll(() => files.remove());

const hex = (lists: readonly Uint8Array[]): string[] => lists.map((der) => Buffer.from(der).toString('hex'));
const expected = (...names: string[]): string[] => names.map((name) => files.read(`${name}.der`).toString('hex'));
const file = (name: string) => certRevocationListFromFile(files.path(name));

describe('revocation lists', () => {
  it('in PEM and DER, from file and buffer, nested, several in one file, a certificate beside them', async () => {
    expect(hex(await resolveCertRevocationLists(file('ca.crl')))).toEqual(expected('ca'));
    expect(hex(await resolveCertRevocationLists(file('ca.der')))).toEqual(expected('ca'));
    const both = Buffer.concat([files.read('ca.crt'), files.read('ca.crl'), files.read('other.crl')]);
    expect(hex(await resolveCertRevocationLists(certRevocationListFromBuffer(both)))).toEqual(expected('ca', 'other'));
    const list = certRevocationListFromList([empty('certRevocationList'), file('other.der')]);
    const nested = certRevocationListFromArray([file('ca.crl'), list]);
    expect(hex(await resolveCertRevocationLists(nested))).toEqual(expected('ca', 'other'));
    expect(await resolveCertRevocationLists(empty('certRevocationList'))).toEqual([]);
  });

  it('of version 1', async () => {
    const settings = files.read('ca.cnf').toString().replace('crlnumber', '#');
    files.write('v1.cnf', settings);
    files.openssl(
      'ca',
      '-config',
      'v1.cnf',
      '-cert',
      'ca.crt',
      '-keyfile',
      'ca.key',
      '-gencrl',
      '-crldays',
      '1',
      '-out',
      'v1.crl',
    );
    expect(files.openssl('crl', '-in', 'v1.crl', '-noout', '-text').toString()).toContain('Version 1');
    expect(await resolveCertRevocationLists(file('v1.crl'))).toHaveLength(1);
  });

  it.each([
    ['a certificate in PEM', () => files.read('ca.crt'), 'EPROTO', 'holds no revocation list; found CERTIFICATE'],
    [
      'a certificate in DER',
      () => files.openssl('x509', '-in', 'ca.crt', '-outform', 'DER'),
      'EPROTO',
      'a certificate',
    ],
    [
      'a key in DER',
      () => files.openssl('pkey', '-in', 'ca.key', '-outform', 'DER'),
      'EPROTO',
      'not a revocation list',
    ],
    ['cut DER', () => files.read('ca.der').subarray(0, 50), 'EPROTO', 'cut off'],
    ['trailing bytes', () => Buffer.concat([files.read('ca.der'), Buffer.alloc(2)]), 'EIO', '2 more bytes'],
    ['nothing', () => '', 'EPROTO', 'it is empty'],
  ])('refuses %s', async (_what, bytes, code, text) => {
    const info = certRevocationListFromBuffer(Buffer.from(bytes()));
    const error = await rejection(() => resolveCertRevocationLists(info));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(text)]);
  });

  it('refuses directories', async () => {
    const info = { type: 'certRevocationList', source: 'path', path: '/tmp' } as const;
    expect((await rejection(() => resolveCertRevocationLists(info))).code).toBe('EINVAL');
  });
});
