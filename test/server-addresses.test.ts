/**
 * Servers on loopback that are called by their address and nothing else, on every backend that has certificates: what
 * a program does that knows no name of its server.
 */

import { createNet, type Net, type Socket } from '@avs-net/core';
import {
  certificateChainFromBuffer,
  certificateServer,
  certificates,
  privateKeyFromBuffer,
} from '@avs-net/credentials';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { tcp } from '@avs-net/tcp';
import { tlsNode } from '@avs-net/tls-node';
import { udp } from '@avs-net/udp';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { needs } from './peers.ts';
import { type Authority, createPki, type Identity, type Pki } from './pki.ts';

let pki: Pki | undefined;
let root: Authority;
beforeEach((test) => {
  needs(test, 'openssl');
  if (pki !== undefined) return;
  pki = createPki();
  root = pki.authority('root');
});
afterAll(() => pki?.[Symbol.dispose]());

describe.each([
  ['dtls', [udp, dtlsOpenssl]],
  ['tls', [tcp, tlsNode]],
] as const)('a client of %s', (type, plugins) => {
  /** The client's socket, connected to `host` by whatever the certificate of its server bears. */
  async function connect(net: Net, host: string, identity: Identity): Promise<Socket> {
    const own = {
      serverCert: certificateChainFromBuffer(identity.chain),
      serverKey: privateKeyFromBuffer(identity.key),
    };
    const server = await net.createSocket(type, { security: certificateServer(own) });
    await server.bind(host, 0);
    server.on('connection', (peer) => peer.on('message', (data) => void peer.send(data)));
    const trusted = { trustedCerts: certificateChainFromBuffer(root.certificate), ignoreSystemTrustStore: true };
    const client = await net.createSocket(type, { security: certificates(trusted) });
    await client.connect(host, server.localPort());
    return client;
  }

  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    ['0:0:0:0:0:0:0:1', '::1'],
  ])('talks to the server at %s whose certificate bears %s', async (host, borne) => {
    const net = createNet({ plugins });
    try {
      const client = await connect(net, host, root.issue('device', { names: ['a.example', borne] }));
      await client.send(Buffer.from('hello'));
      expect(Buffer.from((await client.receive({ timeout: 10_000 }))!).toString()).toBe('hello');
    } finally {
      await net.close();
    }
  });

  it.each([
    ['127.0.0.1', ['::1', '127.0.0.2']],
    ['::1', ['::2', '127.0.0.1', 'a.example']],
    ['::1', ['::ffff:0:1']],
  ])('refuses the server at %s whose certificate bears %j', async (host, borne) => {
    const net = createNet({ plugins });
    try {
      await expect(connect(net, host, root.issue(host, { names: borne }))).rejects.toMatchObject({
        code: 'EPROTO',
        alert: { level: 'fatal', name: 'bad_certificate', origin: 'local' },
        message: expect.stringMatching(/certificate of the server was refused.*serverNameIndication/),
      });
    } finally {
      await net.close();
    }
  });
});
