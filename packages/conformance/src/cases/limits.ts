/** Sizes: the inner MTU, messages, identities, keys and timers. */

import assert from 'node:assert/strict';
import { findCiphersuite } from '@avs-net/core/plugin';
import { psk, pskServer } from '@avs-net/credentials';
import type { ConformanceCase } from '../conformance-case.ts';
import { assertBytes, assertTalks, message, rejects } from '../expectation.ts';
import { IDENTITY, KEY, type Stage } from '../stage.ts';

export const LIMITS: readonly ConformanceCase[] = [
  {
    id: 'limits/inner-mtu-fits',
    title: 'fits a message of innerMtu bytes into one datagram of the path, and refuses one more byte with EMSGSIZE',
    role: 'client',
    async run(stage) {
      const { client, peer } = await stage.pair();
      const limit = client.getOption('innerMtu');
      assert.ok(limit > 0);
      await client.send(message(limit));
      assertBytes(await peer.receive(), message(limit));
      const before = stage.network.log.length;
      const error = await rejects((async () => client.send(message(limit + 1)))(), 'EMSGSIZE');
      assert.match(error.message, new RegExp(String(limit)), 'the message must name the limit');
      assert.equal(stage.network.log.length, before, 'something left before the refusal');
    },
  },
  {
    id: 'limits/inner-mtu-exact',
    title: 'reports the largest payload that fits: for AEAD suites its datagram fills the path',
    role: 'client',
    needs: ['innerMtu'],
    async run(stage) {
      const { client } = await stage.pair();
      const suite = findCiphersuite(client.info().ciphersuite?.id ?? 0);
      await client.send(message(client.getOption('innerMtu')));
      const wire = stage.network.log.at(-1)!.data.length;
      assert.ok(wire <= PATH);
      if (suite?.protection.kind === 'aead') assert.equal(wire, PATH);
    },
  },
  {
    id: 'limits/message',
    title: 'carries its largest message over a path that is wide enough, and refuses what no peer could take',
    role: 'client',
    async run(stage) {
      stage.network.change({ mtu: 65_535 });
      const { client, peer } = await stage.pair();
      const { message: most = LARGEST_FRAGMENT } = stage.plugin.claims.limits ?? {};
      assert.ok(most <= LARGEST_FRAGMENT, 'a DTLS record carries 2^14 bytes and a message is one record');
      const limit = Math.min(most, stage.peer.claims.limits?.message ?? LARGEST_FRAGMENT);
      await client.send(message(limit));
      assertBytes(await peer.receive(), message(limit));
      const before = stage.network.log.length;
      await rejects((async () => client.send(message(most + 1)))(), 'EMSGSIZE');
      assert.equal(stage.network.log.length, before, 'something left before the refusal');
    },
  },
  {
    id: 'limits/inner-mtu-narrow-path',
    title: 'follows a narrow path: the handshake and the largest message fit it',
    role: 'client',
    async run(stage) {
      stage.network.change({ mtu: 576 });
      const { client, peer } = await stage.pair();
      const limit = client.getOption('innerMtu');
      assert.ok(limit > 0 && limit <= 576 - 28, `inner MTU ${limit} on a path of 576 bytes`);
      await client.send(message(limit));
      assertBytes(await peer.receive(), message(limit));
    },
  },
  {
    id: 'limits/psk-identity',
    title: 'takes identities up to its limit, one with every byte value, and refuses what is beyond at creation',
    role: 'client',
    async run(stage) {
      const { pskIdentity, identityNul } = stage.plugin.claims.limits ?? {};
      const bytes = Uint8Array.from({ length: 127 }, (_, index) => 255 - index);
      await talksAs(stage, bytes);
      assert.ok((pskIdentity ?? 128) >= 127, 'at least 127 bytes of identity must be possible');
      if (pskIdentity !== undefined) await refusedAs(stage, new Uint8Array(pskIdentity + 1).fill(65));
      if (identityNul === true) await talksAs(stage, Uint8Array.of(65, 0, 66));
      else await refusedAs(stage, Uint8Array.of(65, 0, 66));
    },
  },
  {
    id: 'limits/psk-key',
    title: 'takes keys up to its limit and refuses an empty one',
    role: 'client',
    async run(stage) {
      const { pskKey } = stage.plugin.claims.limits ?? {};
      await talksAs(stage, new TextEncoder().encode('long-key'), message(64, 3));
      await rejects((async () => refusedKey(stage, new Uint8Array()))(), 'EINVAL');
      if (pskKey !== undefined) await rejects(refusedKey(stage, message(pskKey + 1, 1)), 'EINVAL');
      assert.ok((pskKey ?? 64) >= 64, 'at least 64 bytes of key must be possible');
    },
  },
  {
    id: 'limits/timers',
    title: 'refuses handshake timers that it cannot keep',
    role: 'client',
    needs: ['handshakeTimers'],
    async run(stage) {
      const { timerMin, timerWaits } = stage.plugin.claims.limits ?? {};
      const refused = (min: number, max: number): Promise<unknown> =>
        rejects(
          stage.client.createSocket('dtls', stage.clientConfiguration({ dtlsHandshakeTimeouts: { min, max } })),
          'EINVAL',
        );
      await refused(2_000, 1_000);
      await refused(-1, 1_000);
      if (timerMin !== undefined && timerMin > 1) await refused(timerMin - 1, 1_000);
      if (timerWaits !== undefined) await refused(timerMin ?? 1, (timerMin ?? 1) * 2 ** (timerWaits + 2));
    },
  },
];

async function talksAs(stage: Stage, identity: Uint8Array, key: Uint8Array = KEY): Promise<void> {
  const known = (asked: Uint8Array): Uint8Array | undefined => (Buffer.from(asked).equals(identity) ? key : undefined);
  const pair = await stage.pair({
    client: { security: psk({ identity, key }) },
    server: { security: pskServer({ lookup: known }) },
  });
  await assertTalks(pair);
  await pair.client.dispose();
  await pair.listener.dispose();
}

async function refusedAs(stage: Stage, identity: Uint8Array): Promise<void> {
  const created = (async () =>
    stage.client.createSocket('dtls', stage.clientConfiguration({ security: psk({ identity, key: KEY }) })))();
  await rejects(created, 'EINVAL');
}

async function refusedKey(stage: Stage, key: Uint8Array): Promise<unknown> {
  return await stage.client.createSocket(
    'dtls',
    stage.clientConfiguration({ security: psk({ identity: IDENTITY, key }) }),
  );
}

/** RFC 6347 §4.1. */
const LARGEST_FRAGMENT = 2 ** 14;
/** What the network of a stage carries over IPv4. */
const PATH = 1500 - 28;
