/**
 * Certificates that a client of tls-node lets in and those that it refuses, with `openssl s_server` at the other end.
 */

import type { Configurations } from '@avs-net/core';
import {
  type CertificateOptions,
  certificateChainFromBuffer,
  certificates,
  certRevocationListFromBuffer,
  withoutServerCertValidation,
} from '@avs-net/credentials';
import { describe, expect, it } from 'vitest';
import { identityFlags, localhost, tlsStage } from './openssl-tls.ts';
import type { Identity } from './pki.ts';

const stage = tlsStage();

const NAME = 'ERR_TLS_CERT_ALTNAME_INVALID';
const LEAF = 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY';

interface Case {
  readonly identity: Identity;
  /** Served with its chain; false: the leaf alone. */
  readonly chain?: boolean;
  /** Default: the root. */
  readonly trust?: Buffer;
  readonly lists?: Buffer;
  readonly configuration?: Partial<Configurations['tls']>;
  readonly options?: Partial<CertificateOptions>;
}

/** Connects to `openssl s_server` at `host`. */
async function connect(host: string, each: Case, ...flags: string[]): Promise<object> {
  const { identity, chain, trust, lists, configuration, options } = each;
  const { port } = await stage.sServer(...identityFlags(identity).slice(0, chain === false ? 4 : 6), ...flags);
  const security = stage.clientSecurity({
    ...(trust && { trustedCerts: certificateChainFromBuffer(trust) }),
    ...(lists && { certRevocationLists: certRevocationListFromBuffer(lists) }),
    ...options,
  });
  const socket = await stage.socket({ security, ...configuration });
  await socket.connect(host, port);
  return socket.info();
}

const good = (): Identity => stage.root.issue('localhost', localhost);
const named = (...names: string[]): Identity => stage.root.issue('device', { names });
const sni = (serverNameIndication: string): Pick<Case, 'configuration'> => ({
  configuration: { serverNameIndication },
});
const empty = (authority = stage.root): Buffer => authority.revocationList([]).pem;

describe('a client lets a server in', () => {
  it.each<[string, string, () => Case]>([
    ['by its name', 'localhost', () => ({ identity: good() })],
    ['by its address', '127.0.0.1', () => ({ identity: good() })],
    ['by the configured name', '127.0.0.1', () => ({ identity: named('a.example'), ...sni('a.example') })],
    ['by a name with a dot at the end', '127.0.0.1', () => ({ identity: named('a.example'), ...sni('a.example.') })],
    ['by a wildcard', '127.0.0.1', () => ({ identity: named('*.b.example'), ...sni('a.b.example') })],
    ['through an intermediate', 'localhost', () => ({ identity: stage.middle.issue('localhost', localhost) })],
    [
      'of an intermediate that is trusted itself',
      'localhost',
      () => ({ identity: stage.middle.issue('localhost', localhost), trust: stage.middle.certificate }),
    ],
    [
      'that is trusted itself',
      'localhost',
      () => {
        const identity = stage.middle.issue('localhost', localhost);
        return { identity, trust: identity.certificate };
      },
    ],
    ['that no list revokes', 'localhost', () => ({ identity: good(), lists: empty() })],
    [
      'that is self-signed and trusted itself',
      'localhost',
      () => {
        const identity = stage.pki.selfSigned('localhost', localhost);
        return { identity, trust: identity.certificate };
      },
    ],
    [
      'with a list of every authority',
      'localhost',
      () => ({
        identity: stage.middle.issue('localhost', localhost),
        lists: Buffer.concat([empty(), empty(stage.middle)]),
      }),
    ],
    [
      'with the authorities of node beside its own',
      'localhost',
      () => ({ identity: good(), options: { ignoreSystemTrustStore: false } }),
    ],
  ])('%s', async (_what, host, make) => {
    expect(await connect(host, make())).toMatchObject({ version: 'TLSv1.3', resumed: false });
  });

  it('that is revoked, if nobody gave it a list', async () => {
    const identity = good();
    const lists = stage.root.revocationList([identity]).pem;
    await expect(connect('localhost', { identity, lists })).rejects.toMatchObject({
      library: { code: 'CERT_REVOKED' },
    });
    expect(await connect('localhost', { identity })).toMatchObject({ version: 'TLSv1.3' });
  });

  it('whoever it is, behind the loud door only', async () => {
    const identity = stage.pki.selfSigned('somebody', { validity: 'expired' });
    const { port } = await stage.sServer(...identityFlags(identity));
    const socket = await stage.socket({ security: withoutServerCertValidation(certificates({})) });
    await socket.connect('127.0.0.1', port);
    expect(socket.info()).toMatchObject({ version: 'TLSv1.3' });
    const quiet = stage.socket({ security: { mode: 'certificate', serverCertValidation: false } });
    await expect(quiet).rejects.toMatchObject({ code: 'EINVAL', message: expect.stringMatching(/withoutServerCert/) });
  });
});

