/**
 * Handshakes over real sockets of which one datagram is damaged on the way: they complete by retransmission or fail in
 * order, nothing that was damaged is delivered, and the server goes on.
 */

import { isNetError, type Socket } from '@avs-net/core';
import { afterEach, describe, expect, it } from 'vitest';
import { flip, numbers } from '../packages/dtls-openssl/test/damage.ts';
import { servers } from './backends.ts';
import { BesiegedServer, echo, until } from './besieged-server.ts';
import type { Way } from './spoofed-udp.ts';

const SHORT = { dtlsHandshakeTimeouts: { min: 20, max: 80 } };

describe.each(servers)('a server of $name', (backend) => {
  let besieged: BesiegedServer;
  afterEach(() => besieged.end());

  it('gets over one to eight flipped bits of any datagram of a handshake', async () => {
    besieged = await BesiegedServer.bind(backend, { handshakeTimeout: 2_000 }, SHORT);
    const clean = await attempt(() => undefined);
    expect(clean.connected).toBe(true);
    let connected = 0;
    for (const way of ['in', 'out'] as const) {
      for (let number = 0; number < clean.sent[way]; number++) {
        for (const seed of [1, 2]) {
          const random = numbers(1_000 * seed + number);
          const done = await attempt((data, to, at) => (to === way && at === number ? flip(data, random) : undefined));
          if (done.connected) connected += 1;
        }
      }
    }
    expect(connected).toBeGreaterThan(clean.sent.in);
    await until(() => besieged.stat('halfOpen') === 0);
    await echo(await besieged.pair(), 2);
  });

  /** Connects and talks, or fails as a handshake may. */
  async function attempt(
    damage: (data: Uint8Array, way: Way, number: number) => Uint8Array | undefined,
  ): Promise<{ connected: boolean; sent: Record<Way, number> }> {
    const sent = { in: 0, out: 0 };
    besieged.network.carry = (data, way) => damage(data, way, sent[way]++) ?? data;
    const client = await besieged.client(SHORT);
    try {
      await client.connect('127.0.0.1', besieged.server.localPort());
    } catch (error) {
      if (!isNetError(error)) throw error;
      expect(['ETIMEDOUT', 'EPROTO']).toContain(error.code);
      return { connected: false, sent };
    } finally {
      besieged.network.carry = (data) => data;
    }
    await echo({ client, peer: await peerOf(client) }, 1);
    await client.dispose();
    return { connected: true, sent };
  }

  /** A handshake that only the client gave up may have left a peer that nobody took. */
  async function peerOf(client: Socket): Promise<Socket> {
    for (;;) {
      const peer = await besieged.server.accept();
      if (peer.remotePort() === client.localPort()) return peer;
    }
  }
});
