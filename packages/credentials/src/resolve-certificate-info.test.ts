import { createPrivateKey, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rejection } from '../test/failure.ts';
import { type OpensslFiles, opensslFiles } from '../test/openssl-files.ts';
import { certificateChainFromEngine, certificateChainFromFile, certificateChainFromList } from './certificate-chain.ts';
import { certificateServer } from './certificate-server.ts';
import { certificates, withoutServerCertValidation } from './certificates.ts';
import { rebuildCertificateChain } from './chain-rebuilding.ts';
import type { KeyEngine } from './key-engine.ts';
import { privateKeyFromEngine, privateKeyFromFile } from './private-key.ts';
import { resolveCertificateInfo, resolveCertificateServerInfo } from './resolve-certificate-info.ts';
import { certRevocationListFromEngine, certRevocationListFromFile } from './revocation-list.ts';
import { empty } from './security-info.ts';

let files: OpensslFiles;

/** root → middle → leaf, and a stranger. */
beforeAll(() => {
  files = opensslFiles();
  for (const name of ['root', 'middle', 'leaf', 'stranger']) files.makeKey(name, 'p256');
  for (const name of ['root', 'stranger']) files.makeCertificate(name);
  files.makeCertificate('middle', { issuer: 'root', ca: true });
  files.makeCertificate('leaf', { issuer: 'middle' });
  files.makeRevocationList('root', 'root', 'middle');
});
afterAll(() => files.remove());

const chain = (name: string) => certificateChainFromFile(files.path(`${name}.crt`));
const key = (name: string) => privateKeyFromFile(files.path(`${name}.key`));
const der = (name: string): Buffer => files.openssl('x509', '-in', `${name}.crt`, '-outform', 'DER');
const hex = (list: readonly Uint8Array[]): string[] => list.map((bytes) => Buffer.from(bytes).toString('hex'));
const own = { clientCert: { type: 'certificateChain', source: 'empty' } } as const;

describe('resolveCertificateInfo', () => {
  it('gives everything of a client', async () => {
    const certRevocationLists = certRevocationListFromFile(files.path('root.crl'));
    const info = certificates({
      trustedCerts: chain('root'),
      certRevocationLists,
      clientCert: chain('leaf'),
      clientKey: key('leaf'),
    });
    const resolved = await resolveCertificateInfo(info);
    expect(hex(resolved.chain)).toEqual(hex([der('leaf')]));
    expect(hex(resolved.trustedCerts)).toEqual(hex([der('root')]));
    expect([resolved.key?.kind, resolved.certRevocationLists.length]).toEqual(['ec', 1]);
  });

  it('needs nothing', async () => {
    const nothing = { chain: [], trustedCerts: [], certRevocationLists: [] };
    expect(await resolveCertificateInfo(certificates({}))).toEqual(nothing);
    expect(await resolveCertificateInfo(certificates({ ...own, clientKey: empty('privateKey') }))).toEqual(nothing);
  });

  it('leaves trust anchors alone when nobody is verified', async () => {
    const info = certificates({ trustedCerts: chain('missing') });
    expect((await resolveCertificateInfo(withoutServerCertValidation(info))).trustedCerts).toEqual([]);
    expect((await rejection(() => resolveCertificateInfo(info))).code).toBe('ENOENT');
    const rebuilding = withoutServerCertValidation(
      certificates({ trustedCerts: chain('missing'), rebuildClientCertChain: true }),
    );
    expect((await rejection(() => resolveCertificateInfo(rebuilding))).code).toBe('ENOENT');
  });

  it('rebuilds the chain of a client from the trust anchors', async () => {
    const trustedCerts = certificateChainFromList(['stranger', 'root', 'middle'].map(chain));
    const parts = { trustedCerts, clientCert: chain('leaf'), clientKey: key('leaf') };
    const rebuilt = await resolveCertificateInfo(certificates({ ...parts, rebuildClientCertChain: true }));
    expect(hex(rebuilt.chain)).toEqual(hex([der('leaf'), der('middle'), der('root')]));
    expect((await resolveCertificateInfo(certificates(parts))).chain).toHaveLength(1);
  });

  it.each<[string, () => unknown, string, string]>([
    [
      'another key',
      () => ({ mode: 'certificate', clientCert: chain('leaf'), clientKey: key('root') }),
      'EINVAL',
      'clientKey: the private key does not belong',
    ],
    ['no key', () => ({ mode: 'certificate', clientCert: chain('leaf') }), 'EINVAL', 'clientKey: clientCert is given'],
    [
      'no certificate',
      () => ({ mode: 'certificate', clientKey: key('leaf') }),
      'EINVAL',
      'clientCert: clientKey is given',
    ],
    ['a PSK', () => ({ mode: 'psk' }), 'EINVAL', "mode: expected 'certificate'"],
    ['nothing', () => undefined, 'EINVAL', "mode: expected 'certificate', received undefined"],
    [
      'a file name',
      () => ({ mode: 'certificate', trustedCerts: 'ca.pem' }),
      'EINVAL',
      'trustedCerts: expected a credential',
    ],
  ])('refuses %s', async (_what, info, code, message) => {
    const options = { operation: 'createSocket', path: 'security' };
    const error = await rejection(() => resolveCertificateInfo(info() as never, options));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(`createSocket: security.${message}`)]);
  });
});

