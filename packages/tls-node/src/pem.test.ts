import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { certificatesPem, privateKeyPem, revocationListPem } from './pem.ts';

const lines = (der: Uint8Array, label: string): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der)
    .toString('base64')
    .replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`;

describe('PEM', () => {
  it('of a key is what it is elsewhere, for every length', () => {
    for (let length = 1; length <= 260; length += 1) {
      const der = new Uint8Array(randomBytes(length));
      expect(privateKeyPem(der).toString('latin1')).toBe(lines(der, 'PRIVATE KEY'));
    }
  });

  it('of a key stands in memory of its own, so that it can be wiped', () => {
    const pem = privateKeyPem(new Uint8Array(100));
    expect([pem.byteOffset, pem.buffer.byteLength]).toEqual([0, pem.length]);
  });

  it('of certificates and lists', () => {
    const [one, two] = [new Uint8Array(randomBytes(100)), new Uint8Array(randomBytes(48))];
    expect(certificatesPem([one, two])).toBe(lines(one, 'CERTIFICATE') + lines(two, 'CERTIFICATE'));
    expect(certificatesPem([])).toBe('');
    expect(revocationListPem(two)).toBe(lines(two, 'X509 CRL'));
  });
});
