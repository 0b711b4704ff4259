/** Who owns which bytes: everything that crosses the border is borrowed or copied. */

import assert from 'node:assert/strict';
import { psk } from '@avs-net/credentials';
import type { ConformanceCase } from '../conformance-case.ts';
import { assertBytes, assertTalks, begun, message } from '../expectation.ts';
import { IDENTITY, KEY } from '../stage.ts';

export const BUFFERS: readonly ConformanceCase[] = [
  {
    id: 'buffers/sent',
    title: 'has taken a message when send returns: the caller may overwrite it',
    role: 'client',
    async run(stage) {
      const { client, peer } = await stage.pair();
      const data = message(100, 7);
      const sending = client.send(data);
      data.fill(0xee);
      await sending;
      assertBytes(await peer.receive(), message(100, 7));
    },
  },
  {
    id: 'buffers/received',
    title: 'gives received bytes away: later messages do not change them',
    role: 'client',
    async run(stage) {
      const { client, peer } = await stage.pair();
      for (let mark = 0; mark < 5; mark += 1) await peer.send(message(64, mark));
      const received: (Uint8Array | null)[] = [];
      for (let mark = 0; mark < 5; mark += 1) received.push(await client.receive());
      for (const [mark, data] of received.entries()) assertBytes(data, message(64, mark));
    },
  },
  {
    id: 'buffers/credentials',
    title: 'has copied the credentials when the socket exists',
    role: 'client',
    async run(stage) {
      const identity = new TextEncoder().encode(IDENTITY);
      const key = KEY.slice();
      const listener = await stage.listen();
      const socket = await stage.client.createSocket('dtls', {
        ...stage.clientConfiguration(),
        security: {
          mode: 'psk',
          key: { type: 'pskKey', source: 'buffer', buffer: key },
          identity: { type: 'pskIdentity', source: 'buffer', buffer: identity },
        },
      });
      key.fill(0);
      identity.fill(0);
      const accepted = begun(listener.accept());
      await socket.connect(stage.serverHost, listener.localPort());
      await assertTalks({ client: socket, peer: await accepted });
    },
  },
  {
    id: 'buffers/no-secret-shown',
    title: 'shows no key in inspection, JSON or errors',
    role: 'client',
    async run(stage) {
      const { inspect } = await import('node:util');
      const key = new TextEncoder().encode('a-very-visible-key');
      const socket = await stage.client.createSocket(
        'dtls',
        stage.clientConfiguration({ security: psk({ identity: IDENTITY, key }) }),
      );
      const shown = [
        inspect(socket, { depth: 10, showHidden: true }),
        JSON.stringify(socket),
        inspect(socket.info()),
      ].join();
      const hex = Buffer.from(key).toString('hex').match(/../g)!.slice(0, 6).join(' ');
      assert.ok(!shown.includes('very-visible') && !shown.includes(hex), 'a key is shown');
    },
  },
];
