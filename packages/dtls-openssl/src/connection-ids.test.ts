/** Connection ids (RFC 9146) between two associations of ours: what is negotiated and what then stands on the wire. */

import type { ConnectionIdRules, Role } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { clientConfiguration, type End, serverConfiguration, Wire } from '../test/wire.ts';

type Wanted = boolean | ConnectionIdRules | undefined;

describe('connection ids', () => {
  it.each<[string, Wanted, Wanted, [number, number] | undefined]>([
    ['a server that wants them, from a client that gives none', true, true, [0, 8]],
    ['both sides', { length: 3 }, { length: 20 }, [3, 20]],
    ['a client only', { length: 20 }, { length: 0 }, [20, 0]],
    ['the longest', { length: 254 }, { length: 254 }, [254, 254]],
    ['nobody, though both know of them', { length: 0 }, { length: 0 }, [0, 0]],
    ['a client whose server does not know them', true, undefined, undefined],
    ['a server whose client does not know them', undefined, true, undefined],
  ])('are used by %s', async (_who, client, server, lengths) => {
    const wire = await connect(client, server);
    const [ofClient, ofServer] = [wire.client, wire.server].map(({ association }) => association.info().connectionId);
    if (lengths === undefined) {
      expect([ofClient, ofServer]).toEqual([undefined, undefined]);
    } else {
      expect([ofClient!.own.length, ofServer!.own.length]).toEqual(lengths);
      expect([ofClient!.own, ofClient!.peer]).toEqual([ofServer!.peer, ofServer!.own]);
    }
    for (const [from, to, id] of [
      [wire.client, wire.server, ofServer?.own],
      [wire.server, wire.client, ofClient?.own],
    ] as const) {
      from.association.send(Buffer.from('ping'), 0);
      const [datagram] = from.sent;
      const length = id?.length ?? 0;
      expect(datagram![0]).toBe(length === 0 ? 23 : 25);
      expect(Buffer.from(datagram!.subarray(11, 11 + length))).toEqual(Buffer.from(id ?? []));
      wire.carry();
      expect(to.messages.map(String)).toEqual(['ping']);
      expect(to.refusals).toEqual([]);
    }
    wire.destroy();
  });

  it('are on every protected record, Finished and close_notify included, and on none in the clear', async () => {
    const seen: Record<Role, string[]> = { client: [], server: [] };
    const wire = await connect({ length: 2 }, { length: 5 }, (bytes, from) => {
      seen[from].push(...records(bytes, from === 'client' ? 5 : 2));
      return [bytes];
    });
    wire.client.association.shutdown(0);
    wire.carry();
    for (const role of ['client', 'server'] as const) {
      const types = seen[role];
      expect(types.filter((record) => record.endsWith('/1')).every((record) => record === '25/1')).toBe(true);
      expect(types.filter((record) => record === '25/1')).toHaveLength(2);
      expect(types.some((record) => record === '25/0')).toBe(false);
    }
    expect(wire.server.ended).toBeDefined();
    wire.destroy();
  });

  it('leave CBC suites out, and are left out where the other side has nothing else', async () => {
    const cbc = [0xae];
    const wire = await new Wire(
      clientConfiguration({ connectionId: { length: 4 } }),
      serverConfiguration({ ciphersuites: cbc }),
    ).connect();
    expect(wire.client.error ?? wire.server.error).toMatchObject({ alert: { name: 'handshake_failure' } });
    wire.destroy();
    const plain = await new Wire(clientConfiguration({ ciphersuites: [0xae, 0xa8] }), withIds(true)).connect();
    expect(plain.client.association.info().ciphersuite?.id).toBe(0xa8);
    plain.destroy();
  });

  it('count in the largest message', async () => {
    for (const [length, type] of [
      [0, 0],
      [1, 1],
      [8, 1],
      [254, 1],
    ] as const) {
      const wire = await connect({ length: 0 }, { length });
      for (const limit of [576, 1_472]) {
        const largest = wire.client.association.maxMessage(limit);
        for (const size of [largest - 1, largest, largest + 1]) {
          wire.client.association.send(new Uint8Array(size), 0);
          expect(wire.client.sent.splice(0).map((bytes) => bytes.length)).toEqual([limit - largest + size]);
        }
        expect(wire.server.association.maxMessage(limit)).toBe(largest + length + type);
      }
      wire.destroy();
    }
  });

  it('tell which record was the newest that was authentic', async () => {
    const wire = await connect({ length: 0 }, { length: 4 });
    const { client, server } = wire;
    expect([client.association.newest, server.association.newest]).toEqual([undefined, 0]);
    for (const text of ['one', 'two', 'three']) client.association.send(Buffer.from(text), 0);
    const [one, two, three] = client.sent.splice(0);
    const newest = [two, one, three, three, forged(three!)].map((bytes) => {
      server.association.receive(bytes!, 0);
      return server.association.newest;
    });
    expect(newest).toEqual([2, 2, 3, 3, 3]);
    expect(server.messages.map(String)).toEqual(['two', 'one', 'three']);
    expect(server.refusals).toEqual(['replayed', 'forged']);
    wire.destroy();
  });

  it('refuse plain records, and ids where none were agreed on', async () => {
    const wire = await connect({ length: 0 }, { length: 4 });
    const { client, server } = wire;
    client.association.send(Buffer.from('with'), 0);
    const withId = client.sent.pop()!;
    server.association.receive(Buffer.concat([Buffer.of(23), withId.subarray(1, 11), withId.subarray(15)]), 0);
    const foreign = Buffer.from(withId);
    foreign[11]! ^= 1;
    server.association.receive(foreign, 0);
    server.association.send(Buffer.from('without'), 0);
    const without = server.sent.pop()!;
    client.association.receive(Buffer.concat([Buffer.of(25), without.subarray(1)]), 0);
    expect([server.refusals, client.refusals]).toEqual([['missingId', 'foreignId'], ['unexpectedId']]);
    server.association.receive(withId, 0);
    client.association.receive(without, 0);
    expect([server.messages, client.messages].map(String)).toEqual(['with', 'without']);
    wire.destroy();
  });

  it('are refused with decode_error if they are malformed', async () => {
    const lie = (bytes: Uint8Array): Uint8Array => {
      const copy = Buffer.from(bytes);
      const at = copy.indexOf(Buffer.from('00360009', 'hex'));
      if (at >= 0) copy[at + 4] = 9;
      return copy;
    };
    for (const liar of ['client', 'server'] as const) {
      const wire = new Wire(withClientIds({ length: 8 }), withIds({ length: 8 }), (bytes, from) => [
        from === liar ? lie(bytes) : bytes,
      ]);
      await wire.connect();
      const victim: End = liar === 'client' ? wire.server : wire.client;
      expect(victim.error).toMatchObject({ code: 'EPROTO', alert: { name: 'decode_error', origin: 'local' } });
      wire.destroy();
    }
  });
});

