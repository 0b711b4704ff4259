/**
 * DTLS 1.0 with certificates, whose handshakes are signed with SHA-1: had by whoever opens the door for it, against
 * `openssl` in both roles, and nothing else becomes laxer for it.
 */

import type { Configurations, Socket } from '@avs-net/core';
import {
  type CertificateOptions,
  type CertificateServerOptions,
  certificateChainFromBuffer,
  certificateChainFromFile,
  certificateServer,
  certificates,
  privateKeyFromFile,
  withSha1HandshakeSignatures,
} from '@avs-net/credentials';
import { describe, expect, it } from 'vitest';
import type { Child } from './child.ts';
import { dtlsStage } from './openssl-dtls.ts';
import { type PeerServer, sClient, sServer } from './peers.ts';
import type { Authority, Identity, Pki } from './pki.ts';
import { pkiStage } from './pki-stage.ts';

let pki: Pki;
let root: Authority;

const stage = dtlsStage();
const { keep } = stage;
pkiStage((made) => {
  pki = made;
  root = pki.authority('root');
});

const ONLY_1_0 = { min: 'DTLSv1.0', max: 'DTLSv1.0' } as const;
const FROM_1_0 = { min: 'DTLSv1.0' } as const;

describe.each(['rsa', 'p256', 'p384'] as const)('with keys of kind %s, DTLS 1.0', (key) => {
  it.each([
    ['alone', ONLY_1_0],
    ['at least', FROM_1_0],
  ])('%s connects to openssl s_server, certificates on both sides', async (_what, version) => {
    const { child, port } = await serve(root.issue('server.example', { key }), '-dtls1', insists());
    const socket = await client(version, showing(root.issue('device', { key })));
    await socket.connect('127.0.0.1', port);
    expect(socket.info().version).toBe('DTLSv1.0');
    await socket.send(Buffer.from('to the server\n'));
    await child.line(/to the server/);
  });

  it.each([
    ['alone', ONLY_1_0],
    ['at least', FROM_1_0],
  ])('%s accepts openssl s_client, certificates on both sides', async (_what, version) => {
    const listener = await server(version, root.issue('server.example', { key }), {
      clientAuthentication: 'required',
      trustedCerts: certificateChainFromBuffer(root.certificate),
    });
    const child = start(listener.localPort(), '-dtls1', root.issue('device', { key }));
    const peer = keep(await listener.accept());
    await child.line(/Verify return code: 0 \(ok\)/);
    expect(peer.info().version).toBe('DTLSv1.0');
    child.write('ping\n');
    expect(Buffer.from((await peer.receive({ timeout: 5_000 }))!).toString()).toBe('ping\n');
  });
});

describe('the door', () => {
  it('is named where it is missing, before anything is sent', async () => {
    const security = certificates(trustingRoot());
    const [line] = stage.net.check('dtls', { security, version: FROM_1_0 });
    expect(line).toMatchObject({ path: 'version.min', code: 'ENOTSUP', claim: 'client.sha1HandshakeSignatures' });
    await expect(stage.socket({ security, version: FROM_1_0 })).rejects.toMatchObject({
      code: 'ENOTSUP',
      message: expect.stringMatching(/DTLSv1.0 .* withSha1HandshakeSignatures\(\)/),
    });
  });

  it('does not lower what is wanted of certificates', async () => {
    const weak = pki.authority('weak', { key: 'rsa1024' });
    const refusals: readonly (readonly [Authority, Identity, string])[] = [
      [root, root.issue('server.example', { digest: 'sha1' }), 'CA_MD_TOO_WEAK'],
      [root, root.issue('server.example', { key: 'rsa1024' }), 'EE_KEY_TOO_SMALL'],
      [weak, weak.issue('server.example'), 'CA_KEY_TOO_SMALL'],
    ];
    for (const [authority, identity, verdict] of refusals) {
      const { port } = await serve(identity, '-dtls1');
      const socket = await client(ONLY_1_0, { trustedCerts: certificateChainFromBuffer(authority.certificate) });
      await expect(socket.connect('127.0.0.1', port)).rejects.toMatchObject({ library: { code: verdict } });
    }
  });

  it.each(['RSA+SHA1', 'ECDSA+SHA1'])(
    'leads to no signature by %s in DTLS 1.2, offered or taken',
    async (algorithms) => {
      const key = algorithms.startsWith('ECDSA') ? 'p256' : 'rsa';
      const { port } = await serve(root.issue('server.example', { key }), '-dtls1_2', ['-sigalgs', algorithms]);
      const socket = await client(FROM_1_0);
      await expect(socket.connect('127.0.0.1', port)).rejects.toMatchObject({ alert: { name: 'handshake_failure' } });
      const listener = await server(FROM_1_0, root.issue('server.example', { key }));
      const child = start(listener.localPort(), '-dtls1_2', undefined, ['-sigalgs', algorithms]);
      const nobody = expect(listener.accept()).rejects.toMatchObject({ code: 'ECONNABORTED' });
      await child.line(/handshake failure/);
      await listener.close();
      await nobody;
    },
  );

  it('leaves DTLS 1.2 what both prefer', async () => {
    const { port } = await serve(root.issue('server.example'), '-dtls');
    const socket = await client(FROM_1_0);
    await socket.connect('127.0.0.1', port);
    expect(socket.info().version).toBe('DTLSv1.2');
  });
});

function trustingRoot(): CertificateOptions {
  return { trustedCerts: certificateChainFromBuffer(root.certificate), ignoreSystemTrustStore: true };
}

function showing({ chainFile, keyFile }: Identity): CertificateOptions {
  return { clientCert: certificateChainFromFile(chainFile), clientKey: privateKeyFromFile(keyFile) };
}

type Version = NonNullable<Configurations['dtls']['version']>;

function client(version: Version, options: CertificateOptions = {}): Promise<Socket> {
  const security = withSha1HandshakeSignatures(certificates({ ...trustingRoot(), ...options }));
  const rest = { serverNameIndication: 'server.example', dtlsHandshakeTimeouts: { min: 100, max: 400 } };
  return stage.socket({ security, version, ...rest });
}

function server(
  version: Version,
  { chainFile, keyFile }: Identity,
  rules: Partial<CertificateServerOptions> = {},
): Promise<Socket> {
  const own = { serverCert: certificateChainFromFile(chainFile), serverKey: privateKeyFromFile(keyFile) };
  const security = withSha1HandshakeSignatures(certificateServer({ ...own, ...rules }));
  return stage.server({ security, version });
}

function insists(): readonly string[] {
  return ['-Verify', '3', '-verify_return_error', '-CAfile', root.certificateFile];
}

/** At level 0 openssl does everything, so that it is ours to refuse. */
const PERMISSIVE = ['-cipher', 'ALL:@SECLEVEL=0'];

async function serve(
  { certificateFile, keyFile }: Identity,
  version: string,
  flags: readonly string[] = ['-no-CAfile'],
): Promise<PeerServer> {
  const started = await sServer(version, '-cert', certificateFile, '-key', keyFile, ...PERMISSIVE, ...flags);
  keep(started.child);
  return started;
}

function start(port: number, version: string, own?: Identity, flags: readonly string[] = []): Child {
  const shows = own === undefined ? [] : ['-cert', own.certificateFile, '-key', own.keyFile];
  return keep(sClient(port, version, '-CAfile', root.certificateFile, ...shows, ...PERMISSIVE, ...flags));
}