describe('resolveCertificateServerInfo', () => {
  it('gives chain, key and what clients are verified with', async () => {
    const parts = { serverCert: chain('leaf'), serverKey: key('leaf'), trustedCerts: chain('root') };
    const resolved = await resolveCertificateServerInfo(
      certificateServer({ ...parts, clientAuthentication: 'required' }),
    );
    expect([hex(resolved.chain), resolved.key.kind]).toEqual([hex([der('leaf')]), 'ec']);
    expect(resolved.trustedCerts).toHaveLength(1);
  });

  it('refuses a chain of nothing', async () => {
    const info = certificateServer({ serverCert: certificateChainFromList([]), serverKey: key('leaf') });
    expect((await rejection(() => resolveCertificateServerInfo(info))).message).toContain(
      'serverCert: serverKey is given',
    );
    const handmade = {
      mode: 'certificate',
      serverCert: certificateChainFromList([]),
      serverKey: empty('privateKey'),
    } as const;
    expect((await rejection(() => resolveCertificateServerInfo(handmade))).message).toContain('holds no certificate');
  });
});

describe('a key engine', () => {
  const engine = (): KeyEngine => ({
    certificateChain: (query) => [der(query), der('middle')],
    certRevocationLists: async (query) => [files.openssl('crl', '-in', `${query}.crl`, '-outform', 'DER')],
    privateKey: async (query) => ({
      publicKey: files.openssl('pkey', '-in', `${query}.key`, '-pubout', '-outform', 'DER'),
      sign: ({ data, digest }) => sign(digest, data, createPrivateKey(files.read(`${query}.key`))),
    }),
  });
  const info = (name = 'leaf') =>
    certificates({
      certRevocationLists: certRevocationListFromEngine('root'),
      clientCert: certificateChainFromEngine('leaf'),
      clientKey: privateKeyFromEngine(name),
    });

  it('gives certificates, revocation lists and a signer instead of a key', async () => {
    const resolved = await resolveCertificateInfo(info(), { engine: engine() });
    expect(hex(resolved.chain)).toEqual(hex([der('leaf'), der('middle')]));
    expect(resolved.certRevocationLists).toHaveLength(1);
    expect([resolved.key?.der, resolved.key?.curve]).toEqual([undefined, 'prime256v1']);
    expect(await resolved.key?.signer?.sign({ data: Buffer.from('x'), digest: 'sha256' })).toBeInstanceOf(Uint8Array);
  });

  it.each<[string, () => KeyEngine | undefined, string, string]>([
    [
      'none',
      () => undefined,
      'ENOTSUP',
      'certRevocationLists (engine root): the source is an engine, but no KeyEngine',
    ],
    [
      'one without certificates',
      () => ({ ...engine(), certificateChain: undefined }) as never,
      'ENOTSUP',
      'has no certificateChain()',
    ],
    [
      'one that throws',
      () => ({ ...engine(), privateKey: () => Promise.reject(new Error('no token')) }),
      'EIO',
      'clientKey (engine leaf): the key engine failed',
    ],
    [
      'one with text for certificates',
      () => ({ ...engine(), certificateChain: () => ['x'] as never }),
      'EINVAL',
      'expected a Uint8Array from the engine',
    ],
    [
      'one with one certificate bare',
      () => ({ ...engine(), certificateChain: der as never }),
      'EINVAL',
      'expected an array of Uint8Array',
    ],
    [
      'one with damaged certificates',
      () => ({ ...engine(), certificateChain: () => [new Uint8Array(9)] }),
      'EPROTO',
      'certificate 0 of the engine): neither PEM nor DER',
    ],
    [
      'one without signer',
      () => ({ ...engine(), privateKey: () => ({}) as never }),
      'EINVAL',
      'expected a KeySigner { publicKey, sign }',
    ],
    [
      'one with a bad public key',
      () => ({ ...engine(), privateKey: () => ({ publicKey: new Uint8Array(3), sign: () => new Uint8Array(0) }) }),
      'EPROTO',
      "the signer's publicKey",
    ],
  ])('%s', async (_what, given, code, message) => {
    const error = await rejection(() => resolveCertificateInfo(info(), { engine: given() }));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
  });

  it('whose key is that of another certificate', async () => {
    const error = await rejection(() => resolveCertificateInfo(info('root'), { engine: engine() }));
    expect(error.message).toContain('does not belong to the first certificate');
  });

  it('the PIN of a query stays out of messages', async () => {
    const pinned = certificates({ trustedCerts: certificateChainFromEngine('pkcs11:id=1?pin-value=1234') });
    const error = await rejection(() => resolveCertificateInfo(pinned));
    expect(error.message).toContain('pkcs11:id=1?pin-value=(hidden)');
  });
});

describe('rebuildCertificateChain', () => {
  it('stops at a self-signed certificate, at a missing issuer and at a cycle', () => {
    const [root, middle, leaf, stranger] = ['root', 'middle', 'leaf', 'stranger'].map(der) as [
      Buffer,
      Buffer,
      Buffer,
      Buffer,
    ];
    expect(rebuildCertificateChain([root], [root, middle])).toEqual([root]);
    expect(rebuildCertificateChain([leaf], [root, stranger])).toEqual([leaf]);
    expect(rebuildCertificateChain([leaf, middle, root], [middle, root])).toEqual([leaf, middle, root]);
    expect(rebuildCertificateChain([], [root])).toEqual([]);
  });

  it('does not go round in circles', () => {
    for (const name of ['one', 'two']) files.makeKey(name, 'p256');
    files.makeCertificate('one');
    files.makeCertificate('two', { issuer: 'one', ca: true });
    files.makeCertificate('one', { issuer: 'two', ca: true });
    const [one, two] = [der('one'), der('two')];
    expect(rebuildCertificateChain([one], [one, two])).toEqual([one, two]);
  });
});
