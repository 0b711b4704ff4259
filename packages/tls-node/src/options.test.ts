import type { SecureConfiguration } from '@avs-net/core/plugin';
import {
  certificateChainFromFile,
  certificateServer,
  certificates,
  privateKeyFromFile,
  psk,
  pskServer,
  serverSecurity,
} from '@avs-net/credentials';
import { describe, expect, it } from 'vitest';
import { host } from '../test/pair.ts';
import { contextOptions } from './options.ts';

const certificate = certificates({});
const preShared = psk({ identity: 'device', key: Buffer.alloc(16, 1) });
const mixed = serverSecurity({
  psk: pskServer({ lookup: () => undefined }),
  certificate: certificateServer({
    serverCert: certificateChainFromFile('server.crt'),
    serverKey: privateKeyFromFile('server.key'),
  }),
});

function protocol(change: Partial<SecureConfiguration>, security: SecureConfiguration['security'] = certificate) {
  return contextOptions({ security, ...change }, (init) => host.error(init)).protocol;
}

describe('versions and ciphersuites', () => {
  it.each<[string, Partial<SecureConfiguration>, string, string]>([
    ['nothing', {}, 'TLSv1.2', 'TLSv1.3'],
    ['a minimum', { version: { min: 'TLSv1.3' } }, 'TLSv1.3', 'TLSv1.3'],
    ['a maximum', { version: { max: 'TLSv1.2' } }, 'TLSv1.2', 'TLSv1.2'],
    ['both', { version: { min: 'TLSv1.2', max: 'TLSv1.3' } }, 'TLSv1.2', 'TLSv1.3'],
    ['suites of TLS 1.2 only', { ciphersuites: [0xc02b] }, 'TLSv1.2', 'TLSv1.2'],
    ['suites of TLS 1.3 only', { ciphersuites: [0x1302] }, 'TLSv1.3', 'TLSv1.3'],
    ['suites of both', { ciphersuites: [0x1302, 0xc02b] }, 'TLSv1.2', 'TLSv1.3'],
    [
      'suites of both and a maximum',
      { ciphersuites: [0x1302, 0xc02b], version: { max: 'TLSv1.2' } },
      'TLSv1.2',
      'TLSv1.2',
    ],
  ])('%s', (_what, change, minVersion, maxVersion) => {
    expect(protocol(change)).toMatchObject({ minVersion, maxVersion });
  });

  it('of pre-shared keys are those of TLS 1.2', () => {
    const { ciphers, ...versions } = protocol({}, preShared);
    expect(versions).toMatchObject({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
    expect(ciphers!.split(':').every((name) => name.includes('PSK') || name === '@SECLEVEL=2')).toBe(true);
  });

  it('keep the order of the caller, once each, by number and by name, without those of the other mode', () => {
    const ciphersuites = [
      0xc02c,
      'TLS_PSK_WITH_AES_128_CCM_8',
      'TLS_AES_256_GCM_SHA384',
      0xc02b,
      'ECDHE-ECDSA-AES256-GCM-SHA384',
    ];
    const expected = 'ECDHE-ECDSA-AES256-GCM-SHA384:TLS_AES_256_GCM_SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=2';
    expect(protocol({ ciphersuites }).ciphers).toBe(expected);
  });

  it.each([certificate, preShared])('never come with another security level than 2: %#', (security) => {
    for (const ciphersuites of [undefined, [0x1301], [0xc02b, 0x00a8]]) {
      if (security === preShared && ciphersuites?.[0] === 0x1301) continue;
      const { ciphers } = protocol(ciphersuites === undefined ? {} : { ciphersuites }, security);
      expect(ciphers!.match(/@SECLEVEL=\d/g)).toEqual(['@SECLEVEL=2']);
      expect(ciphers!.split(':').length).toBeGreaterThan(1);
    }
  });

  it.each<[string, Partial<SecureConfiguration>, string, RegExp, SecureConfiguration['security']?]>([
    [
      'TLS 1.0',
      { version: { min: 'TLSv1.0' } },
      'ENOTSUP',
      /version\.min: expected TLSv1\.2 or TLSv1\.3, received TLSv1\.0/,
    ],
    ['TLS 1.1 at most', { version: { max: 'TLSv1.1' } }, 'ENOTSUP', /version\.max/],
    ['a version of DTLS', { version: { min: 'DTLSv1.2' } }, 'EINVAL', /version\.min.*received DTLSv1\.2/],
    ['an empty range', { version: { min: 'TLSv1.3', max: 'TLSv1.2' } }, 'EINVAL', /max TLSv1\.2 is below min TLSv1\.3/],
    ['unknown suites', { ciphersuites: [0xffff] }, 'ENOTSUP', /ciphersuites\[0\]: 65535/],
    ['suites of the other mode', { ciphersuites: [0x00a8] }, 'EINVAL', /at least one for certificate/],
    ['no suites', { ciphersuites: [] }, 'EINVAL', /at least one/],
    [
      'suites of TLS 1.3 with a key',
      { ciphersuites: [0x1301] },
      'EINVAL',
      /pre-shared keys are TLS 1\.2 here/,
      preShared,
    ],
    [
      'suites that no version has',
      { ciphersuites: [0xc02b], version: { min: 'TLSv1.3' } },
      'EINVAL',
      /none of them belongs to TLSv1\.3/,
    ],
    ['a key with TLS 1.3', { version: { min: 'TLSv1.3' } }, 'ENOTSUP', /pre-shared keys need TLSv1\.2/, preShared],
    ['both kinds of client', {}, 'ENOTSUP', /security\.mode: either/, mixed],
    ['names', { server: { names: {} } }, 'ENOTSUP', /server\.names: not supported/],
    ['a Connection ID', { connectionId: true }, 'ENOTSUP', /connectionId/],
  ])('%s are refused', (_what, change, code, message, security) => {
    expect(() => protocol(change, security)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});
