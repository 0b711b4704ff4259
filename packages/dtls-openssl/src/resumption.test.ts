import { hkdfSync } from 'node:crypto';
import type { SecureConfiguration } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import {
  clientConfiguration,
  clientSecurity,
  context,
  FAST,
  IDENTITY,
  serverConfiguration,
  Wire,
} from '../test/wire.ts';

/** Any store switches sessions on; the wire keeps them itself. */
const session = new Map<string, Uint8Array>();
const resuming = clientConfiguration({ session });

describe('a session', () => {
  it('resumes with both ends knowing it, the server by whom', async () => {
    const { first, second } = await twice();
    expect(first.client.association.info().resumed).toBe(false);
    for (const end of [second.client, second.server]) {
      expect(end.association.info()).toMatchObject({ resumed: true, extendedMasterSecret: true });
    }
    expect(Buffer.from(second.server.association.info().pskIdentity!).toString()).toBe(IDENTITY);
    await talk(second);
    done(first, second);
  });

  it('is asked for again by identity before it counts', async () => {
    const { first, second } = await twice();
    expect(first.server.identities).toEqual([IDENTITY]);
    expect(second.server.identities).toEqual([IDENTITY]);
    done(first, second);
  });

  it.each<[string, (server: SecureConfiguration) => SecureConfiguration]>([
    ['whose identity is not known any more', (same) => lookup(same, () => undefined)],
    ['whose identity has a new key', (same) => lookup(same, () => Buffer.from('0123456789abcdef'))],
    ['of other versions', (same) => ({ ...same, version: { min: 'DTLSv1.0', max: 'DTLSv1.2' } })],
    ['of other suites', (same) => ({ ...same, ciphersuites: [0xc0a8, 0x00a8] })],
    ['of other ticket keys', (same) => ({ ...same, server: { ticketKeys: [Buffer.alloc(32, 9)] } })],
  ])('is not resumed by a server %s', async (_what, change) => {
    const keys = { server: { ticketKeys: [Buffer.alloc(32, 1)] } };
    const { first, second } = await twice({
      server: serverConfiguration(keys),
      secondServer: change,
      secondClient: { ...resuming, dtlsHandshakeTimeouts: FAST },
    });
    expect(second.client.association.info().resumed ?? false).toBe(false);
    expect(second.server.association.info().resumed ?? false).toBe(false);
    done(first, second);
  });

  it('becomes a full handshake for a peer with the new key of its identity', async () => {
    const fresh = Buffer.from('0123456789abcdef');
    const { first, second } = await twice({
      server: serverConfiguration({ server: { ticketKeys: [Buffer.alloc(32, 1)] } }),
      secondServer: (same) => lookup(same, () => fresh),
      secondClient: clientConfiguration({ session, security: clientSecurity(fresh) }),
    });
    expect(second.client.association.info().resumed).toBe(false);
    expect(second.server.identities).toEqual([IDENTITY, IDENTITY]);
    await talk(second);
    done(first, second);
  });

  it('is not given out where no store is configured', async () => {
    const wire = await new Wire(clientConfiguration(), serverConfiguration()).connect();
    expect(wire.client.sessions).toEqual([]);
    wire.destroy();
  });

  it('is not given out again when it was resumed', async () => {
    const { first, second } = await twice();
    expect(first.client.sessions).toHaveLength(1);
    expect(second.client.sessions).toHaveLength(0);
    done(first, second);
  });

  it('is made anew under the first of the ticket keys', async () => {
    const [old, young] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const { first, second } = await twice({
      server: serverConfiguration({ server: { ticketKeys: [old] } }),
      secondServer: (same) => ({ ...same, server: { ticketKeys: [young, old] } }),
    });
    expect(second.client.association.info().resumed).toBe(true);
    const renewed = second.client.sessions[0]!;
    const only = serverConfiguration({ server: { ticketKeys: [young] } });
    const third = await new Wire(resuming, only, undefined, { client: { session: renewed } }).connect();
    expect(third.server.association.info()).toMatchObject({ resumed: true });
    done(first, second, third);
  });

  it('follows keys that a function rotates, and keeps those it had when the function fails', async () => {
    let keys: readonly Uint8Array[] | undefined = [Buffer.alloc(32, 1)];
    const configuration = serverConfiguration({ server: { ticketKeys: () => keys! } });
    const server = context(configuration);
    const wires: Wire[] = [];
    const connect = async (offered?: Uint8Array): Promise<Wire> => {
      const options = offered === undefined ? {} : { client: { session: offered } };
      const wire = new Wire(resuming, configuration, undefined, options, [context(resuming), server]);
      wires.push(await wire.connect());
      return wire;
    };
    const [ticket] = (await connect()).client.sessions;
    keys = [Buffer.alloc(32, 2)];
    expect((await connect(ticket)).client.association.info().resumed).toBe(false);
    keys = [Buffer.alloc(32, 1)];
    expect((await connect(ticket)).client.association.info().resumed).toBe(true);
    keys = undefined;
    const last = await connect(ticket);
    expect(last.client.association.info().resumed).toBe(true);
    expect(last.server.traces).toContainEqual(expect.objectContaining({ type: 'ticketKeysRefused' }));
    done(...wires);
  });

  it('refuses a function that gives no keys at the start', () => {
    const server = { ticketKeys: () => [] };
    expect(() => context(serverConfiguration({ server }))).toThrow(/server\.ticketKeys: expected 1 to 16 keys/);
  });
});

