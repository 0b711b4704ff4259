import { describe, expect, it } from 'vitest';
import type { Claims, Limits, RoleClaims } from '../contract/claims.ts';
import type { SecureConfiguration } from '../contract/configuration.ts';
import type { SecurityMode } from '../contract/security.ts';
import { checkConfiguration } from './claims-check.ts';

const bytes = (length: number, fill = 7): Uint8Array => new Uint8Array(length).fill(fill);
const key = { type: 'pskKey', source: 'buffer', buffer: bytes(16) } as const;
const identity = { type: 'pskIdentity', source: 'buffer', buffer: bytes(8, 65) } as const;
const psk = { mode: 'psk', key, identity } as const;
const anchor = { type: 'certificateChain', source: 'file', filename: 'ca.pem' } as const;

const everything: RoleClaims = {
  security: ['psk', 'certificate'],
  versions: ['DTLSv1.2', 'DTLSv1.3'],
  ciphersuites: [0xc0a8, 0xc0ae, 0x1301, 0xc0b0],
  sources: ['file', 'path', 'buffer', 'array', 'list', 'engine'],
  sni: true,
  alerts: true,
  crl: true,
  dane: true,
  resumption: true,
  connectionId: true,
  handshakeTimers: true,
  alpn: true,
  keylog: true,
};
const nothing: RoleClaims = {
  security: ['psk', 'certificate'],
  versions: ['DTLSv1.2'],
  ciphersuites: [0xc0a8],
  sources: ['buffer'],
};
const able: Claims = { client: everything, server: everything };

const check = (change: object, claims: Claims = able) =>
  checkConfiguration('dtls', { security: psk, ...change } as SecureConfiguration, claims);
const limited = (limits: Limits): Claims => ({ ...able, limits });
const session = { get() {}, set() {}, delete() {} };
const certificate = (change: object = {}) => ({ security: { mode: 'certificate', trustedCerts: anchor, ...change } });

describe('a configuration that asks for everything', () => {
  const all = {
    version: { min: 'DTLSv1.2', max: 'DTLSv1.3' },
    ciphersuites: ['TLS_PSK_WITH_AES_128_CCM_8', 0xc0ae, 0xc0b0],
    dtlsHandshakeTimeouts: { min: 1_000, max: 60_000 },
    serverNameIndication: 'device.example',
    connectionId: true,
    session,
    alpn: ['coap'],
    keylog: () => {},
    backendConfiguration: { dscp: 10, receiveQueue: { messages: 1 } },
    receiveQueue: { bytes: 1 },
  };

  it('is met by a backend that claims everything', () => {
    expect(check(all)).toEqual([]);
  });

  it('lists all that a backend without features lacks, at once', () => {
    const unmet = check(all, { client: nothing });
    expect(unmet.map(({ path, claim, code }) => [path, claim, code])).toEqual([
      ['ciphersuites[2]', 'client.ciphersuites: 0xC0B0', 'ENOTSUP'],
      ['serverNameIndication', 'client.sni', 'ENOTSUP'],
      ['connectionId', 'client.connectionId', 'ENOTSUP'],
      ['session', 'client.resumption', 'ENOTSUP'],
      ['alpn', 'client.alpn', 'ENOTSUP'],
      ['keylog', 'client.keylog', 'ENOTSUP'],
      ['dtlsHandshakeTimeouts', 'client.handshakeTimers', 'ENOTSUP'],
    ]);
  });
});

