/**
 * Associations that go on elsewhere: nothing leaves before the first message, the other side notices nothing, and
 * nobody sends what has left its association to somebody else.
 */

import assert from 'node:assert/strict';
import type { AssociationStore, SecureConfiguration } from '@avs-net/core/plugin';
import type { ConformanceCase } from '../conformance-case.ts';
import { assertTalks, rejects } from '../expectation.ts';

const ON_BOTH = { needs: ['continuation', 'connectionId'], mutual: true } as const;

export const CONTINUATION: readonly ConformanceCase[] = [
  {
    id: 'continuation/client',
    title: 'goes on as client from another socket without a packet, and the server follows',
    role: 'client',
    ...ON_BOTH,
    async run(stage) {
      const own = { connectionId: true, associations: keeping() };
      const pair = await stage.pair({ client: own, server: { connectionId: true } });
      await assertTalks(pair);
      const before = pair.client.info();
      await pair.client.exportAssociation('device', { final: true });
      await rejects(pair.client.send(Uint8Array.of(1)), 'EPIPE');
      await pair.client.dispose();
      const client = await stage.client.createSocket('dtls', stage.clientConfiguration(own));
      assert.equal(await client.continueAssociation('device'), client);
      assert.equal(client.getOption('bytesSent'), 0, 'nothing has to leave');
      assert.equal(client.getOption('sessionResumed'), true);
      assert.equal(client.getOption('connectionIdResumed'), true);
      await assertTalks({ client, peer: pair.peer });
      await assertTalks({ client, peer: pair.peer }, 200, 7);
      const { version, ciphersuite } = client.info();
      assert.deepEqual([version, ciphersuite], [before.version, before.ciphersuite]);
      assert.equal(pair.peer.state, 'accepted');
    },
  },
  {
    id: 'continuation/server',
    title: 'goes on as server from another socket, and the client notices nothing',
    role: 'server',
    ...ON_BOTH,
    async run(stage) {
      const own = { connectionId: true, associations: keeping() };
      const pair = await stage.pair({ client: { connectionId: true }, server: own });
      await assertTalks(pair);
      const { pskIdentity } = pair.peer.info();
      await pair.peer.exportAssociation('peer', { final: true });
      const port = pair.listener.localPort();
      await pair.listener.dispose();
      const listener = await stage.server.createSocket('dtls', stage.serverConfiguration(own));
      await listener.bind(stage.serverHost, port);
      const peer = await listener.continueAssociation('peer');
      assert.ok(peer !== undefined);
      assert.deepEqual(peer.info().pskIdentity, pskIdentity, 'whom it is with');
      await assertTalks({ client: pair.client, peer });
      await assertTalks({ client: pair.client, peer }, 200, 7);
    },
  },
  {
    id: 'continuation/numbers',
    title: 'sends no more than its successor was promised, until the store has answered',
    role: 'client',
    ...ON_BOTH,
    async run(stage) {
      const associations = { ...keeping(), reserve: 4 };
      const { store } = associations;
      let answer = (): void => {};
      let isSlow = false;
      const slow: AssociationStore = {
        ...store,
        async replace(...of) {
          if (isSlow) await new Promise<void>((resolve) => (answer = resolve));
          return store.replace(...of);
        },
      };
      const pair = await stage.pair({
        client: { connectionId: true, associations: { ...associations, store: slow } },
        server: { connectionId: true },
      });
      await pair.client.exportAssociation('device');
      isSlow = true;
      let sent = 0;
      const sending = Array.from({ length: 10 }, () => pair.client.send(Uint8Array.of(1)).then(() => (sent += 1)));
      await stage.pass(10);
      assert.ok(sent <= 4, `4 numbers were promised away, ${sent} messages were sent`);
      isSlow = false;
      answer();
      await Promise.all(sending);
      for (let count = 0; count < 10; count++) assert.ok(await pair.peer.receive());
    },
  },
];

/** A store for one process. */
function keeping(): NonNullable<SecureConfiguration['associations']> {
  const entries = new Map<string, Buffer>();
  const store: AssociationStore = {
    replace(id, expected, entry) {
      const there = entries.get(id);
      const is = (bytes: Uint8Array | undefined) =>
        there === undefined ? bytes === undefined : bytes && there.equals(bytes);
      if (!is(expected) && !is(entry)) return false;
      if (entry === undefined) entries.delete(id);
      else entries.set(id, Buffer.from(entry));
      return true;
    },
    take(id) {
      const entry = entries.get(id);
      entries.delete(id);
      return entry;
    },
  };
  return { store, keys: [new Uint8Array(32).fill(7)] };
}
