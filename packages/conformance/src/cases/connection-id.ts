/**
 * Connection ids (RFC 9146): who puts which id on what, and when a peer is believed to have moved. Addresses are
 * changed by the network, as a NAT does it, and forged by it, as anybody does it.
 */

import assert from 'node:assert/strict';
import type { Address } from '@avs-net/core/plugin';
import type { ConformanceCase } from '../conformance-case.ts';
import { assertBytes, assertTalks, message } from '../expectation.ts';
import type { Datagram } from '../network/datagram.ts';
import type { Pair, Stage } from '../stage.ts';

export const CONNECTION_ID: readonly ConformanceCase[] = [
  {
    id: 'ids/lengths',
    title: 'puts the id of the receiver on every protected record, and none on others, for lengths of either side',
    role: 'client',
    needs: ['connectionId'],
    mutual: true,
    async run(stage) {
      for (const [own, peer] of LENGTHS) {
        const before = stage.network.log.length;
        const pair = await withIds(stage, own, peer);
        await assertTalks(pair);
        const [ofClient, ofPeer] = [pair.client, pair.peer].map((socket) => socket.info().connectionId);
        assert.deepEqual([ofClient?.own.length, ofClient?.peer.length], [own, peer]);
        assertBytes(ofPeer!.own, ofClient!.peer);
        assertBytes(ofPeer!.peer, ofClient!.own);
        for (const { data, from } of stage.network.log.slice(before)) {
          checkRecords(data, from.host === stage.clientHost ? ofClient!.peer : ofClient!.own);
        }
        await pair.client.dispose();
        await pair.listener.dispose();
      }
    },
  },
  ...(['client', 'server'] as const).map(
    (role): ConformanceCase => ({
      id: `ids/${role}-refused`,
      title: 'does without ids where the other side does not want any',
      role,
      needs: ['connectionId'],
      async run(stage) {
        const pair = await stage.pair({ [role]: { connectionId: { length: 4 } } });
        assert.equal(pair.client.info().connectionId, undefined);
        assert.equal(pair.peer.info().connectionId, undefined);
        await assertTalks(pair);
        assert.ok(stage.network.log.every(({ data }) => data[0] !== TLS12_CID));
      },
    }),
  ),
  {
    id: 'ids/inner-mtu',
    title: 'counts the id in the largest message',
    role: 'client',
    needs: ['connectionId', 'innerMtu'],
    mutual: ['connectionId'],
    async run(stage) {
      const pair = await withIds(stage, 0, 20);
      const most = pair.client.getOption('innerMtu');
      await pair.client.send(message(most));
      assertBytes(await pair.peer.receive(SOON), message(most));
      assert.equal(Math.max(...stage.network.log.map(({ data }) => data.length)), 1_500 - 28);
    },
  },
  {
    id: 'ids/server-follows',
    title: 'follows a client whose address changes, and says so before it delivers what came from there',
    role: 'server',
    needs: ['connectionId'],
    mutual: true,
    async run(stage) {
      const pair = await withIds(stage, 0, 8);
      await assertTalks(pair);
      const moves: string[] = [];
      pair.peer.on('peerMoved', (from, to) => moves.push(`${from.port}>${to.port} ${pair.peer.remotePort()}`));
      for (let round = 0; round < 3; round += 1) {
        const before = pair.peer.remotePort();
        const { port } = stage.network.move(addressOf(stage, pair));
        await pair.client.send(message(20, round));
        assertBytes(await pair.peer.receive(SOON), message(20, round));
        assert.equal(moves.at(-1), `${before}>${port} ${port}`);
        await pair.peer.send(message(21, round));
        assertBytes(await pair.client.receive(SOON), message(21, round));
      }
      assert.equal(moves.length, 3);
    },
  },
  {
    id: 'ids/forged-record',
    title: 'believes no forged record that its peer has moved',
    role: 'server',
    needs: ['connectionId'],
    mutual: true,
    async run(stage) {
      const pair = await withIds(stage, 0, 8);
      await assertTalks(pair);
      const { data, to } = lastOf(stage, pair);
      for (const at of [data.length - 1, 10, 30]) {
        const forged = data.slice();
        // The number is one that has not come: what is left to refuse it is its protection.
        forged[10]! += 1;
        forged[at]! ^= 0x40;
        stage.network.inject({ from: ELSEWHERE, to, data: forged });
      }
      await assertStays(stage, pair);
    },
  },
  {
    id: 'ids/old-record',
    title: 'believes no old record that its peer has moved, though it may be delivered',
    role: 'server',
    needs: ['connectionId'],
    mutual: true,
    async run(stage) {
      const pair = await withIds(stage, 0, 8);
      await assertTalks(pair);
      const held: Datagram[] = [];
      const hold = stage.network.rule((datagram) => {
        if (datagram.from.host !== stage.clientHost) return undefined;
        held.push(datagram);
        return 'drop';
      });
      await pair.client.send(message(30, 7));
      await stage.pass(1);
      hold();
      await assertTalks(pair, 31, 8);
      const repeated = lastOf(stage, pair);
      // One that has come, and one that has been overtaken.
      stage.network.inject({ from: ELSEWHERE, to: repeated.to, data: repeated.data });
      stage.network.inject({ from: ELSEWHERE, to: repeated.to, data: held[0]!.data });
      assertBytes(await pair.peer.receive(SOON), message(30, 7));
      await assertStays(stage, pair);
    },
  },
  {
    id: 'ids/reboot',
    title: 'replaces an association with an id when its address completes a new handshake',
    role: 'server',
    needs: ['connectionId'],
    mutual: true,
    async run(stage) {
      const listener = await stage.listen({ connectionId: true });
      const connect = async (): Promise<Pair> => {
        const lower = await stage.client.createSocket('udp', {});
        await lower.bind(stage.clientHost, 40_000);
        await lower.connect(stage.serverHost, listener.localPort());
        const accepting = listener.accept();
        accepting.catch(() => {});
        const configuration = stage.clientConfiguration({ connectionId: true });
        const client = await stage.client.decorate('dtls', lower, configuration);
        return { client, peer: await accepting, listener };
      };
      const first = await connect();
      await assertTalks(first);
      const silence = stage.network.rule(({ from }) => (from.host === stage.clientHost ? 'drop' : undefined));
      await first.client.dispose();
      await stage.pass(1);
      silence();
      const second = await connect();
      await assertTalks(second);
      assert.equal(await first.peer.receive(SOON), null, 'the old association has ended');
    },
  },
];

