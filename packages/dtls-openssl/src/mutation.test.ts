import type { HandshakeTimeouts } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { flip, flipping, lossy, numbers } from '../test/damage.ts';
import { type Carry, clientConfiguration, KEY, serverConfiguration, Wire } from '../test/wire.ts';
import { liveObjects } from './live-objects.ts';
import { loadAddon } from './native.ts';

const HINT = { ...serverConfiguration().security, identityHint: Buffer.from('hint') };
const seeds = (length: number): number[] => Array.from({ length }, (_, seed) => seed + 1);

describe('damage on the way', () => {
  it.each([
    ['a tenth', 0.1],
    ['a quarter', 0.25],
  ])('is made good by retransmission when %s is lost, some repeated and some late', async (_share, rate) => {
    await Promise.all(
      seeds(12).map(async (seed) => {
        const wire = await connect(lossy(seed, rate), LONG);
        expect([seed, wire.client.error, wire.server.error]).toEqual([seed, undefined, undefined]);
        wire.destroy();
      }),
    );
    expect(liveObjects()).toEqual({ contexts: 0, connections: 0, bios: 0, associations: 0 });
  });

  it('of single bits ends a handshake in order or not at all, and never comes out as a message', async () => {
    const ends = await Promise.all(
      seeds(40).map(async (seed) => {
        const wire = await connect(flipping(seed, 0.2), SHORT);
        for (const { error } of [wire.client, wire.server]) {
          if (error !== undefined) expect(['ETIMEDOUT', 'EPROTO']).toContain(error.code);
        }
        expect([...wire.client.messages, ...wire.server.messages]).toEqual([]);
        const { isEstablished } = wire.client;
        wire.destroy();
        return isEstablished;
      }),
    );
    expect([...new Set(ends)].sort()).toEqual([false, true]);
    expect(liveObjects()).toEqual({ contexts: 0, connections: 0, bios: 0, associations: 0 });
  });

  it('reaches the bare engine at random without a crash', () => {
    const addon = loadAddon();
    const arena = new Uint8Array(256 * 1024);
    const context = addon.createContext(true, 0xfeff, 0xfefd, 'PSK', [0xc0a8, 0xa8, 0xae], false);
    addon.useServerPsk(context, Buffer.from('hint'), true);
    const hello = firstHello();
    for (let seed = 1; seed <= 400; seed++) {
      const random = numbers(seed);
      const opening = seed % 2 === 0 ? flip(hello, random) : undefined;
      const association = addon.createAssociation(context, 1_472, 20, 160, 64);
      addon.answerPsk(association, KEY);
      addon.start(association, opening, arena);
      for (let count = 0; count < 20; count++) {
        const noise = Buffer.from(Array.from({ length: Math.floor(random() * 200) }, () => random() * 256));
        if (random() < 0.7) noise.set(hello.subarray(0, Math.min(noise.length, Math.floor(random() * 80))));
        expect(addon.receive(association, noise, arena)).toBeLessThan(arena.length);
      }
      addon.timeout(association, arena);
      addon.shutdown(association, arena);
      addon.destroyAssociation(association);
    }
    addon.destroyContext(context);
  });
});

/** Ten waits, of which a quarter of the datagrams lost uses up three or four. */
const LONG = { min: 20, max: 10_240 };
const SHORT = { min: 20, max: 80 };

function connect(carry: Carry, dtlsHandshakeTimeouts: HandshakeTimeouts): Promise<Wire> {
  const server = serverConfiguration({ dtlsHandshakeTimeouts, security: HINT });
  return new Wire(clientConfiguration({ dtlsHandshakeTimeouts }), server, carry).connect();
}

function firstHello(): Uint8Array {
  const wire = new Wire(clientConfiguration(), serverConfiguration());
  wire.client.association.start(0);
  const hello = Buffer.from(wire.client.sent[0]!);
  wire.destroy();
  return hello;
}
