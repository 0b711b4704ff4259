/** Messages: boundaries, order, both ways of receiving. */

import assert from 'node:assert/strict';
import type { Socket } from '@avs-net/core';
import type { ConformanceCase } from '../conformance-case.ts';
import { assertBytes, assertTalks, message, rejects } from '../expectation.ts';
import type { Stage } from '../stage.ts';

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
  {
    id: 'datagram/both-ways-at-once',
    title: 'carries messages of both sides at the same time',
    role: 'client',
    async run(stage) {
      const { client, peer } = await stage.pair();
      for (let mark = 0; mark < 20; mark += 1) {
        await Promise.all([client.send(message(30, mark)), peer.send(message(31, mark))]);
      }
      for (let mark = 0; mark < 20; mark += 1) {
        assertBytes(await peer.receive(), message(30, mark));
        assertBytes(await client.receive(), message(31, mark));
      }
    },
  },
  ...(['client', 'server'] as const).flatMap((role): ConformanceCase[] => [
    {
      id: `datagram/${role}-doubled`,
      title: 'delivers a message once when its datagram comes twice',
      role,
      async run(stage) {
        const { listener, receives } = await oneWay(stage, role);
        const doubling = stage.network.rule(() => 'duplicate');
        assert.deepEqual(await receives([0, 1, 2, 3, 4]), [0, 1, 2, 3, 4]);
        doubling();
        await listener.dispose();
      },
    },
    {
      id: `datagram/${role}-reordered`,
      title: 'delivers messages in the order in which they arrive',
      role,
      async run(stage) {
        const { listener, receives } = await oneWay(stage, role);
        let count = 0;
        const swapping = stage.network.rule(() => (count++ % 2 === 0 ? 'swap' : 'pass'));
        assert.deepEqual(await receives([0, 1, 2, 3, 4, 5]), [1, 0, 3, 2, 5, 4]);
        swapping();
        await listener.dispose();
      },
    },
    {
      id: `datagram/${role}-long-loss`,
      title: 'hears again after 200 datagrams in a row were lost',
      role,
      async run(stage) {
        const { listener, receives } = await oneWay(stage, role);
        const losing = stage.network.rule(() => 'drop');
        assert.deepEqual(await receives(Array.from({ length: 200 }, (_, mark) => mark)), []);
        losing();
        assert.deepEqual(await receives([201, 202, 203]), [201, 202, 203]);
        await listener.dispose();
      },
    },
  ]),
];

/** A pair in which the backend under test only listens; `receives` sends messages by mark and tells which arrive. */
async function oneWay(
  stage: Stage,
  role: 'client' | 'server',
): Promise<{ readonly listener: Socket; receives(marks: readonly number[]): Promise<number[]> }> {
  const { client, peer, listener } = await stage.pair();
  const [hearing, speaking] = role === 'client' ? [client, peer] : [peer, client];
  const heard: number[] = [];
  hearing.on('message', (data) => heard.push(data[0]!));
  return {
    listener,
    async receives(marks) {
      for (const mark of marks) await speaking.send(message(40, mark));
      await stage.pass(20);
      return heard.splice(0);
    },
  };
}
