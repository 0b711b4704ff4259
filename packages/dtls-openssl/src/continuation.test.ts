/** Associations that go on from a state, natively: numbers, limits, facts. Stores and their protocol are core's. */

import { systemClock } from '@avs-net/core';
import { afterEach, describe, expect, it } from 'vitest';
import { clientConfiguration, context, End, serverConfiguration, Wire } from '../test/wire.ts';
import { liveObjects } from './live-objects.ts';

const SLOW = { dtlsHandshakeTimeouts: { min: 20_000, max: 20_000 } };
const CLIENT = clientConfiguration({ ...SLOW, connectionId: { length: 3 }, ciphersuites: [0xc0a8, 0xa9, 0xae] });
const SERVER = serverConfiguration({ ...SLOW, connectionId: { length: 8 } });

let wire: Wire;
const successors: { destroy(): void }[] = [];

async function connect(): Promise<void> {
  wire = await new Wire(CLIENT, SERVER).connect();
}

function successor(end: End, reserve = 10): End {
  const configuration = end.role === 'client' ? CLIENT : SERVER;
  const made = context(configuration);
  const state = end.association.continuation!.save(reserve);
  const next = new End(end.role, made, configuration, { continued: state });
  successors.push(next.association, made);
  next.association.start(systemClock.now());
  return next;
}

function numberOf(record: Uint8Array): number {
  return Buffer.from(record).readUIntBE(5, 6);
}

afterEach(() => {
  for (const each of successors.splice(0)) each.destroy();
  wire.destroy();
  expect(liveObjects()).toEqual({ contexts: 0, connections: 0, bios: 0, associations: 0 });
});

describe('an association that goes on', () => {
  it('is established at once, has nothing left before it is saved itself, and then speaks', async () => {
    await connect();
    const client = successor(wire.client);
    expect([client.isEstablished, client.association.phase, client.sent]).toEqual([true, 'established', []]);
    expect(client.association.deadline).toBeUndefined();
    const { continuation } = client.association;
    expect(continuation!.left).toBe(0);
    expect(() => client.association.send(Buffer.from('too early'), 0)).toThrow(
      expect.objectContaining({ code: 'EAGAIN' }),
    );
    continuation!.save(4);
    expect(continuation!.left).toBe(0);
    continuation!.stored();
    expect(continuation!.left).toBe(4);
    for (let count = 0; count < 4; count++) client.association.send(Buffer.of(count), 0);
    expect(() => client.association.send(Buffer.of(4), 0)).toThrow(expect.objectContaining({ code: 'EAGAIN' }));
    for (const bytes of client.sent) wire.server.association.receive(bytes, 0);
    expect(wire.server.messages.map(([byte]) => byte)).toEqual([0, 1, 2, 3]);
  });

  it('begins where the one before cannot get, which has what it promised and no more', async () => {
    await connect();
    const { association } = wire.client;
    const { continuation } = association;
    expect(continuation!.left).toBeGreaterThan(2 ** 47);
    const first = successor(wire.client, 5);
    expect(continuation!.left).toBe(5);
    association.send(Buffer.from('used'), 0);
    // Whoever takes the state before begins at 5 still.
    const second = successor(wire.client, 5);
    expect(continuation!.left).toBe(4);
    continuation!.stored();
    expect(continuation!.left).toBe(5);
    const numbers = [first, second].map((next) => {
      next.association.continuation!.save(1);
      next.association.continuation!.stored();
      next.association.send(Buffer.from('mine'), 0);
      return numberOf(next.sent[0]!);
    });
    // Finished had number 0.
    expect(numbers).toEqual([1 + 5, 1 + 1 + 5]);
    const last = successor(wire.client, 0);
    expect(continuation!.left).toBe(0);
    continuation!.stored();
    expect(continuation!.left).toBe(0);
    last.association.continuation!.save(1);
    last.association.continuation!.stored();
    last.association.send(Buffer.from('last'), 0);
    expect(numberOf(last.sent[0]!)).toBe(1 + 1 + 5 + 1);
  });

  it('says not even goodbye once it has left', async () => {
    await connect();
    wire.client.association.continuation!.save(0);
    wire.client.association.shutdown(0);
    expect([wire.client.sent, wire.client.ended !== undefined]).toEqual([[], true]);
  });

  it.each(['client', 'server'] as const)('knows what the %s before knew, and derives the same', async (role) => {
    await connect();
    const end = wire[role];
    const next = successor(end);
    expect(next.association.info()).toEqual({ ...end.association.info(), continued: true });
    const [one, other] = [end, next].map(({ association }) => association.exportKeyingMaterial!('EXPERIMENTAL x', 32));
    expect(one).toEqual(other);
    expect(next.association.maxMessage(1_472)).toBe(end.association.maxMessage(1_472));
    expect(next.association.newest).toBe(end.association.newest);
  });

  it('accepts nothing that the one before may have had', async () => {
    await connect();
    for (const text of ['one', 'two', 'three']) wire.client.association.send(Buffer.from(text), 0);
    const [one, two, three] = wire.client.sent.splice(0);
    wire.server.association.receive(two!, 0);
    const server = successor(wire.server);
    for (const bytes of [one, two, three]) server.association.receive(bytes!, 0);
    expect([server.messages.map(String), server.refusals]).toEqual([['three'], ['replayed', 'replayed']]);
  });

  it('takes no state that is damaged, cut off, of another role, suite or length of ids', async () => {
    await connect();
    const state = Buffer.from(wire.client.association.continuation!.save(1));
    const take = (bytes: Uint8Array, configuration = CLIENT, role: 'client' | 'server' = 'client'): unknown => {
      const made = context(configuration);
      successors.push(made);
      const end = new End(role, made, configuration, { continued: bytes });
      successors.push(end.association);
      return end;
    };
    const refused = expect.objectContaining({ code: 'EINVAL' });
    for (let size = 0; size < state.length; size++) expect(() => take(state.subarray(0, size))).toThrow(refused);
    expect(() => take(Buffer.concat([state, Buffer.of(0)]))).toThrow(refused);
    expect(() => take(state, SERVER, 'server')).toThrow(refused);
    expect(() => take(state, { ...CLIENT, ciphersuites: [0xa9] })).toThrow(refused);
    expect(() => take(state, { ...CLIENT, connectionId: { length: 4 } })).toThrow(/ids of 3 bytes.* have 4/);
    for (let at = 0; at < state.length; at++) {
      const damaged = Buffer.from(state);
      damaged[at]! ^= 0xff;
      try {
        take(damaged);
      } catch (error) {
        expect(error).toMatchObject({ code: 'EINVAL' });
      }
    }
  });

  it('is none of those that OpenSSL keeps', async () => {
    const cbc = { ...SLOW, ciphersuites: [0xae] };
    wire = await new Wire(clientConfiguration(cbc), serverConfiguration(cbc)).connect();
    expect(wire.client.association.continuation).toBeUndefined();
  });
});
