/**
 * DTLS 1.0 with certificates, whose handshakes are signed with SHA-1: had by whoever opens the door for it, against
 * `openssl` in both roles, and nothing else becomes laxer for it.
 */

import { type Configurations, createNet, type Net, type Socket } from '@avs-net/core';
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
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { udp } from '@avs-net/udp';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Child } from './child.ts';
import { needs, startPeer } from './peers.ts';
import { type Authority, createPki, type Identity, type Pki } from './pki.ts';

let pki: Pki;
let root: Authority;
let net: Net;
const open: AsyncDisposable[] = [];

beforeEach((test) => {
  needs(test, 'openssl');
  net = createNet({ plugins: [udp, dtlsOpenssl] });
  if (pki !== undefined) return;
  pki = createPki();
  root = pki.authority('root');
});

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
  await net.close();
});
afterAll(() => pki?.[Symbol.dispose]());

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
    const peer = await listener.accept();
    open.push(peer);
    await child.line(/Verify return code: 0 \(ok\)/);
    expect(peer.info().version).toBe('DTLSv1.0');
    child.write('ping\n');
    expect(Buffer.from((await peer.receive({ timeout: 5_000 }))!).toString()).toBe('ping\n');
  });
});

describe('the door', () => {
  it('is named where it is missing, before anything is sent', async () => {
    const security = certificates(trustingRoot());
    const [line] = net.check('dtls', { security, version: FROM_1_0 });
    expect(line).toMatchObject({ path: 'version.min', code: 'ENOTSUP', claim: 'client.sha1HandshakeSignatures' });
    await expect(net.createSocket('dtls', { security, version: FROM_1_0 })).rejects.toMatchObject({
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

async function client(version: Version, options: CertificateOptions = {}): Promise<Socket> {
  const security = withSha1HandshakeSignatures(certificates({ ...trustingRoot(), ...options }));
  const rest = { serverNameIndication: 'server.example', dtlsHandshakeTimeouts: { min: 100, max: 400 } };
  const socket = await net.createSocket('dtls', { security, version, ...rest });
  open.push(socket);
  return socket;
}

async function server(
  version: Version,
  { chainFile, keyFile }: Identity,
  rules: Partial<CertificateServerOptions> = {},
): Promise<Socket> {
  const own = { serverCert: certificateChainFromFile(chainFile), serverKey: privateKeyFromFile(keyFile) };
  const security = withSha1HandshakeSignatures(certificateServer({ ...own, ...rules }));
  const socket = await net.createSocket('dtls', { security, version });
  open.push(socket);
  await socket.bind('127.0.0.1', 0);
  return socket;
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
): Promise<{ child: Child; port: number }> {
  const own = ['-cert', certificateFile, '-key', keyFile];
  const where = [version, '-accept', '127.0.0.1:0'];
  const child = startPeer('openssl', ['s_server', ...where, ...own, ...PERMISSIVE, ...flags]);
  open.push(child);
  const [, port] = await child.line(/ACCEPT 127\.0\.0\.1:(\d+)/);
  return { child, port: Number(port) };
}

function start(port: number, version: string, own?: Identity, flags: readonly string[] = []): Child {
  const shows = own === undefined ? [] : ['-cert', own.certificateFile, '-key', own.keyFile];
  const where = [version, '-connect', `127.0.0.1:${port}`, '-CAfile', root.certificateFile];
  const child = startPeer('openssl', ['s_client', ...where, ...shows, ...PERMISSIVE, ...flags]);
  open.push(child);
  return child;
}
