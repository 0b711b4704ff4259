/** What only streams have: ends in order and cut ones, two directions that end by themselves, pieces, backpressure. */

import assert from 'node:assert/strict';
import type { Role, Version } from '@avs-net/core/plugin';
import { fixtureAuthority } from '../certificates/authority.ts';
import { asClient, asServer, NAMED } from '../certificates/configuration.ts';
import type { ConformanceCase } from '../conformance-case.ts';
import { assertBytes, assertTalks, begun, message, rejects } from '../expectation.ts';
import type { Pair } from '../stage.ts';
import { readBytes, sendWhileTaken } from '../stream-transfer.ts';

const TLS = { types: ['tls'] } as const;
const ROLES = ['client', 'server'] as const;

export const STREAM: readonly ConformanceCase[] = [
  ...ROLES.map(
    (role): ConformanceCase => ({
      ...TLS,
      id: `stream/${role}-half-close`,
      title: 'hears what the peer had to say after its own direction has ended, and sends no more',
      role,
      async run(stage) {
        const [own, other] = ends(await stage.pair(), role);
        await own.send(message(10, 1));
        await other.send(message(50_000, 2));
        await own.shutdown('write');
        await rejects((async () => own.send(message(1)))(), 'EPIPE', 'ENOTCONN');
        assertBytes(await readBytes(own, 50_000), message(50_000, 2));
        assertBytes(await readBytes(other, 10), message(10, 1));
        assert.equal(await other.receive(), null);
        assert.equal(await own.receive(), null);
      },
    }),
  ),
  ...ROLES.map(
    (role): ConformanceCase => ({
      ...TLS,
      id: `stream/${role}-truncated`,
      title: 'calls a stream that ends without close_notify a reset, behind what came before, and never an end',
      role,
      async run(stage) {
        const [own, other] = ends(await stage.pair(), role);
        await other.send(message(100, 3));
        assertBytes(await readBytes(own, 100), message(100, 3));
        stage.streams.cut();
        await rejects(own.receive(), 'ECONNRESET');
      },
    }),
  ),
  ...ROLES.map(
    (role): ConformanceCase => ({
      ...TLS,
      id: `stream/${role}-ends-in-order`,
      title: 'delivers what was sent right before the end, and then the end',
      role,
      async run(stage) {
        const [own, other] = ends(await stage.pair(), role);
        await other.send(message(50_000, 4));
        await other.close();
        assertBytes(await readBytes(own, 50_000), message(50_000, 4));
        assert.equal(await own.receive(), null);
      },
    }),
  ),
  {
    ...TLS,
    id: 'stream/cut-in-handshake',
    title: 'fails with ECONNRESET where the stream ends in the handshake',
    role: 'client',
    async run(stage) {
      const listener = await stage.listen();
      stage.streams.tamper((data, from) => (from.host === stage.serverHost ? undefined : data));
      const socket = await stage.client.createSocket(stage.type, stage.clientConfiguration());
      const connecting = begun(socket.connect(stage.serverHost, listener.localPort()));
      await stage.pass(10);
      stage.streams.cut();
      await rejects(connecting, 'ECONNRESET');
      assert.equal(socket.state, 'closed');
    },
  },
  ...ROLES.map(
    (role): ConformanceCase => ({
      ...TLS,
      id: `stream/${role}-large-message`,
      title: 'carries messages that need many records, whole and in order',
      role,
      async run(stage) {
        const [own, other] = ends(await stage.pair(), role);
        const messages = [16_384, 16_385, 100_000].map((size) => message(size, 7));
        for (const each of messages) await own.send(each);
        // A stream keeps no boundaries: a piece may end one message and begin the next.
        const whole = Buffer.concat(messages);
        assertBytes(await readBytes(other, whole.length), whole);
      },
    }),
  ),
  ...ROLES.map(
    (role): ConformanceCase => ({
      ...TLS,
      id: `stream/${role}-single-bytes`,
      title: 'shakes hands and talks over a stream that comes byte by byte',
      role,
      async run(stage) {
        stage.streams.chop(1);
        const [own, other] = ends(await stage.pair(), role);
        await other.send(message(300, 9));
        assertBytes(await readBytes(own, 300), message(300, 9));
      },
    }),
  ),
  ...ROLES.map(
    (role): ConformanceCase => ({
      ...TLS,
      id: `stream/${role}-backpressure`,
      title: 'makes the sender wait while the receiver does not read, and loses nothing',
      role,
      async run(stage) {
        const [own, other] = ends(await stage.pair(), role);
        const taken = await sendWhileTaken(stage, own, CHUNK, MOST_TAKEN / CHUNK);
        assert.ok(taken.stopped, `the sender took ${MOST_TAKEN} bytes that nobody read`);
        const received = await readBytes(other, taken.chunks * CHUNK);
        for (let chunk = 0; chunk < taken.chunks; chunk += 1) {
          assertBytes(received.subarray(chunk * CHUNK, (chunk + 1) * CHUNK), message(CHUNK, chunk & 0xff));
        }
        await taken.pending;
      },
    }),
  ),
  ...ROLES.map(
    (role): ConformanceCase => ({
      ...TLS,
      id: `stream/${role}-tampered`,
      title: 'delivers nothing of a record that was changed on its way, and ends with an alert',
      role,
      async run(stage) {
        const [own, other] = ends(await stage.pair(), role);
        stage.streams.tamper((data) => data.map((byte, index) => (index === data.length - 1 ? byte ^ 1 : byte)));
        await other.send(message(64, 5));
        const error = await rejects(own.receive(), 'EPROTO');
        const claims = role === 'client' ? stage.clientClaims : stage.serverClaims;
        if (claims.alerts === true) assert.deepEqual([error.alert?.level, error.alert?.origin], ['fatal', 'local']);
      },
    }),
  ),
  {
    ...TLS,
    id: 'stream/no-tls',
    title: 'fails where the peer does not speak TLS, in words',
    role: 'client',
    async run(stage) {
      const other = await stage.server.createSocket('tcp', {});
      await other.bind(stage.serverHost, 0);
      other.on('connection', (peer) => void peer.send(new TextEncoder().encode('220 ready\r\n')));
      const socket = await stage.client.createSocket(stage.type, stage.clientConfiguration());
      const error = await rejects(socket.connect(stage.serverHost, other.localPort()), 'EPROTO');
      assert.match(error.message, /TLS/);
    },
  },
  ...ROLES.map(
    (role): ConformanceCase => ({
      ...TLS,
      id: `stream/${role}-versions`,
      title: 'speaks every claimed version alone, and none that the peer does not speak',
      role,
      needs: ['certificate'],
      mutual: true,
      async run(stage) {
        const root = fixtureAuthority('root');
        const server = asServer(root.issue('server', NAMED));
        const both = (version: Version) => ({ version: { min: version, max: version } });
        const common = stage.clientClaims.versions.filter((version) => stage.serverClaims.versions.includes(version));
        assert.ok(common.length > 0, 'client and server have no version in common');
        for (const version of common) {
          const pair = await stage.pair({
            client: { ...asClient(root), ...(role === 'client' && both(version)) },
            server: { ...server, ...(role === 'server' && both(version)) },
          });
          assert.equal(pair.client.info().version, version);
          assert.equal(pair.peer.info().version, version);
          await assertTalks(pair);
        }
        const [oldest, newest] = [common[0]!, common.at(-1)!];
        if (oldest === newest) return;
        const listener = await stage.listen({ ...server, ...both(oldest) });
        begun(listener.accept());
        const configuration = stage.clientConfiguration({ ...asClient(root), ...both(newest) });
        const socket = await stage.client.createSocket(stage.type, configuration);
        const { alert } = await rejects(socket.connect(stage.serverHost, listener.localPort()), 'EPROTO');
        if (stage.clientClaims.alerts === true)
          assert.deepEqual([alert?.name, alert?.origin], ['protocol_version', 'peer']);
      },
    }),
  ),
  {
    ...TLS,
    id: 'stream/server-hears-name',
    title: 'tells which server name the client asked for',
    role: 'server',
    needs: ['certificate'],
    mutual: ['certificate', 'sni'],
    async run(stage) {
      const root = fixtureAuthority('root');
      const server = asServer(root.issue('server', NAMED));
      const pair = await stage.pair({ client: asClient(root), server });
      assert.equal(pair.peer.info().serverName, 'server.example');
    },
  },
  {
    ...TLS,
    id: 'stream/given-back',
    title: 'gives the lower stream back, open and usable, when the handshake is given up before anything came',
    role: 'client',
    needs: ['decorate'],
    async run(stage) {
      const other = await stage.server.createSocket('tcp', {});
      await other.bind(stage.serverHost, 0);
      const accepted = begun(other.accept());
      const lower = await stage.client.createSocket('tcp', {});
      await lower.connect(stage.serverHost, other.localPort());
      const peer = await accepted;
      const limits = { timeout: 20 };
      const decorating = stage.client.decorate('tls', lower, stage.clientConfiguration(), limits);
      await rejects(decorating, 'ETIMEDOUT');
      assert.equal(lower.state, 'connected');
      await peer.send(message(20, 8));
      assertBytes(await readBytes(lower, 20), message(20, 8));
    },
  },
];

type End = Pair['client'];

/** The backend under test and the other one. */
function ends({ client, peer }: Pair, role: Role): readonly [End, End] {
  return role === 'client' ? [client, peer] : [peer, client];
}

const CHUNK = 65_536;
/** Far beyond every buffer that may stand between two ends. */
const MOST_TAKEN = 256 * CHUNK;
