import { psk, pskServer } from '@avs-net/credentials';
import { describe, expect, it } from 'vitest';
import { established, type Pair, type PairOptions, pair, settle } from '../test/pair.ts';

const key = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const options: PairOptions = {
  client: { security: psk({ identity: 'device', key }) },
  server: { security: pskServer({ identities: { device: key } }) },
};

describe('a stream', () => {
  it('carries bytes both ways, whatever becomes of the buffers', async () => {
    const { client, server } = await established(options);
    const buffer = Buffer.from('first');
    client.association.send(buffer, 0);
    buffer.write('SECND');
    // Node is still busy with the first one.
    client.association.send(buffer, 0);
    buffer.fill(0);
    server.association.send(Buffer.from('back'), 0);
    await settle();
    expect(server.text).toBe('firstSECND');
    expect(client.text).toBe('back');
  });

  it('comes through byte by byte', async () => {
    const { client, server } = await pair(options);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.carry = (piece) => {
        for (const byte of piece) queueMicrotask(() => to.association.receive(Uint8Array.of(byte), 0));
        return undefined;
      };
    }
    await settle(60);
    client.association.send(Buffer.from('slowly'), 0);
    await settle();
    expect([client.events, server.events]).toEqual([['established'], ['established']]);
    expect(server.text).toBe('slowly');
  });

  it('asks a sender who runs ahead to wait, and loses nothing', async () => {
    const { client, server } = await established(options);
    const block = Buffer.alloc(10_000);
    let waits = 0;
    for (let value = 0; value < 200; value += 1) {
      const room = client.association.send(block.fill(value), 0);
      if (room !== undefined) waits += 1;
      await room;
    }
    await settle();
    expect(waits).toBeGreaterThan(10);
    expect(server.text).toHaveLength(2_000_000);
    for (let value = 0; value < 200; value += 1) {
      const part = server.text.slice(value * 10_000, (value + 1) * 10_000);
      if (part !== String.fromCharCode(value).repeat(10_000)) throw new Error(`block ${value} is damaged`);
    }
  });

  it('waits for the lower socket, and takes no more than 16 MiB meanwhile', async () => {
    const { client, server } = await established(options);
    let release = (): void => {};
    client.room = new Promise((resolve) => {
      release = resolve;
    });
    const block = Buffer.alloc(1_000_000);
    const rooms: unknown[] = [];
    const flood = (): void => {
      for (let count = 0; count < 40; count += 1) rooms.push(client.association.send(block, 0));
    };
    expect(flood).toThrow(expect.objectContaining({ code: 'ENOBUFS', message: expect.stringMatching(/await/) }));
    expect(new Set(rooms).size).toBe(1);
    client.room = undefined;
    release();
    await rooms[0];
    await settle();
    expect(server.text).toHaveLength(rooms.length * 1_000_000);
  });

  it('takes no empty message, and none before or after its time', async () => {
    const { client, server } = await pair(options);
    const send = (size: number) => () => client.association.send(new Uint8Array(size), 0);
    expect(send(1)).toThrow(expect.objectContaining({ code: 'EPIPE' }));
    await settle();
    expect(send(0)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    void client.association.shutdown(0);
    expect(send(1)).toThrow(expect.objectContaining({ code: 'EPIPE' }));
    await settle();
    expect(() => server.association.send(new Uint8Array(1), 0)).toThrow(expect.objectContaining({ code: 'EPIPE' }));
  });
});

describe('the end', () => {
  it('comes after everything that was sent', async () => {
    const { client, server } = await established(options);
    for (let count = 0; count < 20; count += 1) client.association.send(Buffer.alloc(10_000), 0);
    await client.association.shutdown(0);
    client.association.destroy();
    await settle();
    expect(server.text).toHaveLength(200_000);
    expect(server.events).toEqual(['established', 'closed close_notify']);
  });

  it('is answered, and told to both', async () => {
    const { client, server } = await established(options);
    await client.association.shutdown(0);
    await settle();
    expect(client.events).toEqual(['established', 'closed close_notify']);
    expect(server.events).toEqual(['established', 'closed close_notify']);
    expect([client.association.phase, server.association.phase]).toEqual(['closed', 'closed']);
  });

  it('does not keep the peer from finishing what it was sending', async () => {
    const { client, server } = await established(options);
    server.association.send(Buffer.alloc(300_000), 0);
    await client.association.shutdown(0);
    await settle();
    expect(client.text).toHaveLength(300_000);
    expect(client.events).toEqual(['established', 'closed close_notify']);
  });

  it('is asked for twice and comes once', async () => {
    const { client } = await established(options);
    const [first, second] = [client.association.shutdown(0), client.association.shutdown(0)];
    expect(second).toBe(first);
    await first;
    expect(client.association.shutdown(0)).toBe(first);
  });

  it.each([
    ['the handshake', pair, /before the handshake was complete/],
    ['a connection', established, /without close_notify/],
  ] as const)('of the stream alone is an attack on %s', async (_what, begin, message) => {
    const { client, server }: Pair = await begin(options);
    client.carry = () => undefined;
    client.association.end?.(0);
    await settle();
    expect(client.errors).toEqual([
      expect.objectContaining({ code: 'ECONNRESET', message: expect.stringMatching(message) }),
    ]);
    server.association.destroy();
  });

  it('of the stream right behind an alert does not hide the alert', async () => {
    const { client, server } = await pair({
      ...options,
      server: { security: pskServer({ identities: { other: key }, unknownIdentity: 'alert' }) },
    });
    server.carry = (piece) => {
      const isAlert = piece[0] === 21;
      queueMicrotask(() => {
        client.association.receive(piece, 0);
        if (isAlert) client.association.end?.(0);
      });
      return undefined;
    };
    await settle();
    expect(client.errors).toEqual([expect.objectContaining({ alert: expect.objectContaining({ description: 115 }) })]);
  });

  it('of the stream right behind close_notify is in order', async () => {
    const { client, server } = await established(options);
    server.carry = (piece) => {
      queueMicrotask(() => {
        client.association.receive(piece, 0);
        client.association.end?.(0);
      });
      return undefined;
    };
    await server.association.shutdown(0);
    await settle();
    expect(client.events).toEqual(['established', 'closed close_notify']);
  });

  it('is silent after destroy, at any time', async () => {
    for (const turns of [0, 1, 2, 3, 5, 30]) {
      const { client, server } = await pair(options);
      await settle(turns);
      const seen = [client, server].map(({ events, sent }) => [events.length, sent.length]);
      for (const { association } of [client, server]) {
        association.destroy();
        association.destroy();
        association.receive(Buffer.from('late'), 0);
      }
      await settle();
      expect([client, server].map(({ events, sent }) => [events.length, sent.length])).toEqual(seen);
      expect([client.association.phase, server.association.phase]).toEqual(['closed', 'closed']);
    }
  });
});