describe('what is offered', () => {
  it('counts only whole: a full handshake for every bit that is wrong', async () => {
    const first = await new Wire(resuming, serverConfiguration()).connect();
    const [whole] = first.client.sessions;
    first.destroy();
    const wrong = [whole!.subarray(1), whole!.subarray(0, -1), Buffer.concat([whole!, Buffer.of(0)]), Buffer.alloc(0)];
    for (const offered of [...wrong, Buffer.alloc(1024), Buffer.from('not a session')]) {
      const wire = await new Wire(resuming, serverConfiguration(), undefined, {
        client: { session: offered },
      }).connect();
      expect(wire.client.association.info().resumed).toBe(false);
      await talk(wire);
      wire.destroy();
    }
  });

  it('never ends in a process that fell over, whatever bit is flipped', async () => {
    const configuration = serverConfiguration({ server: { ticketKeys: [Buffer.alloc(32, 1)] } });
    const first = await new Wire(resuming, configuration).connect();
    const [whole] = first.client.sessions;
    first.destroy();
    const client = context(resuming);
    const server = context(configuration);
    for (let bit = 0; bit < whole!.length * 8; bit += 5) {
      const damaged = Buffer.from(whole!);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const wire = new Wire(resuming, configuration, undefined, { client: { session: damaged } }, [client, server]);
      wire.client.association.start(0);
      wire.server.association.start(0);
      wire.carry();
      wire.client.association.destroy();
      wire.server.association.destroy();
    }
    client.destroy();
    server.destroy();
  });

  it('is a full handshake for every byte of a ticket that is wrong', async () => {
    const key = Buffer.alloc(32, 1);
    const configuration = serverConfiguration({ server: { ticketKeys: [key] } });
    const first = await new Wire(resuming, configuration).connect();
    const [whole] = first.client.sessions;
    first.destroy();
    const name = Buffer.from(hkdfSync('sha256', key, '', 'avs-net session ticket', 80)).subarray(0, 16);
    const begin = whole!.indexOf(name);
    // As an OCTET STRING, whose length stands before it.
    const end = begin + whole![begin - 1]!;
    expect(end - begin).toBeGreaterThan(96);
    const [client, server] = [context(resuming), context(configuration)];
    for (let at = begin; at < end; at += 3) {
      const damaged = Buffer.from(whole!);
      damaged[at]! ^= 0x10;
      const offered = { client: { session: damaged } };
      const wire = new Wire(resuming, configuration, undefined, offered, [client, server]);
      await wire.connect();
      expect([wire.client, wire.server].map(({ association }) => association.info().resumed)).toEqual([false, false]);
      await talk(wire);
      wire.client.association.destroy();
      wire.server.association.destroy();
    }
    client.destroy();
    server.destroy();
  });

  it.each([
    ['a suite that is not configured', { ciphersuites: [0xc0a8] }],
    ['a version that is not configured', { version: { min: 'DTLSv1.0', max: 'DTLSv1.0' } }],
  ] as const)('is left out with %s', async (_what, change) => {
    const wide = serverConfiguration({ version: { min: 'DTLSv1.0', max: 'DTLSv1.2' } });
    const server = context(wide);
    const firstClient = clientConfiguration({ session, ciphersuites: [0x00a8, 0x00ae] });
    const first = await new Wire(firstClient, wide, undefined, {}, [context(firstClient), server]).connect();
    const other = clientConfiguration({ session, ...change });
    const options = { client: { session: first.client.sessions[0]! } };
    const second = await new Wire(other, wide, undefined, options, [context(other), server]).connect();
    expect(second.client.association.info().resumed).toBe(false);
    done(first, second);
  });

  it('is left out where the hello would not fit one datagram', async () => {
    const { first, second } = await twice({ lowerMtu: 450 });
    expect(second.client.association.info().resumed).toBe(false);
    done(first, second);
  });
});

interface Twice {
  readonly server?: SecureConfiguration;
  readonly secondServer?: (same: SecureConfiguration) => SecureConfiguration;
  readonly secondClient?: SecureConfiguration;
  readonly lowerMtu?: number;
}

/** Two handshakes, the second with the session of the first; without `secondServer` the same server serves both. */
async function twice(init: Twice = {}): Promise<{ first: Wire; second: Wire }> {
  const { server: of = serverConfiguration(), secondServer, secondClient = resuming, lowerMtu } = init;
  const server = context(of);
  const first = await new Wire(resuming, of, undefined, {}, [context(resuming), server]).connect();
  const offered = { session: first.client.sessions[0]!, ...(lowerMtu === undefined ? {} : { lowerMtu }) };
  const then = secondServer === undefined ? of : secondServer(of);
  const contexts = [context(secondClient), secondServer === undefined ? server : context(then)];
  const second = await new Wire(secondClient, then, undefined, { client: offered }, contexts).connect();
  return { first, second };
}

function lookup(server: SecureConfiguration, answer: () => Uint8Array | undefined): SecureConfiguration {
  return { ...server, security: { mode: 'psk', lookup: answer } };
}

async function talk(wire: Wire): Promise<void> {
  wire.client.association.send(Buffer.from('there'), 0);
  wire.server.association.send(Buffer.from('back'), 0);
  wire.carry();
  expect([wire.server.messages, wire.client.messages].map(String)).toEqual(['there', 'back']);
}

function done(...wires: Wire[]): void {
  for (const wire of wires) wire.destroy();
}