function withIds(stage: Stage, own: number, peer: number): Promise<Pair> {
  return stage.pair({ client: { connectionId: { length: own } }, server: { connectionId: { length: peer } } });
}

/** Where the client is, as the server sees it. */
function addressOf(stage: Stage, { peer }: Pair): Address {
  return { host: stage.clientHost, port: peer.remotePort() };
}

/** The latest datagram of the client. */
function lastOf(stage: Stage, pair: Pair): Datagram {
  const { port } = addressOf(stage, pair);
  return stage.network.log.filter(({ from }) => from.host === stage.clientHost && from.port === port).at(-1)!;
}

/** What the server sends goes to its client, and not where somebody else has sent from. */
async function assertStays(stage: Stage, pair: Pair): Promise<void> {
  await stage.pass(5);
  assert.deepEqual([pair.peer.remoteHost(), pair.peer.remotePort() !== ELSEWHERE.port], [stage.clientHost, true]);
  await pair.peer.send(message(40, 3));
  assertBytes(await pair.client.receive(SOON), message(40, 3));
  assert.ok(stage.network.log.every(({ to }) => to.host !== ELSEWHERE.host));
  await assertTalks(pair, 41, 4);
}

/** Every record of a datagram to somebody who gave `id`. */
function checkRecords(data: Uint8Array, id: Uint8Array): void {
  const bytes = Buffer.from(data);
  for (let at = 0; at < bytes.length; ) {
    const isProtected = bytes.readUInt16BE(at + 3) > 0;
    const bears = bytes[at] === TLS12_CID;
    assert.equal(
      bears,
      isProtected && id.length > 0,
      `a record of type ${bytes[at]} to one with ${id.length} bytes of id`,
    );
    const lengthAt = at + ID_AT + (bears ? id.length : 0);
    if (bears) assertBytes(bytes.subarray(at + ID_AT, lengthAt), id);
    at = lengthAt + 2 + bytes.readUInt16BE(lengthAt);
  }
}

const LENGTHS: readonly (readonly [own: number, peer: number])[] = [
  [0, 8],
  [5, 0],
  [1, 20],
  [20, 3],
];
const ELSEWHERE: Address = { host: '203.0.113.9', port: 9_999 };
/** What does not come on a network without loss never comes. */
const SOON = { timeout: 5_000 } as const;
const TLS12_CID = 25;
const ID_AT = 11;