describe('what no backend could do', () => {
  it.each<[string, unknown, string, RegExp]>([
    ['a slip', { ciphersuits: [1] }, 'ciphersuits', /did you mean "ciphersuites"/],
    ['a nested slip', { backendConfiguration: { dscpp: 1 } }, 'backendConfiguration.dscpp', /did you mean "dscp"/],
    ['__proto__ as own property', JSON.parse('{"__proto__": 1}'), '__proto__', /unknown/],
    ['a suite that is no number', { ciphersuites: [{}] }, 'ciphersuites', /IANA numbers/],
    ['a suite beyond 16 bits', { ciphersuites: [0x10000] }, 'ciphersuites', /0 to 0xFFFF/],
    [
      'an unknown suite name',
      { ciphersuites: ['TLS_PSK_WITH_AES_128_CCM_9'] },
      'ciphersuites[0]',
      /did you mean TLS_PSK_/,
    ],
    ['no suite', { ciphersuites: [] }, 'ciphersuites', /received an empty one/],
    ['only suites of the other mode', { ciphersuites: [0xc0ae] }, 'ciphersuites', /only suites of the other mode/],
    ['an unknown version', { version: { min: 'DTLSv1.1' } }, 'version.min', /DTLSv1\.0, DTLSv1\.2, DTLSv1\.3/],
    ['a version of TLS', { version: { min: 'TLSv1.2' } }, 'version.min', /received "TLSv1\.2"/],
    ['an empty range', { version: { min: 'DTLSv1.3', max: 'DTLSv1.2' } }, 'version.max', /at least DTLSv1\.3/],
    [
      'a maximum below the default',
      { version: { max: 'DTLSv1.0' } },
      'version.max',
      /unless version\.min says otherwise/,
    ],
    ['a version that is no text', { version: { min: 12 } }, 'version.min', /received 12/],
    ['half a timeout', { dtlsHandshakeTimeouts: { min: 5 } }, 'dtlsHandshakeTimeouts', /half of it/],
    ['max below min', { dtlsHandshakeTimeouts: { min: 5, max: 4 } }, 'dtlsHandshakeTimeouts.max', /at least min/],
    ['min 0', { dtlsHandshakeTimeouts: { min: 0, max: 4 } }, 'dtlsHandshakeTimeouts.min', /above 0/],
    [
      'an endless max',
      { dtlsHandshakeTimeouts: { min: 1, max: Infinity } },
      'dtlsHandshakeTimeouts.max',
      /received Infinity/,
    ],
    ['an empty name', { serverNameIndication: '' }, 'serverNameIndication', /without blanks/],
    ['a name with NUL', { serverNameIndication: 'a\0b' }, 'serverNameIndication', /without blanks/],
    ['a window of odd size', { replayWindow: 100 }, 'replayWindow', /a multiple of 64; received 100/],
    [
      'a reserve beyond 32 bits',
      { associations: { store: { replace() {}, take() {} }, keys: [new Uint8Array(32)], reserve: 2 ** 32 } },
      'associations.reserve',
      /from 1 to 4294967295; received 4294967296/,
    ],
    ['alpn of nothing', { alpn: [''] }, 'alpn', /1 to 255 bytes/],
    ['a store without set', { session: { get() {}, delete() {} } }, 'session', /get, set, delete/],
    ['keylog that is a file', { keylog: 'keys.txt' }, 'keylog', /a function; received "keys\.txt"/],
    ['an empty queue', { receiveQueue: { messages: 0 } }, 'receiveQueue.messages', /at least 1; received 0/],
    ['server limits of a client', { server: { maxPeers: 1 } }, 'server', /lookup or serverCert/],
    ['no security', { security: undefined }, 'security', /credentials made by/],
    ['security that is a text', { security: 'secret' }, 'security', /an object/],
    ['an unknown mode', { security: { mode: 'rpk' } }, 'security.mode', /psk or certificate/],
  ])('%s', (_, change, path, message) => {
    const [line] = check(change as object);
    expect(line).toMatchObject({ path, code: 'EINVAL', message: expect.stringMatching(message) });
    expect(line!.claim).toBeUndefined();
  });

  it('a limit in bytes for handshakes over streams, which has no effect there', () => {
    const server = { maxHalfOpenBytes: 1_000_000 };
    const security = { mode: 'psk', lookup: () => undefined };
    expect(checkConfiguration('dtls', { security, server } as never, able)).toEqual([]);
    expect(checkConfiguration('tls', { security, server } as never, able)).toContainEqual(
      expect.objectContaining({
        path: 'server.maxHalfOpenBytes',
        code: 'ENOTSUP',
        message: expect.stringMatching('TCP'),
      }),
    );
  });

  it.each([[undefined], [null], ['dtls'], [7], [[]]])('a configuration that is %j', (configuration) => {
    expect(checkConfiguration('dtls', configuration as never, able)).toMatchObject([{ code: 'EINVAL' }]);
  });
});

