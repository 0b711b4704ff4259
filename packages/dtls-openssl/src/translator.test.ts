/**
 * The translation of records in a handshake, on a path that damages, forges and reorders: never a crash, never a leak.
 */

import { randomBytes } from 'node:crypto';
import type { Role } from '@avs-net/core/plugin';
import { afterEach, describe, expect, it } from 'vitest';
import { numbers } from '../test/damage.ts';
import { type Carry, clientConfiguration, serverConfiguration, Wire } from '../test/wire.ts';
import { liveObjects } from './live-objects.ts';

const session = new Map<string, Uint8Array>();
const client = clientConfiguration({ session, connectionId: { length: 3 } });
const server = serverConfiguration({ connectionId: { length: 9 }, server: { ticketKeys: [Buffer.alloc(32, 3)] } });

afterEach(() => expect(liveObjects()).toEqual({ contexts: 0, connections: 0, bios: 0, associations: 0 }));

describe.each(['full', 'abbreviated'] as const)('a handshake that is %s', (kind) => {
  const connect = async (carry?: Carry): Promise<Wire> =>
    new Wire(client, server, carry, kind === 'full' ? {} : { client: { session: await ticket() } }).connect();

  it('gets over a flipped bit in any datagram, or ends in time', async () => {
    const sizes = await sizesOf(connect);
    const cases = sizes.flatMap(({ from, number, size }) =>
      Array.from({ length: Math.ceil(size / STEP) }, (_, index) => ({ from, number, at: index * STEP })),
    );
    const random = numbers(kind.length);
    for (let done = 0; done < cases.length; done += BATCH) {
      await Promise.all(
        cases.slice(done, done + BATCH).map(async ({ from, number, at }) => {
          const byte = at + Math.floor(random() * STEP);
          const bit = 1 << Math.floor(random() * 8);
          let connected = false;
          const wire = await connect((bytes, sender, count) => {
            if (connected || sender !== from || count !== number) return [bytes];
            const copy = Buffer.from(bytes);
            if (byte < copy.length) copy[byte]! ^= bit;
            return [copy];
          });
          connected = true;
          for (const end of [wire.client, wire.server]) {
            if (end.error !== undefined) expect(['ETIMEDOUT', 'EPROTO']).toContain(end.error.code);
            expect(end.messages).toEqual([]);
          }
          if (!wire.isOver) await talk(wire);
          wire.destroy();
        }),
      );
    }
  });

  it('is not disturbed by protected records that nobody has keys for', async () => {
    const random = numbers(7);
    const forged = (to: Role): Uint8Array => {
      const id = random() < 0.5 ? [] : Array.from({ length: to === 'server' ? 9 : 3 }, () => 1);
      const type = id.length > 0 ? 25 : [20, 21, 22, 23][Math.floor(random() * 4)]!;
      const body = randomBytes(Math.floor(random() * 300));
      const head = [type, 0xfe, 0xfd, 0, 1 + Math.floor(random() * 1.2), 0, 0, 0, 0, 0, Math.floor(random() * 40)];
      return Buffer.concat([Buffer.from([...head, ...id, body.length >> 8, body.length & 0xff]), body]);
    };
    await Promise.all(
      Array.from({ length: 40 }, async () => {
        const wire = await connect((bytes, from) => {
          const to = from === 'client' ? 'server' : 'client';
          const around = (): Uint8Array[] => Array.from({ length: Math.floor(random() * 12) }, () => forged(to));
          return [...around(), bytes, Buffer.concat(around()), ...around()].filter(({ length }) => length > 0);
        });
        expect([wire.client.error, wire.server.error]).toEqual([undefined, undefined]);
        await talk(wire);
        wire.destroy();
      }),
    );
  });

  it('delivers data that overtook its Finished, once it is authentic', async () => {
    // Whoever receives the last flight may get data before it.
    const last = kind === 'full' ? 'server' : 'client';
    const wire = new Wire(client, server, undefined, kind === 'full' ? {} : { client: { session: await ticket() } });
    wire.client.association.start(0);
    wire.server.association.start(0);
    const [speaker, listener] = last === 'server' ? [wire.server, wire.client] : [wire.client, wire.server];
    for (let round = 0; round < 8 && !speaker.isEstablished; round++) {
      for (const bytes of wire.client.sent.splice(0)) wire.server.association.receive(bytes, 0);
      wire.server.answerNeeds();
      if (speaker.isEstablished) break;
      for (const bytes of wire.server.sent.splice(0)) wire.client.association.receive(bytes, 0);
    }
    const held = speaker.sent.splice(0);
    for (const text of ['one', 'two']) speaker.association.send(Buffer.from(text), 0);
    for (const bytes of speaker.sent.splice(0)) listener.association.receive(bytes, 0);
    expect([listener.isEstablished, listener.messages]).toEqual([false, []]);
    for (const bytes of held) listener.association.receive(bytes, 0);
    expect(listener.isEstablished).toBe(true);
    expect(listener.messages.map(String)).toEqual(['one', 'two']);
    wire.destroy();
  });
});

async function sizesOf(
  connect: (carry?: Carry) => Promise<Wire>,
): Promise<{ from: Role; number: number; size: number }[]> {
  const sizes: { from: Role; number: number; size: number }[] = [];
  const wire = await connect((bytes, from, number) => {
    sizes.push({ from, number, size: bytes.length });
    return [bytes];
  });
  wire.destroy();
  return sizes;
}

async function ticket(): Promise<Uint8Array> {
  const wire = await new Wire(client, server).connect();
  const [found] = wire.client.sessions;
  wire.destroy();
  return found!;
}

async function talk(wire: Wire): Promise<void> {
  wire.client.association.send(Buffer.from('ping'), 0);
  wire.server.association.send(Buffer.from('pong'), 0);
  wire.carry();
  expect([wire.server.messages.map(String), wire.client.messages.map(String)]).toEqual([['ping'], ['pong']]);
}

const STEP = 3;
const BATCH = 16;
