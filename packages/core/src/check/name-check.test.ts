import { describe, expect, it } from 'vitest';
import type { Claims, RoleClaims } from '../contract/claims.ts';
import type { SecureConfiguration } from '../contract/configuration.ts';
import { checkConfiguration } from './claims-check.ts';

const role: RoleClaims = {
  security: ['psk', 'certificate', 'mixed'],
  versions: ['DTLSv1.2'],
  ciphersuites: [0xc0a8, 0xc02b],
  sources: ['file'],
  sni: true,
};
const able: Claims = { client: role, server: role };
const lacking = (claim: Partial<RoleClaims>): Claims => ({ ...able, server: { ...role, ...claim } });
const chain = { type: 'certificateChain', source: 'file', filename: 'chain.pem' } as const;
const key = { type: 'privateKey', source: 'file', filename: 'key.pem' } as const;
const certificate = { mode: 'certificate', serverCert: chain, serverKey: key } as const;
const psk = { mode: 'psk', lookup: () => undefined } as const;
const mixed = { mode: 'mixed', psk, certificate } as const;

const check = (security: object, names?: unknown, claims = able, more: object = {}) =>
  checkConfiguration(
    'dtls',
    { security, ...(names === undefined ? {} : { server: { names } }), ...more } as SecureConfiguration,
    claims,
  );
const lines = (unmet: ReturnType<typeof check>) => unmet.map(({ path, code, claim }) => [path, code, claim]);

describe('names', () => {
  it.each([
    ['a table', { 'a.example': certificate, '*.example': certificate }],
    ['a function', async () => undefined],
  ])('may be %s', (_what, names) => {
    expect(check(certificate, names)).toEqual([]);
    expect(check(mixed, names)).toEqual([]);
  });

  it('need the claim', () => {
    const lacks = [['server.names', 'ENOTSUP', 'server.sni']];
    expect(lines(check(certificate, { a: certificate }, lacking({ sni: false })))).toEqual(lacks);
    expect(lines(check(certificate, () => undefined, lacking({ sni: false })))).toEqual(lacks);
  });

  it.each<[string, object, unknown, string, RegExp]>([
    ['keys alone', psk, { a: certificate }, 'server.names', /names choose between certificates/],
    ['an empty table', certificate, {}, 'server.names', /at least one name/],
    ['a list', certificate, [], 'server.names', /a plain object of credentials by name, or a function/],
    ['a Map', certificate, new Map(), 'server.names', /a plain object/],
    ['an address', certificate, { '192.0.2.1': certificate }, 'server.names["192.0.2.1"]', /a host name/],
    ['two wildcards', certificate, { '*.*.a': certificate }, 'server.names["*.*.a"]', /"\*\." and a host name/],
    ['one name twice', certificate, { A: certificate, a: certificate }, 'server.names["a"]', /given once/],
    ['a key for a name', certificate, { a: psk }, 'server.names["a"]', /made by certificateServer/],
    ['nothing for a name', certificate, { a: undefined }, 'server.names["a"]', /made by certificateServer/],
    [
      'a chain without key',
      certificate,
      { a: { mode: 'certificate', serverCert: chain } },
      'server.names["a"].serverKey',
      /given, because server\.names\["a"\]\.serverCert is/,
    ],
  ])('cannot be used with %s', (_what, security, names, path, message) => {
    const [first] = check(security, names);
    expect(first).toMatchObject({ path, code: 'EINVAL', message: expect.stringMatching(message) });
  });

  it('may come from no source that the backend does not know', () => {
    const path = { ...certificate, serverKey: { type: 'privateKey', source: 'engine', query: 'x' } };
    expect(lines(check(certificate, { a: path }))).toEqual([
      ['server.names["a"].serverKey.source', 'ENOTSUP', 'server.sources: engine'],
    ]);
  });
});

describe('mixed security', () => {
  it('is a claim of its own, and of the server', () => {
    expect(lines(check(mixed, undefined, lacking({ security: ['psk', 'certificate'] })))).toEqual([
      ['security.mode', 'ENOTSUP', 'server.security: mixed'],
    ]);
  });

  it.each<[string, object, string]>([
    ['no key', { mode: 'mixed', certificate }, 'security.psk'],
    ['no certificate', { mode: 'mixed', psk }, 'security.certificate'],
    ['the halves exchanged', { mode: 'mixed', psk: certificate, certificate: psk }, 'security.psk'],
    ['a slip in one half', { ...mixed, psk: { ...psk, identityHnt: 1 } }, 'security.psk.identityHnt'],
    [
      'a chain alone',
      { ...mixed, certificate: { mode: 'certificate', serverCert: chain } },
      'security.certificate.serverKey',
    ],
    ['a slip', { ...mixed, lookup: () => undefined }, 'security.lookup'],
  ])('cannot be made with %s', (_what, security, path) => {
    expect(check(security)[0]).toMatchObject({ path, code: 'EINVAL' });
  });

  it('needs ciphersuites of both kinds', () => {
    expect(check(mixed, undefined, able, { ciphersuites: [0xc02b, 0xc0a8] })).toEqual([]);
    for (const [ciphersuites, missing] of [
      [[0xc02b], 'psk'],
      [[0xc0a8], 'certificate'],
    ]) {
      expect(check(mixed, undefined, able, { ciphersuites })[0]?.message).toContain(`for ${missing} security`);
    }
  });
});
