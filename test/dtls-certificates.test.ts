/**
 * dtls-openssl with certificates, through the public API and real loopback sockets, against `openssl` and `gnutls`.
 */

import { X509Certificate } from 'node:crypto';
import type { Configurations, Socket } from '@avs-net/core';
import {
  type CertificateOptions,
  type CertificateServerOptions,
  certificateChainFromBuffer,
  certificateChainFromFile,
  certificateServer,
  certificates,
  certRevocationListFromBuffer,
  privateKeyFromFile,
} from '@avs-net/credentials';
import { beforeEach, describe, expect, it } from 'vitest';
import { type CertificatePeer, gnutls, openssl, type ServerRules } from './certificate-peers.ts';
import { dtlsStage } from './openssl-dtls.ts';
import { needs, type PeerServer } from './peers.ts';
import type { Authority, Identity, Pki } from './pki.ts';
import { pkiStage } from './pki-stage.ts';
import { REFUSED_CERTIFICATES } from './refused-certificates.ts';

let pki: Pki;
let root: Authority;
let middle: Authority;
let other: Authority;

const stage = dtlsStage();
const { keep } = stage;
pkiStage((made) => {
  pki = made;
  [root, other] = [pki.authority('root'), pki.authority('other')];
  middle = root.authority('middle');
});

describe.each([
  ['openssl', openssl],
  ['gnutls', gnutls],
] as const)('a client of %s', (_name, peer) => {
  beforeEach((test) => needs(test, peer.server));

  it.each(peer.keys)('shakes hands where both show a certificate with a key of kind %s', async (key) => {
    const { child, port } = await serve(peer, middle.issue('server.example', { key }), { clientsOf: root });
    const socket = await client(showing(middle.issue('device', { key })));
    await socket.connect('127.0.0.1', port);
    expect(socket.info()).toMatchObject({ version: 'DTLSv1.2' });
    expect(subjects(socket)).toEqual(['CN=server.example', 'CN=middle']);
    await socket.send(Buffer.from('to the server\n'));
    if (peer === openssl) {
      await child.line(/to the server/);
      child.write('to the server\n');
    }
    expect(Buffer.from((await socket.receive({ timeout: 5_000 }))!).toString()).toBe('to the server\n');
  });

  it.each(REFUSED_CERTIFICATES)('refuses a certificate %s', async (_what, make, name, alert) => {
    const { port } = await serve(peer, make({ pki, root, middle, other }));
    const socket = await client();
    await expect(socket.connect('127.0.0.1', port)).rejects.toMatchObject({
      code: 'EPROTO',
      library: { code: name },
      alert: { level: 'fatal', name: alert, origin: 'local' },
    });
  });

  it('refuses a revoked certificate if it knows, and only then', async () => {
    const revoked = root.issue('server.example');
    const { port } = await serve(peer, revoked);
    const certRevocationLists = certRevocationListFromBuffer(root.revocationList([revoked]).pem);
    const informed = await client({ certRevocationLists });
    await expect(informed.connect('127.0.0.1', port)).rejects.toMatchObject({ library: { code: 'CERT_REVOKED' } });
    const ignorant = await client();
    await ignorant.connect('127.0.0.1', port);
  });

  it.each([
    ['127.0.0.1', true],
    ['127.0.0.2', false],
  ])('compares its address with %s in the certificate', async (address, accepted) => {
    const { port } = await serve(peer, root.issue('somebody', { names: [address] }));
    const socket = await stage.socket({ security: certificates(trustingRoot()) });
    const connecting = socket.connect('127.0.0.1', port);
    if (accepted) await connecting;
    else await expect(connecting).rejects.toMatchObject({ library: { code: 'IP_ADDRESS_MISMATCH' } });
  });

  it('hears that its own certificate was refused', async () => {
    const { port } = await serve(peer, root.issue('server.example'), { clientsOf: root });
    const socket = await client(showing(other.issue('device')), { dtlsHandshakeTimeouts: { min: 100, max: 400 } });
    await expect(socket.connect('127.0.0.1', port)).rejects.toMatchObject({
      code: 'EPROTO',
      alert: { level: 'fatal', origin: 'peer' },
    });
  });
});

