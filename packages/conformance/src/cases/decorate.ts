/** Running over a socket that is already there, and whose it is afterwards. */

import assert from 'node:assert/strict';
import { psk } from '@avs-net/credentials';
import { BOTH_TYPES, type ConformanceCase } from '../conformance-case.ts';
import { assertTalks, begun, rejects } from '../expectation.ts';
import { IDENTITY, KEY } from '../stage.ts';

export const DECORATE: readonly ConformanceCase[] = [
  {
    id: 'decorate/connected',
    types: BOTH_TYPES,
    title: 'handshakes as client over a connected socket and adopts it',
    role: 'client',
    needs: ['decorate'],
    async run(stage) {
      const listener = await stage.listen();
      const lower = await stage.client.createSocket(stage.lowerType, {});
      await lower.connect(stage.serverHost, listener.localPort());
      const accepted = begun(listener.accept());
      const client = await stage.client.decorate(stage.type, lower, stage.clientConfiguration());
      assert.equal(client.state, 'connected');
      await assertTalks({ client, peer: await accepted });
      await rejects((async () => lower.send(Uint8Array.of(1)))(), 'EBUSY');
      await rejects((async () => lower.receive())(), 'EBUSY');
      await rejects(lower.close(), 'EBUSY');
      await client.close();
      assert.equal(lower.state, 'closed');
    },
  },
  {
    id: 'decorate/failure-gives-back',
    title: 'gives the lower socket back, open and with its unread data, when the handshake fails',
    role: 'client',
    needs: ['decorate'],
    async run(stage) {
      const other = await stage.server.createSocket(stage.lowerType, {});
      await other.bind(stage.serverHost, 0);
      const lower = await stage.client.createSocket(stage.lowerType, {});
      await lower.connect(stage.serverHost, other.localPort());
      const controller = new AbortController();
      const decorating = begun(
        stage.client.decorate(stage.type, lower, stage.clientConfiguration(), {
          signal: controller.signal,
        }),
      );
      await stage.pass(10);
      controller.abort();
      await rejects(decorating, 'ECONNABORTED');
      assert.equal(lower.state, 'connected');
      await other.sendTo(Uint8Array.of(42), lower.localHost(), lower.localPort());
      assert.deepEqual(Uint8Array.from((await lower.receive())!), Uint8Array.of(42));
      await lower.dispose();
      await other.dispose();
    },
  },
  {
    id: 'decorate/closed',
    types: BOTH_TYPES,
    title: 'connects later through a closed socket that it decorates',
    role: 'client',
    needs: ['decorate'],
    async run(stage) {
      const listener = await stage.listen();
      const lower = await stage.client.createSocket(stage.lowerType, {});
      const client = await stage.client.decorate(stage.type, lower, stage.clientConfiguration());
      assert.equal(client.state, 'closed');
      const accepted = begun(listener.accept());
      await client.connect(stage.serverHost, listener.localPort());
      assert.equal(lower.state, 'connected');
      await assertTalks({ client, peer: await accepted });
      await client.dispose();
    },
  },
  {
    id: 'decorate/accepted',
    types: BOTH_TYPES,
    title: 'handshakes as server over an accepted socket',
    role: 'server',
    needs: ['decorate'],
    async run(stage) {
      const gateway = await stage.server.createSocket(stage.lowerType, {});
      await gateway.bind(stage.serverHost, 0);
      const accepted = begun(gateway.accept());
      const client = await stage.client.createSocket(
        stage.type,
        stage.clientConfiguration({ security: psk({ identity: IDENTITY, key: KEY }) }),
      );
      const connecting = begun(client.connect(stage.serverHost, gateway.localPort()));
      const peer = await stage.server.decorate(stage.type, await accepted, stage.serverConfiguration());
      await connecting;
      assert.equal(peer.state, 'accepted');
      await assertTalks({ client, peer });
      await peer.dispose();
      await client.dispose();
      await gateway.dispose();
    },
  },
];
