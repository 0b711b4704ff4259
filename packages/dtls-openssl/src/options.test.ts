import { NetError, type PskServerInfo, type SecureConfiguration } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { clientConfiguration, clientSecurity, KEY, serverConfiguration } from '../test/wire.ts';
import { contextOptions } from './options.ts';

const resolve = (configuration: SecureConfiguration) =>
  contextOptions(configuration, (init) => new NetError({ operation: 'createSocket', ...init }));

const fromFile = { type: 'pskKey', source: 'file', filename: '/key' } as const;
const withKey = (key: unknown): Partial<SecureConfiguration> => ({
  security: { ...clientSecurity(), key } as SecureConfiguration['security'],
});
const withIdentity = (identity: unknown): Partial<SecureConfiguration> => ({
  security: { ...clientSecurity(), identity } as SecureConfiguration['security'],
});
const withHint = (size: number, fill: number): SecureConfiguration =>
  serverConfiguration({
    security: { ...serverConfiguration().security, identityHint: Buffer.alloc(size, fill) } as PskServerInfo,
  });
const withTimeouts = (min: number, max: number): SecureConfiguration =>
  clientConfiguration({ dtlsHandshakeTimeouts: { min, max } });

describe('a configuration', () => {
  it.each<[string, SecureConfiguration, string, RegExp]>([
    ['a key from a file', clientConfiguration(withKey(fromFile)), 'EINVAL', /security.key: .*received source file/],
    [
      'an identity from a file',
      clientConfiguration(withIdentity({ ...fromFile, type: 'pskIdentity' })),
      'EINVAL',
      /security.identity: expected source buffer, received source file/,
    ],
    [
      'an empty key',
      clientConfiguration({ security: clientSecurity(new Uint8Array(0)) }),
      'EINVAL',
      /security.key: expected at least 1 byte/,
    ],
    [
      'a key of 513 bytes',
      clientConfiguration({ security: clientSecurity(new Uint8Array(513)) }),
      'EINVAL',
      /security.key: expected at most 512 bytes .* received 513/,
    ],
    [
      'an identity of 256 bytes',
      clientConfiguration({ security: clientSecurity(KEY, 'i'.repeat(256)) }),
      'EINVAL',
      /security.identity: expected at most 255 bytes .* received 256/,
    ],
    [
      'an identity with a NUL',
      clientConfiguration({ security: clientSecurity(KEY, 'dev\0ice') }),
      'EINVAL',
      /security.identity: expected no NUL byte, received one at offset 3/,
    ],
    ['a hint with a NUL', withHint(3, 0), 'EINVAL', /security.identityHint: expected no NUL byte/],
    ['a hint that is too long', withHint(257, 65), 'EINVAL', /security.identityHint: expected at most 256 bytes/],
    ['no security at all', clientConfiguration({ security: undefined as never }), 'ENOTSUP', /security.mode/],
    [
      'certificates and DTLS 1.0',
      clientConfiguration({ security: { mode: 'certificate' }, version: { min: 'DTLSv1.0' } }),
      'ENOTSUP',
      /version.min: DTLSv1.0 .* signs with SHA-1, .* withSha1HandshakeSignatures\(\)/,
    ],
    [
      'verification switched off by hand',
      clientConfiguration({ security: { mode: 'certificate', serverCertValidation: false } }),
      'EINVAL',
      /security.serverCertValidation: .*withoutServerCertValidation/,
    ],
    [
      'no suite for certificates',
      clientConfiguration({ security: { mode: 'certificate' }, ciphersuites: [0xc0a8] }),
      'EINVAL',
      /at least one ciphersuite of mode certificate/,
    ],
    ['an unknown suite', clientConfiguration({ ciphersuites: [0xffff] }), 'ENOTSUP', /ciphersuites\[0\]: 65535/],
    [
      'no suite for PSK',
      clientConfiguration({ ciphersuites: [0xc0ae] }),
      'EINVAL',
      /at least one ciphersuite of mode psk/,
    ],
    ['no suite at all', clientConfiguration({ ciphersuites: [] }), 'EINVAL', /at least one ciphersuite of mode psk/],
    ['DTLS 1.3', clientConfiguration({ version: { min: 'DTLSv1.3' } }), 'ENOTSUP', /version.min: .*DTLSv1.3/],
    [
      'a TLS version',
      clientConfiguration({ version: { max: 'TLSv1.2' } }),
      'EINVAL',
      /version.max: .*received TLSv1.2/,
    ],
    ['an empty range', clientConfiguration({ version: { max: 'DTLSv1.0' } }), 'EINVAL', /max DTLSv1.0 is below min/],
    ['a wait below 20 ms', withTimeouts(19, 100), 'EINVAL', /20 <= min <= max .*received min 19 and max 100/],
    ['waits that shrink', withTimeouts(2_000, 1_000), 'EINVAL', /received min 2000 and max 1000/],
    ['a broken wait', withTimeouts(Number.NaN, 1_000), 'EINVAL', /received min NaN/],
    ['more than 12 waits', withTimeouts(20, 60_000), 'EINVAL', /at most 12 waits.*which makes 13/],
    ['a wait beyond an hour', withTimeouts(4_294_968, 4_294_968), 'EINVAL', /<= 4294967/],
    [
      'connection ids and CBC suites only',
      clientConfiguration({ connectionId: true, ciphersuites: [0xae, 0x8c] }),
      'EINVAL',
      /connectionId: expected DTLSv1.2 and at least one AEAD ciphersuite/,
    ],
    [
      'connection ids that nothing makes',
      clientConfiguration({ connectionId: { generate: () => 7 as never } }),
      'EINVAL',
      /connectionId.generate must give/,
    ],
    ['an empty protocol', clientConfiguration({ alpn: ['coap', ''] }), 'EINVAL', /alpn\[1\]: .* received 0/],
    ['a long protocol', clientConfiguration({ alpn: ['x'.repeat(256)] }), 'EINVAL', /alpn\[0\]: .* received 256/],
    ['too many protocols', clientConfiguration({ alpn: Array(17).fill('x'.repeat(255)) }), 'EINVAL', /alpn: .* 4352/],
    ['no ticket key', serverConfiguration({ server: { ticketKeys: [] } }), 'EINVAL', /server.ticketKeys: expected 1/],
    [
      'a short ticket key',
      serverConfiguration({ server: { ticketKeys: [new Uint8Array(31)] } }),
      'EINVAL',
      /server.ticketKeys: .* at least 32 random bytes/,
    ],
  ])('with %s is refused', (_what, configuration, code, message) => {
    expect(() => resolve(configuration)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  it('never shows a key or an identity in its refusals', () => {
    const security = clientSecurity(Buffer.from('hunter2'.repeat(80)), 'nobody\0');
    expect(() => resolve(clientConfiguration({ security }))).toThrow(/^(?!.*(hunter2|nobody)).*$/s);
  });

  it('keeps the order of the suites, and drops those of the other mode and doubles', () => {
    const ciphersuites = ['TLS_PSK_WITH_AES_128_CBC_SHA256', 0xc0ae, 'PSK-AES128-CCM8', 0xae];
    const ids = resolve(clientConfiguration({ ciphersuites })).suites.map(({ id }) => id);
    expect(ids).toEqual([0xae, 0xc0a8]);
  });

  it.each([
    [20, 20],
    [20, 40_960],
    [1_000, 60_000],
  ])('may wait from %i to %i ms', (min, max) => {
    expect(resolve(withTimeouts(min, max)).role).toBe('client');
  });
});