describe('a client that speaks AES-128-CCM-8', () => {
  const CCM_8 = { ciphersuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8'] };
  const PERMISSIVE = ['-cipher', 'ALL:@SECLEVEL=0'];

  it('does so without lowering what it wants of certificates', async () => {
    const { port } = await serve(openssl, root.issue('server.example'), { flags: PERMISSIVE });
    const socket = await client({}, CCM_8);
    await socket.connect('127.0.0.1', port);
    expect(socket.info()).toMatchObject({ ciphersuite: { id: 0xc0ae } });
  });

  it.each<[string, () => { authority: Authority; identity: Identity }, string]>([
    [
      'an authority with an RSA key of 1024 bits',
      () => under(pki.authority('weak', { key: 'rsa1024' })),
      'CA_KEY_TOO_SMALL',
    ],
    ['a signature with SHA-1', () => under(root, { digest: 'sha1' }), 'CA_MD_TOO_WEAK'],
  ])('refuses %s', async (_what, make, verdict) => {
    const { authority, identity } = make();
    const { port } = await serve(openssl, identity, { flags: PERMISSIVE });
    const socket = await client({ trustedCerts: certificateChainFromBuffer(authority.certificate) }, CCM_8);
    await expect(socket.connect('127.0.0.1', port)).rejects.toMatchObject({ library: { code: verdict } });
  });

  it('refuses a server key of 1024 bits, and a handshake signed with SHA-1', async () => {
    const weak = await serve(openssl, root.issue('server.example', { key: 'rsa1024' }), { flags: PERMISSIVE });
    const socket = await client();
    await expect(socket.connect('127.0.0.1', weak.port)).rejects.toMatchObject({
      library: { code: 'EE_KEY_TOO_SMALL' },
    });
    const flags = [...PERMISSIVE, '-sigalgs', 'ECDSA+SHA1'];
    const old = await serve(openssl, root.issue('server.example'), { flags });
    const another = await client({}, { ...CCM_8, dtlsHandshakeTimeouts: { min: 100, max: 100 } });
    await expect(another.connect('127.0.0.1', old.port)).rejects.toMatchObject({
      alert: { name: 'handshake_failure' },
    });
  });
});

describe.each([
  ['openssl', openssl],
  ['gnutls', gnutls],
] as const)('a server for %s', (_name, peer) => {
  beforeEach((test) => needs(test, peer.client));

  it.each(['rsa', 'p256', 'p384'] as const)(
    'shakes hands where both show a certificate with a key of kind %s',
    async (key) => {
      const listener = await server(middle.issue('server.example', { key }), required());
      const own = middle.issue('device', { key });
      const child = keep(peer.startClient(listener.localPort(), root, 'server.example', own));
      const socket = keep(await listener.accept());
      await child.line(peer.connected);
      expect(subjects(socket)).toEqual(['CN=device', 'CN=middle']);
      child.write('ping\n');
      expect(Buffer.from((await socket.receive({ timeout: 5_000 }))!).toString()).toBe('ping\n');
    },
  );

  it.each<[string, () => Identity, RegExp]>([
    ['of another authority', () => other.issue('device'), /unknown ca|CA is unknown/i],
    ['that has expired', () => root.issue('device', { validity: 'expired' }), /certificate (is )?expired/i],
  ])('refuses a client certificate %s by alert', async (_what, make, heard) => {
    const listener = await server(root.issue('server.example'), required());
    const nobody = expect(listener.accept()).rejects.toMatchObject({ code: 'ECONNABORTED' });
    const child = keep(peer.startClient(listener.localPort(), root, 'server.example', make()));
    await child.line(heard);
    await listener.close();
    await nobody;
  });
});

function subjects(socket: Socket): string[] {
  return socket.info().peerCertificates!.map((der) => new X509Certificate(der).subject);
}

function trustingRoot(): CertificateOptions {
  return { trustedCerts: certificateChainFromBuffer(root.certificate), ignoreSystemTrustStore: true };
}

function showing({ chainFile, keyFile }: Identity): CertificateOptions {
  return { clientCert: certificateChainFromFile(chainFile), clientKey: privateKeyFromFile(keyFile) };
}

function required(): Partial<CertificateServerOptions> {
  return { clientAuthentication: 'required', trustedCerts: certificateChainFromBuffer(root.certificate) };
}

function under(authority: Authority, options: { digest?: 'sha1' } = {}): { authority: Authority; identity: Identity } {
  return { authority, identity: authority.issue('server.example', options) };
}

/** It trusts the root and calls its server server.example. */
function client(options: CertificateOptions = {}, rest: Partial<Configurations['dtls']> = {}): Promise<Socket> {
  const security = certificates({ ...trustingRoot(), ...options });
  return stage.socket({ security, serverNameIndication: 'server.example', ...rest });
}

function server({ chainFile, keyFile }: Identity, rules: Partial<CertificateServerOptions>): Promise<Socket> {
  const own = { serverCert: certificateChainFromFile(chainFile), serverKey: privateKeyFromFile(keyFile) };
  return stage.server({ security: certificateServer({ ...own, ...rules }) });
}

async function serve(peer: CertificatePeer, identity: Identity, rules: ServerRules = {}): Promise<PeerServer> {
  const started = await peer.startServer(identity, rules);
  keep(started.child);
  return started;
}
