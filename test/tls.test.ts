/**
 * TLS through the public API over real tcp sockets on loopback: both ends ours.
 */

import { type Configurations, createNet, type Net, type Socket } from '@avs-net/core';
import {
  certificateChainFromBuffer,
  certificateServer,
  certificates,
  privateKeyFromBuffer,
  psk,
  pskServer,
} from '@avs-net/credentials';
import { tcp } from '@avs-net/tcp';
import { tlsNode } from '@avs-net/tls-node';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { needs } from './peers.ts';
import { type Authority, createPki, type Identity, type Pki } from './pki.ts';

let pki: Pki | undefined;
let root: Authority;
let server: Identity;
let net: Net;
beforeEach((test) => {
  needs(test, 'openssl');
  net = createNet({ plugins: [tcp, tlsNode] });
  if (pki !== undefined) return;
  pki = createPki();
  root = pki.authority('root');
  server = root.issue('localhost', { names: ['localhost', '127.0.0.1'] });
});
afterEach(() => net.close());
afterAll(() => pki?.[Symbol.dispose]());

const trustedCerts = () => certificateChainFromBuffer(root.certificate);
const serverSecurity = () =>
  certificateServer({
    serverCert: certificateChainFromBuffer(server.chain),
    serverKey: privateKeyFromBuffer(server.key),
  });

async function connected(client: Configurations['tls'], accepting: Configurations['tls']): Promise<[Socket, Socket]> {
  const listener = await net.createSocket('tcp');
  await listener.bind('127.0.0.1', 0);
  const peer = listener.accept().then((socket) => net.decorate('tls', socket, accepting));
  const socket = await net.createSocket('tls', client);
  await Promise.all([socket.connect('127.0.0.1', listener.localPort()), peer]);
  return [socket, await peer];
}

describe('tls', () => {
  it('with certificates', async () => {
    const security = certificates({ trustedCerts: trustedCerts(), ignoreSystemTrustStore: true });
    const [client, peer] = await connected({ security }, { security: serverSecurity() });
    await client.send(Buffer.from('ping'));
    expect(Buffer.from((await peer.receive())!).toString()).toBe('ping');
    await peer.send(Buffer.from('pong'));
    expect(Buffer.from((await client.receive())!).toString()).toBe('pong');
    await client.close();
    expect(await peer.receive()).toBeNull();
  });
  it('with psk', async () => {
    const key = Buffer.alloc(16, 7);
    const [client, peer] = await connected(
      { security: psk({ identity: 'dev', key }) },
      { security: pskServer({ identities: { dev: key } }) },
    );
    await client.send(Buffer.from('ping'));
    expect(Buffer.from((await peer.receive())!).toString()).toBe('ping');
    await peer.send(Buffer.from('pong'));
    expect(Buffer.from((await client.receive())!).toString()).toBe('pong');
    await peer.close();
    expect(await client.receive()).toBeNull();
  });
});