function withIds(connectionId: Wanted): ReturnType<typeof serverConfiguration> {
  return serverConfiguration({ ...SLOW, ...(connectionId === undefined ? {} : { connectionId }) });
}

function withClientIds(connectionId: Wanted): ReturnType<typeof clientConfiguration> {
  return clientConfiguration({ ...SLOW, ...(connectionId === undefined ? {} : { connectionId }) });
}

async function connect(client: Wanted, server: Wanted, carry?: ConstructorParameters<typeof Wire>[2]): Promise<Wire> {
  const wire = await new Wire(withClientIds(client), withIds(server), carry).connect();
  expect([wire.client.error, wire.server.error]).toEqual([undefined, undefined]);
  return wire;
}

/** Type and epoch of each. */
function records(bytes: Uint8Array, idLength: number): string[] {
  const found: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const header = bytes[at] === 25 ? 13 + idLength : 13;
    found.push(`${bytes[at]}/${bytes[at + 4]}`);
    at += header + (bytes[at + header - 2]! << 8) + bytes[at + header - 1]!;
  }
  return found;
}

function forged(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  // The next number, so that it is not a replay.
  copy[10]! += 1;
  return copy;
}

/** Nothing is lost here, and nothing may be repeated however slow the machine is. */
const SLOW = { dtlsHandshakeTimeouts: { min: 20_000, max: 20_000 } };
