/**
 * Credentials by server name, and clients of both kinds on one port: through the public API and real sockets, against
 * the command lines of OpenSSL and GnuTLS, one by one and all at once.
 */

import type { SecureConfiguration, Socket } from '@avs-net/core';
import { pskServer, serverSecurity } from '@avs-net/credentials';
import { beforeEach, describe, expect, it } from 'vitest';
import { presenting } from '../packages/dtls-openssl/test/certificates.ts';
import { gnutls, openssl } from './certificate-peers.ts';
import type { Child } from './child.ts';
import { dtlsStage } from './openssl-dtls.ts';
import { needs, sClient } from './peers.ts';
import type { Authority, Identity } from './pki.ts';
import { pkiStage } from './pki-stage.ts';

const KEY = Buffer.from('sixteen bytes ok');
const HEX = KEY.toString('hex');

let root: Authority;
let identities: readonly Identity[];

const stage = dtlsStage();
const { keep } = stage;
pkiStage((pki) => {
  root = pki.authority('root');
  identities = ['server.example', 'one.example', 'two.example'].map((name) => root.issue(name, { key: 'p256' }));
});

describe.each([
  ['openssl', openssl],
  ['gnutls', gnutls],
] as const)('a client of %s', (_name, peer) => {
  beforeEach((test) => needs(test, peer.client));

  it('gets the certificate of the name that it asks for, from a table and from a function', async () => {
    const [, one, two] = identities.map((identity) => presenting(identity));
    const late = async (name: string) => (name === 'one.example' ? one : name === 'two.example' ? two : undefined);
    for (const names of [{ 'one.example': one!, 'TWO.example': two! }, late]) {
      const { port, server } = await serve({ server: { names } });
      for (const name of ['one.example', 'two.example'])
        await keep(peer.startClient(port, root, name)).line(peer.connected);
      const refused = keep(peer.startClient(port, root, 'three.example'));
      await refused.line(/unrecognized[_ ]name|name (sent )?was not recognized/i);
      expect(server.stats()).toMatchObject({ handshakesFinished: 2, 'failed.unrecognized_name': expect.any(Number) });
    }
  });

  it('is served together with clients that have keys and clients that have certificates', async (test) => {
    needs(test, 'gnutls-cli');
    const { port, server, peers } = await serve(
      { server: { names: { '*.example': presenting(identities[1]!) } } },
      true,
    );
    const clients = [1, 2, 3].flatMap((number) => [
      keep(peer.startClient(port, root, 'one.example')).line(peer.connected),
      keep(withKey(port, `device-${number}`)).line(/^hello/),
    ]);
    await Promise.all(clients);
    const kinds = peers.map(({ pskIdentity, serverName }) => [pskIdentity !== undefined, serverName]);
    expect(kinds.sort()).toEqual([...Array(3).fill([false, 'one.example']), ...Array(3).fill([true, 'two.example'])]);
    expect(server.stats()).toMatchObject({ handshakesFinished: 6, handshakesFailed: 0 });
  });
});

describe('a client that sends an address as its server name', () => {
  it('is taken for one that sends none', async () => {
    const { port } = await serve({ server: { names: { 'one.example': presenting(identities[1]!) } } });
    const checks = ['-CAfile', root.certificateFile, '-verify_return_error', '-verify_hostname', 'server.example'];
    await keep(sClient(port, '-dtls1_2', '-servername', '127.0.0.1', ...checks)).line(openssl.connected);
  });
});

describe('a client that offers a key and certificates', () => {
  it.each([
    ['a key', [0xc0a8, 0xc02b], /Cipher is PSK-AES128-CCM8/],
    ['a certificate', [0xc02b, 0xc0a8], /Cipher is ECDHE-ECDSA-AES128-GCM-SHA256/],
  ])('is served with %s where that is what the server would rather have', async (_what, ciphersuites, expected) => {
    const { port } = await serve({ ciphersuites }, true);
    const suites = 'ECDHE-ECDSA-AES128-GCM-SHA256:PSK-AES128-CCM8:@SECLEVEL=0';
    const own = ['-psk_identity', 'device-1', '-psk', HEX, '-CAfile', root.certificateFile];
    await keep(sClient(port, '-dtls1_2', ...own, '-cipher', suites)).line(expected);
  });
});

function withKey(port: number, identity: string): Child {
  const own = ['-psk_identity', identity, '-psk', HEX, '-cipher', 'PSK-AES128-CCM8:@SECLEVEL=0'];
  const child = sClient(port, '-dtls1_2', '-quiet', '-servername', 'two.example', ...own);
  child.write('hello\n');
  return child;
}

/** It sends back what it gets, and knows who came. */
async function serve(
  more: Partial<SecureConfiguration>,
  keys: boolean = false,
): Promise<{ server: Socket; port: number; peers: ReturnType<Socket['info']>[] }> {
  const certificate = presenting(identities[0]!);
  const lookup = async (identity: Uint8Array) => (/^device-/.test(Buffer.from(identity).toString()) ? KEY : undefined);
  const security = keys ? serverSecurity({ psk: pskServer({ lookup }), certificate }) : certificate;
  const server = await stage.socket({ security, ...more });
  const peers: ReturnType<Socket['info']>[] = [];
  server.on('connection', (peer) => {
    peers.push(peer.info());
    peer.on('message', (data) => void peer.send(data));
    peer.on('end', () => void peer.dispose());
  });
  await server.bind('127.0.0.1', 0);
  return { server, port: server.localPort(), peers };
}
