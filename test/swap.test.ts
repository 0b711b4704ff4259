/**
 * One small application on every backend: what changes from run to run is a word of configuration.
 */

import { createNet, type Net, useFromEnvironment } from '@avs-net/core';
import { psk, pskServer } from '@avs-net/credentials';
import { describe, expect, it } from 'vitest';
import { clients, plugins, servers } from './backends.ts';

const identity = 'urn:dev:os:0023C7-000001';
const key = new TextEncoder().encode('correct horse battery staple');

/** The application. It names no backend. */
async function ask(net: Net, host: string, port: number, question: string): Promise<string> {
  const socket = await net.createSocket('dtls', { security: psk({ identity, key }) });
  try {
    await socket.connect(host, port);
    await socket.send(new TextEncoder().encode(question));
    return new TextDecoder().decode((await socket.receive({ timeout: 10_000 })) ?? new Uint8Array());
  } finally {
    await socket.dispose();
  }
}

/** An echo server on a free port. */
async function echo(net: Net): Promise<{ host: string; port: number }> {
  const server = await net.createSocket('dtls', { security: pskServer({ identities: new Map([[identity, key]]) }) });
  await server.bind('127.0.0.1', 0);
  server.on('connection', (peer) => peer.on('message', (data) => void peer.send(data)));
  return { host: server.localHost(), port: server.localPort() };
}

describe('swapping backends by configuration', () => {
  describe.each(servers.map(({ name }) => name))('server %s', (server) => {
    it.each(clients.map(({ name }) => name))('client %s', async (client) => {
      const serverNet = createNet({ plugins, use: { dtls: server } });
      const net = createNet({ plugins, use: useFromEnvironment({ dtls: 'none' }, { AVS_NET_USE: `dtls=${client}` }) });
      try {
        const { host, port } = await echo(serverNet);
        expect(await ask(net, host, port, 'who is there?')).toBe('who is there?');
        expect(net.decisions.find(({ type }) => type === 'dtls')?.chosen).toBe(client);
      } finally {
        await net.close();
        await serverNet.close();
      }
    });
  });
});
