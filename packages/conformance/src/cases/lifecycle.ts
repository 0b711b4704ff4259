/** States, closing and reopening, and that nothing outlives a socket. */

import assert from 'node:assert/strict';
import { BOTH_TYPES, type ConformanceCase } from '../conformance-case.ts';
import { assertTalks, begun, message, rejects } from '../expectation.ts';

export const LIFECYCLE: readonly ConformanceCase[] = [
  {
    id: 'lifecycle/states',
    types: BOTH_TYPES,
    title: 'goes from closed to connected and back, and connects again',
    role: 'client',
    async run(stage) {
      const { client, peer, listener } = await stage.pair();
      assert.equal(client.state, 'connected');
      assert.equal(peer.state, 'accepted');
      await client.close();
      assert.equal(client.state, 'closed');
      const again = begun(listener.accept());
      await client.connect(stage.serverHost, listener.localPort());
      assert.equal(client.state, 'connected');
      await assertTalks({ client, peer: await again });
    },
  },
  {
    id: 'lifecycle/connect-twice',
    types: BOTH_TYPES,
    title: 'refuses a second connect with EISCONN and stays connected',
    role: 'client',
    async run(stage) {
      const pair = await stage.pair();
      await rejects(pair.client.connect(stage.serverHost, pair.listener.localPort()), 'EISCONN');
      await assertTalks(pair);
    },
  },
  {
    id: 'lifecycle/close-twice',
    types: BOTH_TYPES,
    title: 'closes and disposes twice without harm, and is EBADF afterwards',
    role: 'client',
    async run(stage) {
      const { client, listener } = await stage.pair();
      await Promise.all([client.close(), client.close()]);
      await client.close();
      await client.dispose();
      await client.dispose();
      await rejects(client.connect(stage.serverHost, listener.localPort()), 'EBADF');
    },
  },
  {
    id: 'lifecycle/send-before-connect',
    types: BOTH_TYPES,
    title: 'refuses to send before it is connected, and nothing leaves',
    role: 'client',
    async run(stage) {
      const socket = await stage.client.createSocket(stage.type, stage.clientConfiguration());
      await rejects((async () => socket.send(message(1)))(), 'ENOTCONN', 'EBADF');
      assert.deepEqual(stage.log, [], 'a datagram left a closed socket');
    },
  },
  {
    id: 'lifecycle/shutdown',
    types: BOTH_TYPES,
    title: 'ends a receive at once after its own shutdown, and tells the peer',
    role: 'client',
    async run(stage) {
      const { client, peer } = await stage.pair();
      const waiting = begun(client.receive());
      await client.shutdown();
      assert.equal(client.state, 'shutdown');
      assert.equal(await waiting, null);
      assert.equal(await client.receive(), null);
      assert.equal(await peer.receive(), null, 'the peer was not told (close_notify)');
    },
  },
  {
    id: 'lifecycle/peer-closes',
    types: BOTH_TYPES,
    title: 'reports the end when the peer closes',
    role: 'client',
    async run(stage) {
      const { client, peer } = await stage.pair();
      await peer.close();
      assert.equal(await client.receive(), null);
    },
  },
  {
    id: 'lifecycle/close-while-connecting',
    title: 'gives up a connect that is closed underneath it',
    role: 'client',
    async run(stage) {
      const socket = await stage.client.createSocket(stage.type, stage.clientConfiguration());
      stage.network.rule(() => 'drop');
      const connecting = begun(socket.connect(stage.serverHost, 5684));
      await stage.pass(10);
      await socket.close();
      await rejects(connecting, 'ECONNABORTED');
      assert.equal(socket.state, 'closed');
    },
  },
  {
    id: 'lifecycle/abort',
    title: 'gives up a connect whose signal is aborted, and can connect afterwards',
    role: 'client',
    async run(stage) {
      const listener = await stage.listen();
      const socket = await stage.client.createSocket(stage.type, stage.clientConfiguration());
      const open = stage.network.rule(() => 'drop');
      const controller = new AbortController();
      const connecting = begun(socket.connect(stage.serverHost, listener.localPort(), { signal: controller.signal }));
      await stage.pass(10);
      controller.abort(new Error('enough'));
      const error = await rejects(connecting, 'ECONNABORTED');
      assert.equal(error.name, 'AbortError');
      assert.equal(socket.state, 'closed');
      open();
      const accepted = begun(listener.accept());
      await socket.connect(stage.serverHost, listener.localPort());
      await assertTalks({ client: socket, peer: await accepted });
    },
  },
  {
    id: 'lifecycle/no-leftovers',
    title: 'leaves no timer behind when it is closed in the middle of a handshake or after it',
    role: 'client',
    async run(stage) {
      const { client, peer, listener } = await stage.pair();
      await client.dispose();
      await peer.dispose();
      await listener.dispose();
      const socket = await stage.client.createSocket(stage.type, stage.clientConfiguration());
      stage.network.rule(() => 'drop');
      const connecting = begun(socket.connect(stage.serverHost, 5684));
      await stage.pass(10);
      await socket.dispose();
      await connecting.catch(() => {});
      assert.equal(stage.timers(), 0, 'a timer survived its socket');
    },
  },
  {
    id: 'lifecycle/silence-after-close',
    types: BOTH_TYPES,
    title: 'delivers nothing after close',
    role: 'client',
    async run(stage) {
      const { client, peer } = await stage.pair();
      const heard: Uint8Array[] = [];
      client.on('message', (data) => heard.push(data));
      await peer.send(message(8));
      await client.close();
      await peer.send(message(8)).catch(() => {});
      await stage.pass(50);
      assert.equal(heard.length, 0);
    },
  },
];