describe('limits of a backend', () => {
  it.each<[string, object, Limits, string, RegExp]>([
    ['min', { dtlsHandshakeTimeouts: { min: 19, max: 60 } }, { timerMin: 20 }, 'limits.timerMin', /at least 20 ms/],
    ['waits', { dtlsHandshakeTimeouts: { min: 20, max: 60_000 } }, { timerWaits: 12 }, 'limits.timerWaits', /13 waits/],
    [
      'window',
      { replayWindow: 128 },
      { replayWindow: 64 },
      'limits.replayWindow',
      /at most 64 records for this backend .* received 128/,
    ],
  ])('%s', (_, change, limits, claim, message) => {
    expect(check(change, limited(limits))).toMatchObject([
      { claim, code: 'EINVAL', message: expect.stringMatching(message) },
    ]);
  });

  it.each([
    [{}, 256],
    [{ sni: 64 }, 65],
  ])('has ENOBUFS for a name that is too long: %j', (limits, length) => {
    const name = { serverNameIndication: 'x'.repeat(length) };
    expect(check(name, limited(limits))).toMatchObject([{ claim: 'limits.sni', code: 'ENOBUFS' }]);
    expect(check({ serverNameIndication: 'x'.repeat(length - 1) }, limited(limits))).toEqual([]);
  });

  it("refuses a replay window where there is only the library's own", () => {
    expect(check({ replayWindow: 64 }, limited({}))).toMatchObject([{ path: 'replayWindow', code: 'ENOTSUP' }]);
    expect(check({ replayWindow: 128 }, limited({ replayWindow: 128 }))).toEqual([]);
  });

  it('allows exactly the limit', () => {
    const timeouts = { dtlsHandshakeTimeouts: { min: 20, max: 20 * 2 ** 11 } };
    expect(check(timeouts, limited({ timerMin: 20, timerWaits: 12 }))).toEqual([]);
  });
});

describe('features and roles', () => {
  const lookup = { mode: 'psk', lookup: () => undefined } as const;

  it.each<[string, object, Claims, string]>([
    ['a mode', {}, { client: { ...everything, security: ['certificate'] as SecurityMode[] } }, 'client.security: psk'],
    ['the client role', {}, { server: everything }, 'client'],
    ['the server role', { security: lookup }, { client: everything }, 'server'],
    ['alerts', { security: { ...lookup, unknownIdentity: 'alert' } }, { server: nothing }, 'server.alerts'],
    ['a version', { version: { min: 'DTLSv1.3' } }, { client: nothing }, 'client.versions: only DTLSv1.2'],
    ['a suite', { ciphersuites: [0x00a8] }, able, 'client.ciphersuites: 0x00A8'],
    [
      'revocation',
      certificate({ certRevocationLists: { ...anchor, type: 'certRevocationList' } }),
      { client: { ...nothing, sources: ['file'] } },
      'client.crl',
    ],
    ['DANE', certificate({ dane: true }), { client: { ...nothing, sources: ['file'] } }, 'client.dane'],
    ['a source', certificate(), { client: nothing }, 'client.sources: file'],
  ])('an unclaimed %s is ENOTSUP', (_, change, claims, claim) => {
    expect(check(change, claims)).toMatchObject([{ code: 'ENOTSUP', claim }]);
  });

  it('asks nothing of the backend for what is switched off', () => {
    expect(check({ connectionId: false, alpn: [], backendConfiguration: {} }, { client: nothing })).toEqual([]);
  });

  it('checks the role that is asked for', () => {
    const configuration = { security: psk, connectionId: true } as SecureConfiguration;
    expect(checkConfiguration('dtls', configuration, { client: nothing }, 'client')).toHaveLength(1);
  });

  it('knows that a server has no server name of its own and tls no timers of ours', () => {
    expect(check({ security: lookup, serverNameIndication: 'a' })).toMatchObject([{ path: 'serverNameIndication' }]);
    const timers = { security: psk, dtlsHandshakeTimeouts: { min: 1, max: 2 } } as SecureConfiguration;
    const claims: Claims = { client: { ...everything, versions: ['TLSv1.2'] } };
    expect(checkConfiguration('tls', timers, claims)).toMatchObject([
      { path: 'dtlsHandshakeTimeouts', code: 'EINVAL' },
    ]);
  });
});
