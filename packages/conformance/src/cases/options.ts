/** The option matrix, in every state (reference: avs_net's own option tests, improved: settable from creation on). */

import assert from 'node:assert/strict';
import { type OptionKey, OPTIONS as TABLE } from '@avs-net/core/plugin';
import type { ConformanceCase } from '../conformance-case.ts';
import { message, rejects } from '../expectation.ts';

export const OPTIONS: readonly ConformanceCase[] = [
  {
    id: 'options/readable',
    title: 'answers every readable option in every state, or refuses it by a named claim',
    role: 'client',
    async run(stage) {
      const { client } = await stage.pair();
      for (const key of KEYS.filter((one) => TABLE[one].readable))
        await answers(() => client.getOption(key), key, 'connected');
      await client.close();
      for (const key of ALWAYS) await answers(() => client.getOption(key), key, 'closed');
      assert.equal(client.getOption('state'), 'closed');
      assert.equal(client.getOption('addrFamily'), 'unspec');
      assert.equal(client.getOption('sessionResumed'), false);
    },
  },
  {
    id: 'options/read-only',
    title: 'refuses to set what is only readable, and to read what is only writable',
    role: 'client',
    async run(stage) {
      const { client } = await stage.pair();
      for (const key of KEYS) {
        if (!TABLE[key].writable) await rejects((async () => client.setOption(key, 1 as never))(), 'EINVAL', 'ENOTSUP');
        if (!TABLE[key].readable) await rejects((async () => client.getOption(key))(), 'EINVAL', 'ENOTSUP');
      }
      await rejects((async () => client.getOption('noSuchOption' as OptionKey))(), 'EINVAL');
    },
  },
  {
    id: 'options/from-creation',
    title: 'answers what it knows from creation on, and on a socket that listens',
    role: 'client',
    async run(stage) {
      const socket = await stage.client.createSocket('dtls', stage.clientConfiguration());
      for (const key of ALWAYS) await answers(() => socket.getOption(key), key, 'created');
      assert.equal(socket.getOption('state'), 'closed');
      assert.equal(socket.getOption('bytesSent'), 0);
      assert.equal(socket.getOption('hasBufferedData'), false);
      socket.setOption('recvTimeout', 77);
      assert.equal(socket.getOption('recvTimeout'), 77);
      const listener = await stage.listen();
      for (const key of ALWAYS) await answers(() => listener.getOption(key), key, 'listening');
      assert.equal(listener.getOption('addrFamily'), 'inet4');
    },
  },
  {
    id: 'options/values',
    title: 'refuses values that an option cannot have, and keeps the old one',
    role: 'client',
    async run(stage) {
      const { client } = await stage.pair();
      const before = client.getOption('recvTimeout');
      for (const wrong of [-1, Number.NaN, '30' as never]) {
        await rejects((async () => client.setOption('recvTimeout', wrong))(), 'EINVAL');
      }
      assert.equal(client.getOption('recvTimeout'), before);
      const timers = { min: 0, max: -1 };
      await rejects((async () => client.setOption('dtlsHandshakeTimeouts', timers))(), 'EINVAL', 'ENOTSUP');
    },
  },
  {
    id: 'options/has-buffered-data',
    title: 'tells whether a message waits to be received',
    role: 'client',
    async run(stage) {
      const { client, peer } = await stage.pair();
      assert.equal(client.getOption('hasBufferedData'), false);
      await peer.send(message(5));
      await stage.pass(20);
      assert.equal(client.getOption('hasBufferedData'), true);
      await client.receive();
      assert.equal(client.getOption('hasBufferedData'), false);
    },
  },
  {
    id: 'options/recv-timeout',
    title: 'keeps recvTimeout over close and obeys it',
    role: 'client',
    async run(stage) {
      const { client, listener } = await stage.pair();
      client.setOption('recvTimeout', 15);
      await client.close();
      await client.connect(stage.serverHost, listener.localPort());
      assert.equal(client.getOption('recvTimeout'), 15);
      await rejects(client.receive(), 'ETIMEDOUT');
    },
  },
  {
    id: 'options/bytes',
    title: 'counts the bytes of the wire, monotonic over close',
    role: 'client',
    async run(stage) {
      const { client } = await stage.pair();
      const wire = stage.network.log.filter(({ from }) => from.host === stage.clientHost);
      assert.equal(
        client.getOption('bytesSent'),
        wire.reduce((sum, { data }) => sum + data.length, 0),
      );
      const received = client.getOption('bytesReceived');
      assert.ok(received > 0);
      await client.close();
      assert.ok(client.getOption('bytesSent') > 0);
      assert.equal(client.getOption('bytesReceived'), received);
    },
  },
  {
    id: 'options/handshake-timeouts',
    title: 'takes dtlsHandshakeTimeouts on a live socket and resends the first flight by them',
    role: 'client',
    needs: ['handshakeTimers'],
    async run(stage) {
      const { min, max } = { min: 40, max: 80 };
      const socket = await stage.client.createSocket('dtls', stage.clientConfiguration());
      socket.setOption('dtlsHandshakeTimeouts', { min, max });
      stage.network.rule(() => 'drop');
      await rejects(socket.connect(stage.serverHost, 5684), 'ETIMEDOUT');
      const times = stage.network.log.map(({ at }) => at);
      assert.equal(times.length, 2, 'min 40, max 80: the flight goes out twice');
      // Real time says when a machine was busy, not what a backend did: there the number of flights tells.
      if (stage.isVirtual) assert.equal(times[1]! - times[0]!, min);
    },
  },
];

async function answers(read: () => unknown, key: OptionKey, state: string): Promise<void> {
  try {
    assert.notEqual(read(), undefined, `${key} is undefined when ${state}`);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    // The path MTU is known to few transports; everything else must be refused by a claim.
    assert.ok(code === 'ENOTSUP' || key === 'mtu', `${key} when ${state}: ${message}`);
  }
}

const KEYS = Object.keys(TABLE) as OptionKey[];
const ALWAYS: readonly OptionKey[] = [
  'recvTimeout',
  'state',
  'addrFamily',
  'sessionResumed',
  'bytesSent',
  'bytesReceived',
  'hasBufferedData',
  'connectionIdResumed',
];
