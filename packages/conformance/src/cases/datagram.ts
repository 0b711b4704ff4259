/** Messages: boundaries, order, both ways of receiving. */

import assert from 'node:assert/strict';
import type { ConformanceCase } from '../conformance-case.ts';
import { assertBytes, assertTalks, message, rejects } from '../expectation.ts';

export const DATAGRAM: readonly ConformanceCase[] = [
  {
    id: 'datagram/boundaries',
    title: 'keeps the boundaries and the order of messages',
    role: 'client',
    async run(stage) {
      const { client, peer } = await stage.pair();
      const sizes = [1, 2, 15, 16, 17, 255, 256, 1_000];
      for (const [mark, size] of sizes.entries()) await client.send(message(size, mark));
      for (const [mark, size] of sizes.entries()) assertBytes(await peer.receive(), message(size, mark));
      for (const [mark, size] of sizes.entries()) await peer.send(message(size, mark));
      for (const [mark, size] of sizes.entries()) assertBytes(await client.receive(), message(size, mark));
    },
  },
  {
    id: 'datagram/push',
    title: 'pushes messages to a listener, which may answer from inside',
    role: 'client',
    async run(stage) {
      const { client, peer } = await stage.pair();
      peer.on('message', (data) => void peer.send(data));
      const heard: Uint8Array[] = [];
      const all = new Promise<void>((resolve) => {
        client.on('message', (data) => {
          heard.push(data);
          if (heard.length === 20) resolve();
          else void client.send(message(10, heard.length));
        });
      });
      await client.send(message(10, 0));
      await all;
      for (const [mark, data] of heard.entries()) assertBytes(data, message(10, mark));
    },
  },
  {
    id: 'datagram/empty',
    title: 'refuses an empty message with EINVAL and stays usable',
    role: 'client',
    async run(stage) {
      const pair = await stage.pair();
      const before = stage.network.log.length;
      await rejects((async () => pair.client.send(new Uint8Array()))(), 'EINVAL');
      assert.equal(stage.network.log.length, before, 'an empty message left');
      await assertTalks(pair);
    },
  },
  {
    id: 'datagram/receive-timeout',
    title: 'times a receive out without losing what comes later',
    role: 'client',
    async run(stage) {
      const { client, peer } = await stage.pair();
      await rejects(client.receive({ timeout: 20 }), 'ETIMEDOUT');
      await peer.send(message(5, 9));
      assertBytes(await client.receive(), message(5, 9));
    },
  },
];