describe('bad input', () => {
  it.each([
    ['text', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['zeros', Buffer.alloc(64)],
    ['a record that is too long', Buffer.from([22, 3, 3, 0xff, 0xff, ...Buffer.alloc(100)])],
    ['an SSHv2 banner', Buffer.from('SSH-2.0-OpenSSH_9.2p1\r\n')],
  ])('%s instead of a handshake ends it with a reason', async (_what, junk) => {
    const { client, server } = await pair(options);
    client.carry = () => undefined;
    server.association.receive(junk, 0);
    client.association.receive(junk, 0);
    await settle();
    for (const { errors } of [client, server]) {
      expect(errors).toHaveLength(1);
      expect(errors[0]).toMatchObject({ code: 'EPROTO', library: { code: expect.stringMatching(/^ERR_SSL_/) } });
    }
  });

  it('in a protected record ends the connection with bad_record_mac on both sides', async () => {
    const { client, server } = await established(options);
    client.carry = (piece) => {
      piece[piece.length - 1]! ^= 1;
      return piece;
    };
    client.association.send(Buffer.from('damaged'), 0);
    await settle();
    expect(server.text).toBe('');
    expect(server.errors[0]!.alert).toMatchObject({ name: 'bad_record_mac', origin: 'local' });
    expect(client.errors[0]!.alert).toMatchObject({ name: 'bad_record_mac', origin: 'peer' });
  });

  it('silence ends a handshake after 30 s, and not a connection', async () => {
    const { client } = await pair(options);
    client.carry = () => undefined;
    expect(client.association.deadline).toBe(30_000);
    client.association.receive(Uint8Array.of(22), 10_000);
    expect(client.association.deadline).toBe(40_000);
    client.association.timeout(39_999);
    expect(client.events).toEqual([]);
    client.association.timeout(40_000);
    expect(client.errors).toEqual([expect.objectContaining({ code: 'ETIMEDOUT' })]);
    const quiet = await established(options);
    expect(quiet.client.association.deadline).toBeUndefined();
    quiet.client.association.timeout(1e9);
    expect(quiet.client.events).toEqual(['established']);
  });
});

describe('exported keying material', () => {
  const label = 'EXPERIMENTAL avs-net';

  it('is the same at both ends, and another for another label, length, context or connection', async () => {
    const [one, two] = [await established(options), await established(options)];
    const [client, server, other] = [one.client, one.server, two.client].map(
      ({ association }) =>
        (...of: [string, number, Uint8Array?]) =>
          Buffer.from(association.exportKeyingMaterial!(...of)).toString('hex'),
    );
    const asked: [string, number, Uint8Array?][] = [
      [label, 32],
      [label, 33],
      [`${label} 2`, 32],
      [label, 32, Buffer.from('context')],
      [label, 32, new Uint8Array(0)],
    ];
    const given = asked.map((of) => client!(...of));
    expect(asked.map((of) => server!(...of))).toEqual(given);
    expect(new Set([...given, ...asked.map((of) => other!(...of))]).size).toBe(10);
  });

  it.each(['client finished', 'master secret', 'key expansion'])(
    'is refused under the label "%s"',
    async (reserved) => {
      const { client } = await established(options);
      expect(() => client.association.exportKeyingMaterial!(reserved, 32)).toThrow(
        expect.objectContaining({ code: 'EINVAL' }),
      );
    },
  );

  it('is not there before the handshake and after the end', async () => {
    const { client, server } = await pair(options);
    const refused = expect.objectContaining({ code: 'ENOTCONN' });
    expect(() => client.association.exportKeyingMaterial!(label, 32)).toThrow(refused);
    await settle();
    await client.association.shutdown(0);
    await settle();
    expect(() => server.association.exportKeyingMaterial!(label, 32)).toThrow(refused);
  });
});