describe('a client refuses a server', () => {
  it.each<[string, string, () => Case, string, string]>([
    ['that has expired', 'localhost', () => past('expired'), 'CERT_HAS_EXPIRED', 'certificate_expired'],
    ['that is not valid yet', 'localhost', () => past('future'), 'CERT_NOT_YET_VALID', 'bad_certificate'],
    ['of another name', 'localhost', () => ({ identity: named('other.example') }), NAME, 'bad_certificate'],
    ['of another address', '127.0.0.1', () => ({ identity: named('127.0.0.2', '::1') }), NAME, 'bad_certificate'],
    [
      'whose common name alone is the address',
      '127.0.0.1',
      () => ({ identity: stage.root.issue('127.0.0.1', { names: ['localhost'] }) }),
      NAME,
      'bad_certificate',
    ],
    [
      'that has not the configured name',
      'localhost',
      () => ({ identity: good(), ...sni('b.example') }),
      NAME,
      'bad_certificate',
    ],
    [
      'that is self-signed',
      'localhost',
      () => ({ identity: stage.pki.selfSigned('localhost', localhost) }),
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'unknown_ca',
    ],
    [
      'of another authority',
      'localhost',
      () => ({ identity: good(), trust: stage.pki.authority('stranger').certificate }),
      LEAF,
      'unknown_ca',
    ],
    [
      'of another authority of the same name',
      'localhost',
      () => ({ identity: good(), trust: stage.pki.authority('root').certificate }),
      LEAF,
      'unknown_ca',
    ],
    [
      'without its intermediate',
      'localhost',
      () => ({ identity: stage.middle.issue('localhost', localhost), chain: false }),
      LEAF,
      'unknown_ca',
    ],
    [
      'that is meant for clients',
      'localhost',
      () => ({ identity: stage.root.issue('localhost', { ...localhost, purposes: ['clientAuth'] }) }),
      'INVALID_PURPOSE',
      'unsupported_certificate',
    ],
    [
      'whose issuer may not issue',
      'localhost',
      () => ({ identity: stage.root.authority('pretender', { ca: false }).issue('localhost', localhost) }),
      'UNSPECIFIED',
      'certificate_unknown',
    ],
    [
      'whose intermediate has no list',
      'localhost',
      () => ({ identity: stage.middle.issue('localhost', localhost), lists: empty() }),
      'UNABLE_TO_GET_CRL',
      'unknown_ca',
    ],
    [
      'by a list that has expired',
      'localhost',
      () => ({ identity: good(), lists: stage.root.revocationList([], { expired: true }).pem }),
      'CRL_HAS_EXPIRED',
      'certificate_expired',
    ],
    [
      'with a list of somebody else',
      'localhost',
      () => ({ identity: good(), lists: empty(stage.pki.authority('stranger')) }),
      'UNABLE_TO_GET_CRL',
      'unknown_ca',
    ],
  ])('%s', async (_what, host, make, code, name) => {
    await expect(connect(host, make())).rejects.toMatchObject({
      code: 'EPROTO',
      operation: 'connect',
      backend: 'tls-node',
      alert: { level: 'fatal', name, origin: 'local' },
      library: { code },
      message: expect.stringContaining('the certificate of the server was refused'),
    });
  });

  it('whose intermediate was revoked', async () => {
    const middle = stage.root.authority('revoked');
    const identity = middle.issue('localhost', localhost);
    const lists = Buffer.concat([stage.root.revocationList([middle]).pem, empty(middle)]);
    await expect(connect('localhost', { identity, lists })).rejects.toMatchObject({
      library: { code: 'CERT_REVOKED' },
    });
  });

  it.each([
    ['a key of RSA with 1024 bits', { key: 'rsa1024' }, /too (weak|small)/],
    ['a signature of SHA-1', { digest: 'sha1' }, /too weak/],
  ] as const)('with %s, on every node', async (_what, weak, words) => {
    const identity = stage.root.issue('localhost', { ...localhost, ...weak });
    const connecting = connect('localhost', { identity }, '-cipher', 'DEFAULT:@SECLEVEL=0');
    await expect(connecting).rejects.toMatchObject({ code: 'EPROTO', message: expect.stringMatching(words) });
  });

  it('even where an environment variable says that anybody will do', async () => {
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      const identity = stage.pki.selfSigned('localhost', localhost);
      await expect(connect('localhost', { identity })).rejects.toMatchObject({ code: 'EPROTO' });
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
  });
});

const past = (validity: 'expired' | 'future'): Case => ({
  identity: stage.root.issue('localhost', { ...localhost, validity }),
});
