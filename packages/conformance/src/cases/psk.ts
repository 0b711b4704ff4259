/** PSK and its negative twins. */

import assert from 'node:assert/strict';
import { psk, pskServer } from '@avs-net/credentials';
import { bareServer } from '../bare-server.ts';
import { BOTH_TYPES, type ConformanceCase } from '../conformance-case.ts';
import { assertBytes, assertTalks, begun, message, rejects } from '../expectation.ts';
import { IDENTITY, KEY, type Stage } from '../stage.ts';

export const PSK: readonly ConformanceCase[] = [
  {
    id: 'psk/connects',
    types: BOTH_TYPES,
    title: 'connects with the right key, and the server knows who came',
    role: 'client',
    async run(stage) {
      const pair = await stage.pair();
      await assertTalks(pair);
      assert.equal(new TextDecoder().decode(pair.peer.info().pskIdentity), IDENTITY);
    },
  },
  {
    id: 'psk/wrong-key',
    types: BOTH_TYPES,
    title: 'never connects with a wrong key, and says what is likely',
    role: 'client',
    run: (stage) => failsWith(stage, psk({ identity: IDENTITY, key: KEY.map((byte) => byte ^ 1) })),
  },
  {
    id: 'psk/wrong-identity',
    types: BOTH_TYPES,
    title: 'never connects under an unknown identity, and says what is likely',
    role: 'client',
    run: (stage) => failsWith(stage, psk({ identity: 'somebody else', key: KEY })),
  },
  {
    id: 'psk/server-refuses-wrong-key',
    types: BOTH_TYPES,
    title: 'accepts nobody who has the wrong key',
    role: 'server',
    run: (stage) => failsWith(stage, psk({ identity: IDENTITY, key: KEY.map((byte) => byte ^ 1) })),
  },
  {
    id: 'psk/server-conceals-unknown-identity',
    types: BOTH_TYPES,
    title: 'lets an unknown identity see what a wrong key sees',
    role: 'server',
    async run(stage) {
      await failsWith(stage, psk({ identity: IDENTITY, key: KEY.map((byte) => byte ^ 1) }));
      const wrongKey = answersOf(stage, 0);
      const before = stage.log.length;
      await failsWith(stage, psk({ identity: 'somebody else', key: KEY }));
      const unknown = answersOf(stage, before);
      assert.deepEqual(unknown, wrongKey, 'the two failures can be told apart on the wire');
    },
  },
  {
    id: 'psk/unknown-identity-alert',
    types: BOTH_TYPES,
    title: 'reports unknown_psk_identity as data when the server is configured to say so',
    role: 'client',
    needs: ['alerts'],
    async run(stage) {
      const lookup = (): undefined => undefined;
      const listener = await stage.listen({ security: pskServer({ lookup, unknownIdentity: 'alert' }) });
      listener.on('connection', () => {});
      const socket = await stage.client.createSocket(stage.type, stage.clientConfiguration());
      const error = await rejects(socket.connect(stage.serverHost, listener.localPort()), 'EPROTO');
      assert.equal(error.alert?.name, 'unknown_psk_identity');
      assert.equal(error.alert?.origin, 'peer');
    },
  },
  {
    id: 'psk/certificate-only-server',
    title: 'fails against a server that knows no PSK, with its alert',
    role: 'client',
    async run(stage) {
      // What such a server says: handshake_failure, in plaintext, to the first hello.
      const server = stage.network.lower({ local: { host: stage.serverHost, port: 5684 } });
      server.start({
        receive: (_, from) => server.sendTo(HANDSHAKE_FAILURE, from!),
        end: () => {},
        softError: () => {},
        failed: () => {},
      });
      const socket = await stage.client.createSocket(stage.type, stage.clientConfiguration());
      const error = await rejects(socket.connect(stage.serverHost, 5684), 'EPROTO', 'ETIMEDOUT');
      if (stage.clientClaims.alerts === true) assert.equal(error.alert?.description, 40, error.message);
      server.close();
    },
  },
  {
    id: 'psk/plaintext-peer',
    title: 'never takes plaintext for an authenticated peer',
    role: 'client',
    async run(stage) {
      const server = stage.network.lower({ local: { host: stage.serverHost, port: 5684 } });
      server.start({
        receive: (_, from) => {
          for (let number = 0; number < 4; number += 1) server.sendTo(plaintext(number), from!);
        },
        end: () => {},
        softError: () => {},
        failed: () => {},
      });
      const socket = await stage.client.createSocket(stage.type, stage.clientConfiguration());
      await rejects(socket.connect(stage.serverHost, 5684), 'EPROTO', 'ETIMEDOUT');
      assert.notEqual(socket.state, 'connected');
      server.close();
    },
  },
  {
    id: 'psk/server-without-cookie',
    title: 'connects to a server that answers the first hello without a HelloVerifyRequest',
    role: 'client',
    async run(stage) {
      const server = await bareServer(stage, { host: stage.serverHost, port: 5684 });
      const client = await stage.client.createSocket(stage.type, stage.clientConfiguration());
      await client.connect(stage.serverHost, 5684);
      await client.send(message(20, 5));
      assertBytes(await client.receive(), message(20, 5));
      const first = stage.log.find(({ from }) => from.host === stage.serverHost)!;
      assert.notEqual(first.data[13], 3, 'the server sent a HelloVerifyRequest after all');
      server.close();
    },
  },
  {
    id: 'psk/async-lookup',
    types: BOTH_TYPES,
    title: 'waits for a look-up while others go on',
    role: 'server',
    needs: ['asyncLookup'],
    async run(stage) {
      let open = (): void => {};
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      const listener = await stage.listen({
        security: pskServer({
          lookup: async (identity: Uint8Array) => {
            if (new TextDecoder().decode(identity) === 'slow') await gate;
            return KEY;
          },
        }),
      });
      const connect = async (identity: string) => {
        const socket = await stage.client.createSocket(
          stage.type,
          stage.clientConfiguration({ security: psk({ identity, key: KEY }) }),
        );
        await socket.connect(stage.serverHost, listener.localPort());
        return socket;
      };
      const firstAccepted = begun(listener.accept());
      const slow = begun(connect('slow'));
      await stage.pass(5);
      await connect('fast');
      const first = await firstAccepted;
      assert.equal(new TextDecoder().decode(first.info().pskIdentity), 'fast');
      open();
      await slow;
      const second = await listener.accept();
      assert.equal(new TextDecoder().decode(second.info().pskIdentity), 'slow');
    },
  },
];

