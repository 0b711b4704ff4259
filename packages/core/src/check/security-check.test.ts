import { describe, expect, it } from 'vitest';
import type { Claims, RoleClaims } from '../contract/claims.ts';
import { checkSecurity } from './security-check.ts';

const role: RoleClaims = {
  security: ['psk', 'certificate'],
  versions: ['DTLSv1.2'],
  ciphersuites: [],
  sources: ['file', 'buffer', 'array', 'list'],
  crl: true,
  dane: true,
  sha1HandshakeSignatures: true,
};
const claims: Claims = { client: role, server: role, limits: { pskKey: 4, pskIdentity: 8 } };
const buffer = (type: string, ...values: number[]) => ({ type, source: 'buffer', buffer: Uint8Array.from(values) });
const key = buffer('pskKey', 1, 2, 3, 4);
const identity = buffer('pskIdentity', 65, 66);
const chain = { type: 'certificateChain', source: 'file', filename: 'chain.pem' };
const privateKey = { type: 'privateKey', source: 'file', filename: 'key.pem' };
const LOUD_DOOR = Symbol.for('@avs-net/credentials/withoutServerCertValidation');
const SHA1_DOOR = Symbol.for('@avs-net/credentials/withSha1HandshakeSignatures');

const client = (security: object, mode = 'psk', able: Claims = claims) =>
  checkSecurity({ mode, ...(mode === 'psk' ? { key, identity } : {}), ...security }, 'client', able);
const server = (security: object, mode = 'certificate') => checkSecurity({ mode, ...security }, 'server', claims);

describe('psk', () => {
  it.each<[string, object]>([
    ['bytes', {}],
    ['an empty identity', { identity: buffer('pskIdentity') }],
    ['sizes at the limit', { identity: buffer('pskIdentity', 1, 2, 3, 4, 5, 6, 7, 8) }],
  ])('takes %s', (_, change) => {
    expect(client(change)).toEqual([]);
  });

  it.each<[string, object, string, RegExp]>([
    [
      'a key from a file',
      { key: { ...privateKey, type: 'pskKey' } },
      'security.key',
      /of source buffer; received source file/,
    ],
    [
      'an identity from a file',
      { identity: { ...chain, type: 'pskIdentity' } },
      'security.identity',
      /of source buffer/,
    ],
    [
      'a key from an engine',
      { key: { type: 'pskKey', source: 'engine', query: 'x' } },
      'security.key',
      /source engine/,
    ],
    ['an empty source', { key: { type: 'pskKey', source: 'empty' } }, 'security.key', /source empty/],
    ['no key', { key: undefined }, 'security.key', /a key and an identity/],
    ['no identity', { identity: undefined }, 'security.identity', /a key and an identity/],
    ['a key of no bytes', { key: buffer('pskKey') }, 'security.key', /at least 1 byte/],
    [
      'a long key',
      { key: buffer('pskKey', 1, 2, 3, 4, 5) },
      'security.key',
      /at most 4 bytes .*limits\.pskKey.* 5 bytes/,
    ],
    [
      'a long identity',
      { identity: { ...identity, buffer: new Uint8Array(9).fill(1) } },
      'security.identity',
      /at most 8/,
    ],
    ['65536 bytes', { identity: { ...identity, buffer: new Uint8Array(65536).fill(1) } }, 'security.identity', /65535/],
    ['NUL inside', { identity: buffer('pskIdentity', 65, 0, 66) }, 'security.identity', /NUL byte at offset 1/],
    ['a swapped pair', { key: identity }, 'security.key.type', /must be pskKey; received pskIdentity/],
    ['an unknown source', { key: { type: 'pskKey', source: 'vault' } }, 'security.key.source', /one of empty, file/],
    ['a slip', { identiti: identity }, 'security.identiti', /did you mean "identity"/],
    ['a lookup beside a key', { lookup: () => undefined }, 'security.lookup', /unknown/],
  ])('refuses %s', (_, change, path, message) => {
    expect(client(change)[0]).toMatchObject({ path, code: 'EINVAL', message: expect.stringMatching(message) });
  });

  it('never shows a key that was given as text', () => {
    const wrong = [
      client({ key: 'hunter2' }),
      client({ key: { type: 'pskKey', source: 'buffer', buffer: 'hunter2' } }),
      client({ key: { type: 'pskKey', source: 'hunter2' } }),
      client({ key: { type: 'hunter2', source: 'buffer', buffer: Uint8Array.of(1) } }),
      checkSecurity({ mode: 'psk', lookup: 'hunter2' }, 'server', claims),
      checkSecurity({ mode: 'hunter2' }, 'client', claims),
    ];
    for (const unmet of wrong) {
      expect(unmet).not.toEqual([]);
      expect(JSON.stringify(unmet)).not.toContain('hunter2');
    }
  });

  it('takes NUL bytes and engines where they are claimed', () => {
    const able: Claims = { client: { ...role, sources: ['engine'] }, limits: { identityNul: true } };
    expect(client({ identity: buffer('pskIdentity', 0) }, 'psk', able)).toEqual([]);
    expect(client({ key: { type: 'pskKey', source: 'engine', query: 'slot' } }, 'psk', able)).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['a lookup that is no function', { lookup: {} }, 'security.lookup'],
    ['a hint that is text', { lookup: () => undefined, identityHint: 'x' }, 'security.identityHint'],
    ['an unknown answer', { lookup: () => undefined, unknownIdentity: 'ignore' }, 'security.unknownIdentity'],
  ])('refuses %s of a server', (_, security, path) => {
    expect(server(security, 'psk')).toMatchObject([{ path, code: 'EINVAL' }]);
  });
});

