/** The server role: cookies, many peers, reboot. */

import assert from 'node:assert/strict';
import { psk } from '@avs-net/credentials';
import type { ConformanceCase } from '../conformance-case.ts';
import { assertBytes, assertTalks, begun, message, rejects } from '../expectation.ts';
import { IDENTITY, KEY } from '../stage.ts';

export const SERVER: readonly ConformanceCase[] = [
  {
    id: 'server/several-peers',
    title: 'serves several peers over one socket and keeps them apart',
    role: 'server',
    async run(stage) {
      const listener = await stage.listen();
      listener.on('connection', (peer) => peer.on('message', (data) => void peer.send(data)));
      const clients = await Promise.all(
        Array.from({ length: 8 }, async () => {
          const client = await stage.client.createSocket('dtls', stage.clientConfiguration());
          await client.connect(stage.serverHost, listener.localPort());
          return client;
        }),
      );
      await Promise.all(clients.map((client, mark) => client.send(message(50, mark))));
      for (const [mark, client] of clients.entries()) assertBytes(await client.receive(), message(50, mark));
      await clients[0]!.close();
      await clients[1]!.send(message(9, 77));
      assertBytes(await clients[1]!.receive(), message(9, 77));
    },
  },
  {
    id: 'server/cookie',
    title: 'answers a first hello with a HelloVerifyRequest that is no larger, and adopts the verified one',
    role: 'server',
    async run(stage) {
      const pair = await stage.pair();
      const [hello, verify] = stage.network.log;
      assert.equal(verify!.data[0], 22, 'the first answer is a handshake record');
      assert.equal(verify!.data[13], 3, 'the first answer is a HelloVerifyRequest');
      assert.ok(verify!.data.length <= hello!.data.length, 'the answer is larger than the hello: amplification');
      await assertTalks(pair);
    },
  },
  {
    id: 'server/reboot',
    title: 'replaces an association when the same address completes a new handshake',
    role: 'server',
    async run(stage) {
      const listener = await stage.listen();
      const connect = async () => {
        const lower = await stage.client.createSocket('udp', {});
        await lower.bind(stage.clientHost, 40_000);
        await lower.connect(stage.serverHost, listener.localPort());
        return await stage.client.decorate('dtls', lower, stage.clientConfiguration());
      };
      const firstAccepted = begun(listener.accept());
      const first = await connect();
      await assertTalks({ client: first, peer: await firstAccepted });
      // The device loses its memory: nothing is said to the server.
      const silence = stage.network.rule(({ from }) => (from.host === stage.clientHost ? 'drop' : undefined));
      await first.dispose();
      silence();
      const secondAccepted = begun(listener.accept());
      const second = await connect();
      await assertTalks({ client: second, peer: await secondAccepted });
      await second.dispose();
    },
  },
  {
    id: 'server/spoofed-hello-changes-nothing',
    title: 'is not moved by a hello that somebody forges in the name of a peer',
    role: 'server',
    async run(stage) {
      const pair = await stage.pair();
      const hello = stage.network.log[0]!;
      for (let round = 0; round < 20; round += 1) {
        stage.network.inject({ from: hello.from, to: hello.to, data: hello.data });
      }
      await stage.pass(20);
      await assertTalks(pair);
    },
  },
  {
    id: 'server/serves-again',
    title: 'closes with its peers and serves again at the same address',
    role: 'server',
    async run(stage) {
      // A flight that is repeated to a closed port would be answered by ICMP, which is not what is tried here.
      const patient = { dtlsHandshakeTimeouts: { min: 1_000, max: 1_000 } };
      const { client, listener } = await stage.pair(stage.clientClaims.handshakeTimers ? { client: patient } : {});
      const port = listener.localPort();
      // What is repeated on a slow machine may meet a closed port, which is not what is asked here.
      stage.network.change({ unreachable: false });
      await listener.close();
      assert.equal(await client.receive(), null, 'the peer was not told');
      await listener.bind(stage.serverHost, port);
      await client.close();
      const accepted = begun(listener.accept());
      await client.connect(stage.serverHost, port);
      await assertTalks({ client, peer: await accepted });
    },
  },
  {
    id: 'server/one-of-many-fails',
    title: 'goes on serving others when one peer has the wrong key or sends junk',
    role: 'server',
    async run(stage) {
      const pair = await stage.pair();
      const wrong = await stage.client.createSocket(
        'dtls',
        stage.clientConfiguration({ security: psk({ identity: IDENTITY, key: KEY.map((byte) => byte ^ 1) }) }),
      );
      const failing = begun(wrong.connect(stage.serverHost, pair.listener.localPort()));
      const from = { host: stage.clientHost, port: 9 };
      const to = { host: stage.serverHost, port: pair.listener.localPort() };
      for (const length of [0, 1, 13, 60, 1_400]) stage.network.inject({ from, to, data: message(length, 22) });
      await assertTalks(pair);
      await rejects(failing, 'ETIMEDOUT', 'EPROTO');
      await assertTalks(pair);
    },
  },
];
