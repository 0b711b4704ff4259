/**
 * Sessions of TLS clients, by id or ticket: resumed, and never for another credential, trust or name. Whoever plays the
 * server has to give out sessions; it need not be able to share them.
 */

import assert from 'node:assert/strict';
import type { SecureConfiguration, SessionStore, Version } from '@avs-net/core/plugin';
import { type Fixture, type FixtureAuthority, fixtureAuthority } from '../certificates/authority.ts';
import { asClient, asServer, shows, trusting } from '../certificates/configuration.ts';
import type { ConformanceCase } from '../conformance-case.ts';
import { assertTalks, rejects } from '../expectation.ts';
import { assertFull, careless, DAMAGES } from '../resumption.ts';
import type { Pair, Stage } from '../stage.ts';

const CLIENT = {
  types: ['tls'],
  role: 'client',
  needs: ['resumption', 'certificate'],
  mutual: ['certificate'],
} as const;

export const TICKETS: readonly ConformanceCase[] = [
  {
    ...CLIENT,
    id: 'tickets/every-version',
    title: 'resumes in every claimed version, over sockets, and says so',
    async run(stage) {
      const world = worldOf();
      const common = stage.clientClaims.versions.filter((version) => stage.serverClaims.versions.includes(version));
      for (const version of common) {
        const session = new Map<string, Uint8Array>();
        const listener = await stage.listen(world.server);
        await filled(stage, listener, { ...world.client, session, ...only(version) });
        const pair = await stage.meet(listener, { ...world.client, session, ...only(version) });
        assert.deepEqual([pair.client.info().version, pair.client.info().resumed], [version, true]);
        assert.equal(pair.client.getOption('sessionResumed'), true);
        await assertTalks(pair);
      }
    },
  },
  {
    ...CLIENT,
    id: 'tickets/none-without-store',
    title: 'resumes nothing where no store is configured',
    async run(stage) {
      const { server, client } = worldOf();
      const listener = await stage.listen(server);
      await filled(stage, listener, client);
      await assertFull(await stage.meet(listener, client));
    },
  },
  {
    ...CLIENT,
    id: 'tickets/other-credential',
    title: 'never resumes the session of another certificate or trust, whatever the store gives',
    async run(stage) {
      const { root, server, client } = worldOf();
      const listener = await stage.listen(server);
      const session = careless();
      await filled(stage, listener, { ...client, session });
      const own = asClient(root, shows(root.issue('device')));
      await assertFull(await stage.meet(listener, { ...own, session }));
      // Who does not trust the authority of the server shall not get past it by a session of who does.
      const stranger = { ...client, security: trusting(fixtureAuthority('another')), session };
      const socket = await stage.client.createSocket(stage.type, stage.clientConfiguration(stranger));
      await rejects(socket.connect(stage.serverHost, listener.localPort()), 'EPROTO');
    },
  },
  {
    ...CLIENT,
    id: 'tickets/other-name',
    title: 'never resumes the session of another server name or address, whatever the store gives',
    async run(stage) {
      const { client, server } = worldOf();
      const listener = await stage.listen(server);
      // A TLS library may itself refuse a session of another host name, as newer nodes do. An address is not sent (RFC
      // 6066 §3), so that a library need not even know it.
      for (const [name, other] of NAMES) {
        const session = careless();
        await filled(stage, listener, { ...client, serverNameIndication: name, session });
        const wrong = { ...client, serverNameIndication: other, session };
        const socket = await stage.client.createSocket(stage.type, stage.clientConfiguration(wrong));
        await rejects(socket.connect(stage.serverHost, listener.localPort()), 'EPROTO');
      }
    },
  },
  {
    ...CLIENT,
    id: 'tickets/damaged',
    title: 'shakes hands in full where the store gives back something else',
    async run(stage) {
      const { client, server } = worldOf();
      const listener = await stage.listen(server);
      const kept = new Map<string, Uint8Array>();
      await filled(stage, listener, { ...client, session: kept });
      for (const damage of DAMAGES) {
        const session = {
          get: (key: string) => damage(kept.get(key) ?? new Uint8Array(64)),
          set: () => {},
          delete: () => {},
        } as SessionStore;
        const pair = await stage.meet(listener, { ...client, session });
        await assertFull(pair);
        await pair.client.dispose();
      }
    },
  },
];

type Client = Partial<SecureConfiguration>;

interface World {
  readonly root: FixtureAuthority;
  readonly client: Client;
  readonly server: Client;
}

function worldOf(): World {
  const root = fixtureAuthority('root');
  const server: Fixture = root.issue('server', { names: ['server.example'], addresses: ['192.0.2.7'] });
  return { root, client: asClient(root), server: asServer(server) };
}

function only(version: Version): Client {
  return { version: { min: version, max: version } };
}

/** Meets, talks, so that a ticket that follows the handshake has come, and goes. */
async function filled(stage: Stage, listener: Pair['listener'], configuration: Client): Promise<void> {
  const pair = await stage.meet(listener, configuration);
  await assertFull(pair);
  await pair.client.dispose();
}

/** Of the server, and of somebody else. */
const NAMES = [
  ['server.example', 'other.example'],
  ['192.0.2.7', '192.0.2.8'],
] as const;
