/**
 * Sessions that are resumed, and those that must not be: of another identity, key or name, damaged, foreign or
 * forgotten. Also what else comes of a handshake: an application protocol, exported keys.
 */

import assert from 'node:assert/strict';
import type { SessionStore } from '@avs-net/core/plugin';
import { psk, pskServer } from '@avs-net/credentials';
import { BOTH_TYPES, type ConformanceCase } from '../conformance-case.ts';
import { assertTalks, begun, rejects } from '../expectation.ts';
import { assertFull, careless, DAMAGES } from '../resumption.ts';
import { IDENTITY, KEY, type Pair, type PairInit, type Stage } from '../stage.ts';

const ON_BOTH = { needs: ['resumption'], mutual: true } as const;

export const SESSIONS: readonly ConformanceCase[] = [
  {
    id: 'sessions/outlives-socket',
    title: 'resumes out of a store after the socket that filled it was disposed',
    role: 'client',
    ...ON_BOTH,
    async run(stage) {
      const session = new Map<string, Uint8Array>();
      const pair = await twice(stage, { session }, { session });
      assert.equal(pair.client.info().resumed, true, 'the client');
      assert.equal(pair.peer.info().resumed, true, 'the server');
      await assertTalks(pair);
    },
  },
  {
    id: 'sessions/none-without-store',
    title: 'resumes nothing where no store is configured',
    role: 'client',
    ...ON_BOTH,
    run: async (stage) => assertFull(await twice(stage, {}, {})),
  },
  {
    id: 'sessions/other-identity',
    title: 'never resumes the session of another identity, whatever the store gives',
    role: 'client',
    ...ON_BOTH,
    async run(stage) {
      const session = careless();
      const pair = await twice(stage, { session }, { session, security: psk({ identity: OTHER, key: KEY }) });
      await assertFull(pair);
      assert.equal(Buffer.from(pair.peer.info().pskIdentity!).toString(), OTHER);
    },
  },
  {
    id: 'sessions/other-key',
    title: 'never resumes a session that an identity began with another key',
    role: 'client',
    ...ON_BOTH,
    async run(stage) {
      const session = careless();
      const listener = await stage.listen({ security: { mode: 'psk', lookup: () => key } });
      let key: Uint8Array = KEY;
      await (await stage.meet(listener, { session })).client.dispose();
      key = NEW_KEY;
      const security = psk({ identity: IDENTITY, key: NEW_KEY });
      await assertFull(await stage.meet(listener, { session, security }));
    },
  },
  {
    id: 'sessions/other-name',
    title: 'never resumes the session of another server name',
    role: 'client',
    needs: ['resumption', 'sni'],
    async run(stage) {
      const session = careless();
      const named = (serverNameIndication: string) => ({ session, serverNameIndication });
      await assertFull(await twice(stage, named('one.example'), named('two.example')));
    },
  },
  {
    id: 'sessions/damaged',
    title: 'shakes hands in full where the store gives back something else',
    role: 'client',
    ...ON_BOTH,
    async run(stage) {
      const listener = await stage.listen();
      let damage = (same: Uint8Array): unknown => same;
      const kept = new Map<string, Uint8Array>();
      const session = {
        get: (key: string) => damage(kept.get(key) ?? new Uint8Array(64)),
        set: (key: string, value: Uint8Array) => kept.set(key, value),
        delete: (key: string) => kept.delete(key),
      } as SessionStore;
      await (await stage.meet(listener, { session })).client.dispose();
      for (const change of DAMAGES) {
        damage = change;
        const pair = await stage.meet(listener, { session });
        await assertFull(pair);
        await pair.client.dispose();
      }
    },
  },
  {
    id: 'sessions/failing-store',
    types: BOTH_TYPES,
    title: 'connects although its store fails',
    role: 'client',
    needs: ['resumption'],
    async run(stage) {
      const fail = (): never => {
        throw new Error('no space left');
      };
      const session: SessionStore = { get: fail, set: fail, delete: fail };
      await assertFull(await stage.pair({ client: { session } }));
    },
  },
  {
    id: 'sessions/server-knows-who',
    title: 'tells of a resumed peer who it is',
    role: 'server',
    ...ON_BOTH,
    async run(stage) {
      const session = new Map<string, Uint8Array>();
      const { peer } = await twice(stage, { session }, { session });
      assert.equal(peer.info().resumed, true);
      assert.equal(Buffer.from(peer.info().pskIdentity ?? []).toString(), IDENTITY);
    },
  },
  {
    id: 'sessions/server-forgets',
    title: 'resumes nobody whose identity is not known any more',
    role: 'server',
    ...ON_BOTH,
    async run(stage) {
      const session = new Map<string, Uint8Array>();
      let key: Uint8Array | undefined = KEY;
      const listener = await stage.listen({ security: { mode: 'psk', lookup: () => key } });
      await (await stage.meet(listener, { session })).client.dispose();
      key = undefined;
      begun(listener.accept());
      const socket = await stage.client.createSocket(stage.type, stage.clientConfiguration({ session }));
      await rejects(socket.connect(stage.serverHost, listener.localPort()), 'ETIMEDOUT', 'EPROTO');
    },
  },
  {
    id: 'sessions/ticket-keys',
    title: 'resumes what another server with the same ticket keys began, and nothing of other keys',
    role: 'server',
    ...ON_BOTH,
    async run(stage) {
      const session = new Map<string, Uint8Array>();
      const connect = async (...ticketKeys: readonly Uint8Array[]): Promise<boolean | undefined> => {
        const listener = await stage.listen({ server: { ticketKeys } });
        const { client, peer } = await stage.meet(listener, { session });
        const { resumed } = peer.info();
        await client.dispose();
        await listener.dispose();
        return resumed;
      };
      const [one, two, three] = [1, 2, 3].map((fill) => new Uint8Array(32).fill(fill)) as [
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ];
      const resumed = [await connect(one), await connect(two, one), await connect(two), await connect(three)];
      assert.deepEqual(resumed, [false, true, true, false]);
    },
  },
  {
    id: 'sessions/alpn-mismatch',
    types: BOTH_TYPES,
    title: 'refuses a client with which it has no application protocol in common',
    role: 'server',
    needs: ['alpn'],
    mutual: true,
    async run(stage) {
      const listener = await stage.listen({ alpn: ['coap'] });
      begun(listener.accept());
      const socket = await stage.client.createSocket(stage.type, stage.clientConfiguration({ alpn: ['other'] }));
      const { alert } = await rejects(socket.connect(stage.serverHost, listener.localPort()), 'EPROTO');
      if (stage.clientClaims.alerts === true) assert.equal(alert?.name, 'no_application_protocol');
    },
  },
  {
    id: 'sessions/exporter',
    types: BOTH_TYPES,
    title: 'exports keying material that both ends derive alike, and nobody else',
    role: 'client',
    needs: ['exporter'],
    mutual: true,
    async run(stage) {
      const [pair, other] = [await stage.pair(), await stage.pair()];
      const hex = (socket: Pair['client'], label: string, context?: Uint8Array): string =>
        Buffer.from(socket.exportKeyingMaterial(label, 32, context)).toString('hex');
      const context = new Uint8Array(4);
      const material = hex(pair.client, 'EXPERIMENTAL one', context);
      assert.equal(hex(pair.peer, 'EXPERIMENTAL one', context), material, 'the two ends disagree');
      for (const different of [
        hex(pair.client, 'EXPERIMENTAL two', context),
        hex(pair.client, 'EXPERIMENTAL one'),
        hex(other.client, 'EXPERIMENTAL one', context),
      ]) {
        assert.notEqual(different, material);
      }
    },
  },
];

type Client = NonNullable<PairInit['client']>;

/** Connects with `first`, disposes that socket, and connects to the same server with `second`. */
async function twice(stage: Stage, first: Client, second: Client): Promise<Pair> {
  const identities = new Map([IDENTITY, OTHER].map((identity) => [identity, KEY]));
  const listener = await stage.listen({ security: pskServer({ identities }) });
  await (await stage.meet(listener, first)).client.dispose();
  return stage.meet(listener, second);
}

const OTHER = 'conformance-other';
const NEW_KEY = new Uint8Array(16).fill(0xe7);
