/** Every backend as client of servers that nobody here wrote, over real loopback sockets. */

import { createNet, type Socket } from '@avs-net/core';
import { psk } from '@avs-net/credentials';
import { describe, expect, it } from 'vitest';
import { clients, plugins } from './backends.ts';
import { IDENTITY, KEY, PSK_PEERS, type PskPeerServer } from './psk-peers.ts';

describe.each(clients.map(({ name, claims }) => [name, claims.client!.ciphersuites] as const))(
  '%s as client',
  (client, suites) => {
    const peers = PSK_PEERS.filter(({ ciphersuite }) => ciphersuite === undefined || suites.includes(ciphersuite));

    describe.each(peers.map((peer) => [peer.name, peer] as const))('of %s', (_, peer) => {
      it('talks, and comes again', async (context) => {
        peer.needed(context);
        await using net = createNet({ plugins, use: { dtls: client } });
        const socket = await net.createSocket('dtls', { security: psk({ identity: IDENTITY, key: KEY }) });
        await using first = await peer.start();
        await talks(socket, first, 10);
        await using second = peer.servesOnce ? await peer.start() : undefined;
        await talks(socket, second ?? first, 20);
      });

      it('does not connect with a wrong key, and says so', async (context) => {
        peer.needed(context);
        await using server = await peer.start();
        await using net = createNet({ plugins, use: { dtls: client } });
        const socket = await net.createSocket('dtls', {
          security: psk({ identity: IDENTITY, key: KEY.map((byte) => byte ^ 1) }),
          dtlsHandshakeTimeouts: { min: 50, max: 200 },
        });
        const connecting = socket.connect('127.0.0.1', server.port);
        await expect(connecting).rejects.toMatchObject({
          code: expect.stringMatching(/^(ETIMEDOUT|EPROTO)$/),
          message: expect.stringMatching(/key|identity/),
        });
      });
    });
  },
);

async function talks(socket: Socket, server: PskPeerServer, from: number): Promise<void> {
  await socket.connect('127.0.0.1', server.port, { timeout: 10_000 });
  expect(socket.info()).toMatchObject({ version: 'DTLSv1.2', ciphersuite: { name: expect.stringMatching(/PSK/) } });
  for (let number = from; number < from + 5; number++) await server.talk(socket, number);
  await socket.close();
}
