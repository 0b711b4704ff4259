import * as asn1js from 'asn1js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure } from '../test/failure.ts';
import { type OpensslFiles, opensslFiles } from '../test/openssl-files.ts';
import { certificateChainFromList } from './certificate-chain.ts';
import { parsePkcs7CertsOnly } from './pkcs7.ts';
import { resolveTrustedCerts } from './resolve-certificates.ts';
import { resolveCertRevocationLists } from './resolve-revocation-lists.ts';
import { certRevocationListFromList } from './revocation-list.ts';

let files: OpensslFiles;

beforeAll(() => {
  files = opensslFiles();
  for (const name of ['rsa', 'p256'] as const) {
    files.makeKey(name, name);
    files.makeCertificate(name);
    files.makeRevocationList(name, name, name);
    files.openssl('x509', '-in', `${name}.crt`, '-outform', 'DER', '-out', `${name}.der`);
    files.openssl('crl', '-in', `${name}.crl`, '-outform', 'DER', '-out', `${name}.crl.der`);
  }
});
afterAll(() => files.remove());

/** `openssl crl2pkcs7` with the given files. */
const pkcs7 = (form: 'DER' | 'PEM', ...more: string[]): Buffer => files.openssl('crl2pkcs7', '-outform', form, ...more);
/** Two certificates and two revocation lists; the command line puts only one list in, so the other is added here. */
const both = (form: 'DER' | 'PEM'): Buffer => {
  const message = asn1js.fromBER(
    pkcs7('DER', '-in', 'rsa.crl', '-certfile', 'rsa.crt', '-certfile', 'p256.crt'),
  ).result;
  const [, wrapped] = (message as asn1js.Sequence).valueBlock.value as [unknown, asn1js.Constructed];
  const [signedData] = wrapped.valueBlock.value as [asn1js.Sequence];
  const lists = signedData.valueBlock.value[4] as asn1js.Constructed;
  lists.valueBlock.value.push(asn1js.fromBER(files.read('p256.crl.der')).result);
  const der = Buffer.from(message.toBER());
  return form === 'DER' ? der : files.openssl('pkcs7', '-inform', 'DER', '-in', files.write('both.p7', der));
};
const hex = (list: readonly Uint8Array[]): string[] => list.map((der) => Buffer.from(der).toString('hex')).sort();

describe('parsePkcs7CertsOnly', () => {
  it.each(['DER', 'PEM'] as const)('gives two certificates and two revocation lists out of %s', async (form) => {
    const { certificates, revocationLists } = parsePkcs7CertsOnly(both(form));
    expect([...certificates, ...revocationLists].map(({ source }) => source)).toEqual(Array(4).fill('buffer'));
    const anchors = await resolveTrustedCerts(certificateChainFromList(certificates));
    const lists = await resolveCertRevocationLists(certRevocationListFromList(revocationLists));
    expect(hex(anchors)).toEqual(hex([files.read('rsa.der'), files.read('p256.der')]));
    expect(hex(lists)).toEqual(hex([files.read('rsa.crl.der'), files.read('p256.crl.der')]));
  });

  it('takes certificates alone and revocation lists alone', () => {
    const certificates = parsePkcs7CertsOnly(pkcs7('DER', '-nocrl', '-certfile', 'rsa.crt'));
    expect([certificates.certificates.length, certificates.revocationLists.length]).toEqual([1, 0]);
    const lists = parsePkcs7CertsOnly(pkcs7('DER', '-in', 'rsa.crl'));
    expect([lists.certificates.length, lists.revocationLists.length]).toEqual([0, 1]);
  });

  it('takes BER of indefinite length', () => {
    const der = pkcs7('DER', '-nocrl', '-certfile', 'p256.crt');
    expect(der.subarray(0, 2).toString('hex')).toBe('3082');
    const ber = Buffer.concat([Buffer.from('3080', 'hex'), der.subarray(4), Buffer.alloc(2)]);
    expect(parsePkcs7CertsOnly(ber).certificates).toHaveLength(1);
  });

  it('takes a hundred certificates', () => {
    files.write('many.crt', Buffer.concat(Array(100).fill(files.read('p256.crt'))));
    expect(parsePkcs7CertsOnly(pkcs7('DER', '-nocrl', '-certfile', 'many.crt')).certificates).toHaveLength(100);
  });

  it.each<[string, () => Uint8Array, string]>([
    ['an extra byte', () => Buffer.concat([both('DER'), Buffer.alloc(1)]), '1 more bytes after the end'],
    ['a cut message', () => both('DER').subarray(0, -1), 'not BER, or cut off'],
    ['nothing inside', () => pkcs7('DER', '-nocrl'), 'holds neither certificates nor revocation lists'],
    ['signers and content', () => signed('-nodetach'), 'the message has content'],
    ['signers', () => signed(), 'the message is signed'],
    ['a certificate', () => files.read('rsa.der'), 'not a PKCS#7 SignedData'],
    ['a certificate in PEM', () => files.read('rsa.crt'), 'expected one PEM object PKCS7; found CERTIFICATE'],
    ['encrypted PKCS#7', encrypted, 'not a PKCS#7 SignedData'],
    ['a number', () => Buffer.from('020101', 'hex'), 'not a PKCS#7 SignedData'],
    ['text', () => Buffer.from('hello'), 'message: '],
    ['no bytes', () => new Uint8Array(0), 'not BER'],
    ['endless nesting', () => Buffer.alloc(200_000, Buffer.from('3080', 'hex')), 'not BER'],
    ['a damaged certificate', () => damaged(), 'element 0): not a certificate'],
  ])('%s is EPROTO', (_what, message, text) => {
    const error = failure(() => parsePkcs7CertsOnly(message()));
    expect([error.code, error.message]).toEqual(['EPROTO', expect.stringContaining(text)]);
  });

  it('what is not bytes is EINVAL', () => {
    expect(failure(() => parsePkcs7CertsOnly('x' as never)).message).toContain('message: expected a Uint8Array');
  });
});

function signed(...more: string[]): Buffer {
  const name = files.write('message.txt', 'hello');
  return files.openssl(
    'smime',
    '-sign',
    '-in',
    name,
    '-signer',
    'rsa.crt',
    '-inkey',
    'rsa.key',
    '-outform',
    'DER',
    ...more,
  );
}

function encrypted(): Buffer {
  return files.openssl(
    'smime',
    '-encrypt',
    '-in',
    files.write('message.txt', 'hello'),
    '-outform',
    'DER',
    '-aes128',
    'rsa.crt',
  );
}

/** The object identifier of the key algorithm becomes a number. */
function damaged(): Buffer {
  const message = pkcs7('DER', '-nocrl', '-certfile', 'p256.crt');
  message[message.indexOf(Buffer.from('06072a8648ce3d0201', 'hex'))] = 0x02;
  return message;
}
