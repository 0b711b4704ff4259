import { dtls } from 'node-dtls-client';
import { describe, expect, it } from 'vitest';
import { type Disturbance, disturbed } from '../test/disturbed.ts';
import { driven } from '../test/driven.ts';
import { dgramLower, realClock, sServer } from '../test/s-server.ts';
import { filteredAssociation } from './context.ts';

/** A handshake with a cookie has three datagrams each way. */
const DISTURBANCES = (['up', 'down'] as const).flatMap((way) =>
  [0, 1, 2].flatMap((index) => (['drop', 'duplicate', 'swap'] as const).map((fate) => ({ way, index, fate }))),
);

describe.concurrent('openssl s_server over a bad path', () => {
  it.each<Disturbance>(DISTURBANCES)('connects and exchanges: $way $index $fate', async (disturbance) => {
    const server = await sServer(['-psk', '0123456789abcdef', '-cipher', 'PSK:@SECLEVEL=0']);
    const lower = disturbed(await dgramLower(server.port), disturbance);
    const client = driven({
      make: (request) =>
        filteredAssociation(
          {
            library: dtls,
            identity: Buffer.from('dev'),
            key: Buffer.from('0123456789abcdef', 'hex'),
            ciphersuites: [0xc0a8],
            retransmission: true,
          },
          request,
        ),
      lower,
      clock: realClock,
      request: { lowerMtu: 1472, handshakeTimeouts: { min: 150, max: 9600 } },
    });
    try {
      await new Promise<void>((resolve) => {
        client.changed = () => {
          if (client.established || client.failed !== undefined) resolve();
        };
      });
      expect(client.failed).toBeUndefined();
      client.send(Buffer.from('still there\n'));
      await server.printed('still there');
    } finally {
      client.destroy();
      await lower.close();
      await server.stop();
    }
  });
});
