import type { SecureConfiguration } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { type Carry, clientConfiguration, serverConfiguration, Wire } from '../test/wire.ts';

const session = new Map<string, Uint8Array>();

async function connect(client: Partial<SecureConfiguration> = {}, server: Partial<SecureConfiguration> = {}) {
  return new Wire(clientConfiguration(client), serverConfiguration(server)).connect();
}

describe('ALPN', () => {
  it.each([
    ['the order of the server', ['a', 'coap'], ['coap', 'a'], 'coap'],
    ['what both have', ['x', 'coap', 'y'], ['coap'], 'coap'],
    ['a name beyond ASCII', ['\u00fc'], ['\u00fc'], '\u00fc'],
    ['the longest name', ['x'.repeat(255)], ['x'.repeat(255)], 'x'.repeat(255)],
  ])('agrees on %s', async (_what, ofClient, ofServer, agreed) => {
    const wire = await connect({ alpn: ofClient }, { alpn: ofServer });
    for (const end of [wire.client, wire.server]) expect(end.association.info().alpn).toBe(agreed);
    wire.destroy();
  });

  it.each([
    ['only the client', { alpn: ['coap'] }, {}],
    ['only the server', {}, { alpn: ['coap'] }],
    ['neither', {}, { alpn: [] }],
  ])('agrees on nothing where %s has names', async (_who, client, server) => {
    const wire = await connect(client, server);
    for (const end of [wire.client, wire.server]) expect(end.association.info().alpn).toBeUndefined();
    wire.destroy();
  });

  it('ends the handshake with no_application_protocol where nothing matches', async () => {
    const wire = await connect({ alpn: ['http'] }, { alpn: ['coap'] });
    const alert = { level: 'fatal', description: 120, name: 'no_application_protocol' };
    expect(wire.server.error).toMatchObject({ code: 'EPROTO', alert: { ...alert, origin: 'local' } });
    // In the clear, so the client waits whether anything better comes.
    await wire.until(() => wire.client.error !== undefined);
    expect(wire.client.error).toMatchObject({ code: 'EPROTO', alert: { ...alert, origin: 'peer' } });
    wire.destroy();
  });
});

describe('the key log', () => {
  it('has the same line at both ends, and no other', async () => {
    const lines: Record<string, string[]> = { client: [], server: [] };
    const wire = await connect(
      { keylog: (line) => void lines['client']!.push(line) },
      { keylog: (line) => void lines['server']!.push(line) },
    );
    expect(lines['client']).toEqual([expect.stringMatching(/^CLIENT_RANDOM [0-9a-f]{64} [0-9a-f]{96}$/)]);
    expect(lines['server']).toEqual(lines['client']);
    wire.destroy();
  });

  it('costs a trace event and nothing else where it throws', async () => {
    const keylog = (): never => {
      throw new Error('disk full');
    };
    const wire = await connect({ keylog });
    expect(wire.client.isEstablished).toBe(true);
    expect(wire.client.traces).toContainEqual({ type: 'keylogFailed', message: 'disk full' });
    wire.destroy();
  });

  it('is not written where it is not asked for, nor traced', async () => {
    const lines: string[] = [];
    const wire = await connect({ keylog: (line) => void lines.push(line) });
    const secret = lines[0]!.split(' ')[2]!;
    expect(JSON.stringify([wire.client.traces, wire.server.traces])).not.toContain(secret);
    wire.destroy();
  });
});

describe('exported keying material', () => {
  const label = 'EXPERIMENTAL avs-net';

  it('is the same at both ends, and another for another label, length, context or connection', async () => {
    const wires = [await connect(), await connect()];
    const [client, server, other] = [wires[0]!.client, wires[0]!.server, wires[1]!.client].map(
      ({ association }) =>
        (...of: [string, number, Uint8Array?]) =>
          Buffer.from(association.exportKeyingMaterial!(...of)).toString('hex'),
    );
    const context = Buffer.from('context');
    const asked: [string, number, Uint8Array?][] = [
      [label, 32],
      [label, 33],
      [`${label} 2`, 32],
      [label, 32, context],
      [label, 32, new Uint8Array(0)],
    ];
    const given = asked.map((of) => client!(...of));
    expect(asked.map((of) => server!(...of))).toEqual(given);
    expect(new Set([...given, ...asked.map((of) => other!(...of))]).size).toBe(10);
    expect(given[1]).toHaveLength(66);
    for (const wire of wires) wire.destroy();
  });

  it('differs between a handshake and the one that resumes it', async () => {
    const [client, server] = [clientConfiguration({ session }), serverConfiguration({ server: KEYS })];
    const first = await new Wire(client, server).connect();
    const offered = { client: { session: first.client.sessions[0]! } };
    const second = await new Wire(client, server, undefined, offered).connect();
    expect(second.client.association.info().resumed).toBe(true);
    const [before, ...after] = [first.client, second.client, second.server].map(({ association }) =>
      Buffer.from(association.exportKeyingMaterial!(label, 32)).toString('hex'),
    );
    expect(after[0]).toBe(after[1]);
    expect(after[0]).not.toBe(before);
    first.destroy();
    second.destroy();
  });

  it.each(['client finished', 'server finished', 'master secret', 'key expansion', 'extended master secret'])(
    'is refused under the label "%s", which TLS uses itself',
    async (reserved) => {
      const wire = await connect();
      expect(() => wire.client.association.exportKeyingMaterial!(reserved, 32)).toThrow(
        expect.objectContaining({ code: 'EINVAL' }),
      );
      wire.destroy();
    },
  );

  it('is not there before the handshake is done', () => {
    const wire = new Wire(clientConfiguration(), serverConfiguration());
    expect(() => wire.client.association.exportKeyingMaterial!(label, 32)).toThrow(RangeError);
    wire.destroy();
  });
});

describe('an abbreviated handshake', () => {
  it.each<[string, Carry]>([
    ['loses its first flight', (bytes, from, number) => (from === 'client' && number === 0 ? [] : [bytes])],
    ['loses that of the server', (bytes, from, number) => (from === 'server' && number === 0 ? [] : [bytes])],
    ['loses the last flight', (bytes, from, number) => (from === 'client' && number === 1 ? [] : [bytes])],
    ['doubles everything', (bytes) => [bytes, bytes]],
  ])('is completed when the wire %s', async (_what, carry) => {
    const [client, server] = [clientConfiguration({ session }), serverConfiguration({ server: KEYS })];
    const first = await new Wire(client, server).connect();
    const offered = { client: { session: first.client.sessions[0]! } };
    const second = await new Wire(client, server, carry, offered).connect();
    for (const end of [second.client, second.server]) expect(end.association.info().resumed).toBe(true);
    second.client.association.send(Buffer.from('there'), 0);
    second.server.association.send(Buffer.from('back'), 0);
    second.carry();
    expect([second.server.messages, second.client.messages].map((each) => each.map(String)[0])).toEqual([
      'there',
      'back',
    ]);
    first.destroy();
    second.destroy();
  });
});

const KEYS = { ticketKeys: [Buffer.alloc(32, 1)] };