/** A handshake with `security` must fail by its timers or by an alert, in words, and never be accepted. */
async function failsWith(stage: Stage, security: ReturnType<typeof psk>): Promise<void> {
  const listener = await stage.listen();
  let accepted = 0;
  listener.on('connection', () => {
    accepted += 1;
  });
  const socket = await stage.client.createSocket(stage.type, stage.clientConfiguration({ security }));
  const error = await rejects(socket.connect(stage.serverHost, listener.localPort()), 'ETIMEDOUT', 'EPROTO');
  assert.match(error.message, /key|identity/i, 'the message must say that key or identity may be wrong');
  assert.equal(accepted, 0, 'the server accepted somebody who does not have the key');
  await socket.dispose();
  await listener.dispose();
}

/** Record types and lengths of what the server sent, without numbers and random bytes. */
function answersOf(stage: Stage, since: number): string[] {
  const sent = stage.log.slice(since).filter(({ from }) => from.host === stage.serverHost);
  return [...new Set(sent.map(({ data }) => `${data[0]}:${data.length}`))];
}

/** Record header of DTLS 1.2: type, version, epoch 0, number 0, length. */
const HANDSHAKE_FAILURE = Uint8Array.of(21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40);

function plaintext(number: number): Uint8Array {
  const text = new TextEncoder().encode('forged');
  return Uint8Array.of(23, 0xfe, 0xfd, 0, number, 0, 0, 0, 0, 0, number, 0, text.length, ...text);
}