describe('certificates', () => {
  const array = (...elements: unknown[]) => ({ type: 'certificateChain', source: 'array', elements });

  it.each<[string, object]>([
    ['nothing at all', {}],
    ['a chain and its key', { clientCert: chain, clientKey: privateKey }],
    [
      'empty sources',
      { clientCert: { type: 'certificateChain', source: 'empty' }, clientKey: { type: 'privateKey', source: 'empty' } },
    ],
    ['a list of arrays', { trustedCerts: { type: 'certificateChain', source: 'list', list: new Set([array(chain)]) } }],
    ['validation switched off at the loud door', { serverCertValidation: false, [LOUD_DOOR]: true }],
    ['SHA-1 admitted at its door', { sha1HandshakeSignatures: true, [SHA1_DOOR]: true }],
    ['SHA-1 not admitted', { sha1HandshakeSignatures: false }],
  ])('take %s', (_, security) => {
    expect(client(security, 'certificate')).toEqual([]);
  });

  it.each<[string, object, string, RegExp]>([
    [
      'SHA-1 admitted by hand',
      { sha1HandshakeSignatures: true },
      'security.sha1HandshakeSignatures',
      /withSha1HandshakeSignatures\(\)/,
    ],
    ['a certificate without its key', { clientCert: chain }, 'security.clientKey', /because security\.clientCert is/],
    [
      'a key without its certificate',
      { clientKey: privateKey },
      'security.clientCert',
      /because security\.clientKey is/,
    ],
    [
      'validation switched off by hand',
      { serverCertValidation: false },
      'security.serverCertValidation',
      /withoutServerCertValidation\(\)/,
    ],
    ['a key as trust anchor', { trustedCerts: privateKey }, 'security.trustedCerts.type', /must be certificateChain/],
    [
      'a file without a name',
      { trustedCerts: { ...chain, filename: '' } },
      'security.trustedCerts.filename',
      /not empty/,
    ],
    [
      'a path that is a number',
      { trustedCerts: { ...chain, filename: 7 } },
      'security.trustedCerts.filename',
      /a number/,
    ],
    [
      'a password as text',
      { trustedCerts: { ...chain, password: 'x' } },
      'security.trustedCerts.password',
      /cannot be wiped/,
    ],
    ['an array of texts', { trustedCerts: array('x') }, 'security.trustedCerts.elements[0]', /@avs-net\/credentials/],
    [
      'an array that is none',
      { trustedCerts: array() && { ...array(), elements: 7 } },
      'security.trustedCerts.elements',
      /an array/,
    ],
    [
      'a slip inside',
      { trustedCerts: { ...chain, file: 'x' } },
      'security.trustedCerts.file',
      /did you mean "filename"/,
    ],
    ['dane that is a text', { dane: 'yes' }, 'security.dane', /true or false; received a string/],
  ])('refuse %s', (_, security, path, message) => {
    expect(client(security, 'certificate')).toMatchObject([
      { path, code: 'EINVAL', message: expect.stringMatching(message) },
    ]);
  });

  it('refuse an array that contains itself', () => {
    const loop = array() as { elements: unknown[] };
    loop.elements.push(loop);
    expect(client({ trustedCerts: loop }, 'certificate')).toMatchObject([
      { code: 'EINVAL', need: 'nested at most 100 deep' },
    ]);
  });

  it('leave an iterator unused', () => {
    let steps = 0;
    function* credentials(): Generator<unknown> {
      steps += 1;
      yield chain;
    }
    expect(
      client({ trustedCerts: { type: 'certificateChain', source: 'list', list: credentials() } }, 'certificate'),
    ).toEqual([]);
    expect(steps).toBe(0);
  });

  it('name an unclaimed source deep inside', () => {
    const deep = array(array({ type: 'certificateChain', source: 'path', path: '/certs' }));
    expect(client({ trustedCerts: deep }, 'certificate')).toMatchObject([
      { path: 'security.trustedCerts.elements[0].elements[0].source', code: 'ENOTSUP', claim: 'client.sources: path' },
    ]);
  });

  it.each<[string, object, string]>([
    ['no certificate', {}, 'security.serverCert'],
    ['no key', { serverCert: chain }, 'security.serverKey'],
    [
      'no known client authentication',
      { serverCert: chain, serverKey: privateKey, clientAuthentication: 'maybe' },
      'security.clientAuthentication',
    ],
  ])('of a server with %s', (_, security, path) => {
    expect(server(security)).toMatchObject([{ path, code: 'EINVAL' }]);
  });
});
