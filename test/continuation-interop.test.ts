/** A device that sleeps and wakes at other addresses, with a server that nobody here wrote: Mbed TLS 3. */

import { randomBytes } from 'node:crypto';
import { createNet, memoryAssociationStore } from '@avs-net/core';
import { psk } from '@avs-net/credentials';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { udp } from '@avs-net/udp';
import { beforeEach, describe, expect, it } from 'vitest';
import { IDENTITY, KEY, needsMbedtls3, startMbedtls } from './mbedtls-id-peer.ts';

beforeEach((context) => needsMbedtls3(context));

describe('a device that sleeps, and a server on Mbed TLS', () => {
  it.each(['TLS_PSK_WITH_AES_128_CCM_8', 'TLS_PSK_WITH_AES_128_GCM_SHA256', 'TLS_PSK_WITH_CHACHA20_POLY1305_SHA256'])(
    'go on with %s, each time from another port and with the first datagram',
    async (suite) => {
      await using server = startMbedtls('server', 'a1b2c3d4');
      const [, port] = await server.line(/^PORT (\d+)/);
      const associations = { store: memoryAssociationStore(), keys: [randomBytes(32)] };
      const security = psk({ identity: IDENTITY, key: KEY });
      for (let wake = 0; wake < 4; wake++) {
        // A net of its own, as after a reset.
        await using net = createNet({ plugins: [udp, dtlsOpenssl] });
        const socket = await net.createSocket('dtls', {
          security,
          connectionId: true,
          associations,
          ciphersuites: [suite],
        });
        if (wake === 0) await socket.connect('127.0.0.1', Number(port));
        else expect(await socket.continueAssociation('device')).toBe(socket);
        await socket.send(Buffer.from(`wake ${wake}`));
        expect(Buffer.from((await socket.receive())!).toString()).toBe(`wake ${wake}`);
        if (wake < 3) await socket.exportAssociation('device', { final: true });
      }
      expect((await server.line(/^CLOSED after (\d+) moves/))[1]).toBe('3');
    },
  );
}, 60_000);
