import { describe, expect, it } from 'vitest';
import { failure } from '../test/failure.ts';
import { decodePem, isEncryptedPem, scanPem } from './pem.ts';

const PLACE = { operation: 'scanPem', path: 'file' };
const scan = (text: string) => scanPem(Buffer.from(text, 'latin1'), PLACE);
const pem = (label: string, body: string): string => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----`;

describe('scanPem', () => {
  it('finds objects in any order, with their lines, between comments', () => {
    const text = `Bag Attributes\n${pem('A', 'AAAA')}\n\n# x\n${pem('X509 CRL', 'BBBB')}\nthe end`;
    const found = scan(text)?.map(({ label, line, body }) => [label, line, Buffer.from(body).toString()]);
    expect(found).toEqual([
      ['A', 2, 'AAAA\n'],
      ['X509 CRL', 7, 'BBBB\n'],
    ]);
  });

  it.each([
    ['CRLF', `${pem('A', 'AAAA').replaceAll('\n', '\r\n')}\r\n`],
    ['white space after the lines', pem('A', 'AAAA').replaceAll('\n', ' \t\n')],
    ['a NUL at the end', `${pem('A', 'AAAA')}\0`],
    ['no newline at the end', pem('A', 'AAAA')],
  ])('understands %s', (_what, text) => {
    const objects = scan(text) ?? [];
    expect(objects.map((object) => [object.label, decodePem(object, PLACE)])).toEqual([['A', new Uint8Array(3)]]);
  });

  it.each(['', 'text', ' -----BEGIN A-----', '---- BEGIN A ----', '----BEGIN A----'])('%j holds none', (text) => {
    expect(scan(text)).toBeUndefined();
  });

  it.each([
    ['-----BEGIN A-----\nAAAA', 'file (line 1): A cut off: there is no END line'],
    ['\n-----BEGIN A-----\n-----BEGIN A-----', 'file (line 3): BEGIN inside the A of line 2'],
    ['-----END A-----', 'file (line 1): END A without its BEGIN'],
    ['-----BEGIN A-----\n-----END B-----', 'file (line 2): END B closes the A of line 1'],
    ['-----BEGIN A----', 'file (line 1): damaged PEM line'],
    ['-----BEGIN a-----', 'file (line 1): damaged PEM line'],
    ['-----BEGIN -----', 'file (line 1): damaged PEM line'],
    ['-----BEGIN', 'file (line 1): damaged PEM line'],
    [`-----BEGIN ${'A'.repeat(1000)}-----`, 'file (line 1): damaged PEM line'],
    ['\xef\xbb\xbf-----BEGIN A-----', 'file: the first line begins with a byte order mark'],
  ])('%j is EPROTO with its line', (text, message) => {
    const error = failure(() => scan(text));
    expect([error.code, error.message]).toEqual(['EPROTO', expect.stringContaining(message)]);
  });

  it('is linear in its input', () => {
    const lines = `${'-----BEGIN'.slice(0, 9)}\n`.repeat(300_000);
    expect(scan(lines)).toBeUndefined();
  });
});

describe('isEncryptedPem', () => {
  it.each([
    [pem('ENCRYPTED PRIVATE KEY', 'AAAA'), true],
    [pem('RSA PRIVATE KEY', 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA'), true],
    [pem('PRIVATE KEY', 'AAAA'), false],
    [pem('RSA PRIVATE KEY', 'AAAA'), false],
  ])('%j: %s', (text, expected) => {
    expect(scan(text)?.map(isEncryptedPem)).toEqual([expected]);
  });
});
