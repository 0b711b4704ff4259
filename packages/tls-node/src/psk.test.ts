import { psk, pskServer } from '@avs-net/credentials';
import { describe, expect, it } from 'vitest';
import { established, host, settle } from '../test/pair.ts';
import { createContext } from './context.ts';

const key = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const client = { security: psk({ identity: 'device', key }) };
const serve = (options: Parameters<typeof pskServer>[0]) => ({ security: pskServer(options) });
const server = serve({ identities: { device: key } });

describe('pre-shared keys', () => {
  it('make a connection of TLS 1.2, and tell who it is with', async () => {
    const ends = await established({ client, server: serve({ identities: { device: key }, identityHint: 'which?' }) });
    expect(ends.client.events).toEqual(['established']);
    expect(ends.server.events).toEqual(['established']);
    expect(ends.client.association.info()).toEqual({
      version: 'TLSv1.2',
      ciphersuite: { id: 0xccac, name: 'TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256' },
      resumed: false,
      pskIdentityHint: Buffer.from('which?'),
    });
    expect(ends.server.association.info()).toMatchObject({
      pskIdentity: Uint8Array.from(Buffer.from('device')),
      resumed: false,
    });
  });

  it.each([
    ['a wrong key', serve({ identities: { device: Buffer.alloc(16, 9) } })],
    ['an unknown identity', serve({ identities: { other: key } })],
    ['an unknown identity, found out later', serve({ lookup: async () => undefined })],
    ['a key that is too long', serve({ lookup: () => new Uint8Array(513) })],
  ])('%s looks like any other wrong key', async (_what, wrong) => {
    const ends = await established({ client, server: wrong });
    expect(ends.server.events).toEqual(['failed EPROTO']);
    expect(ends.server.errors[0]!.alert).toMatchObject({ description: 20, origin: 'local' });
    expect(ends.client.events).toEqual(['failed EPROTO']);
    expect(ends.client.errors[0]).toMatchObject({
      alert: { level: 'fatal', description: 20, name: 'bad_record_mac', origin: 'peer' },
      message: expect.stringContaining('is key and identity what the peer knows?'),
    });
  });

  it('wait for a look-up, however long it takes', async () => {
    let answer: (found: Uint8Array) => void = () => {};
    const asked: string[] = [];
    const lookup = (identity: Uint8Array): Promise<Uint8Array> => {
      asked.push(Buffer.from(identity).toString());
      return new Promise((resolve) => {
        answer = resolve;
      });
    };
    const ends = await established({ client, server: serve({ lookup }) });
    expect([ends.client.events, ends.server.events, asked]).toEqual([[], [], ['device']]);
    answer(key);
    await settle();
    expect([ends.client.events, ends.server.events, asked]).toEqual([['established'], ['established'], ['device']]);
    expect(ends.server.association.info()).toMatchObject({ pskIdentity: Uint8Array.from(Buffer.from('device')) });
  });

  it('may be answered when nobody waits any more', async () => {
    const ends = await established({ client, server: serve({ lookup: () => new Promise(() => {}) }) });
    ends.server.association.destroy();
    ends.server.association.answer?.(1, key, 0);
    await settle();
    expect(ends.server.events).toEqual([]);
  });

  it('do not let a client pile up data while its key is looked up', async () => {
    const ends = await established({ client, server: serve({ lookup: () => new Promise(() => {}) }) });
    for (let count = 0; count < 40; count += 1) ends.server.association.receive(Buffer.alloc(1_000), 0);
    expect(ends.server.errors).toEqual([
      expect.objectContaining({ code: 'EPROTO', message: expect.stringMatching(/too much/) }),
    ]);
  });

  it('are refused by name where that is configured', async () => {
    const ends = await established({ client, server: serve({ identities: { other: key }, unknownIdentity: 'alert' }) });
    const named = { description: 115, name: 'unknown_psk_identity' };
    expect(ends.server.errors[0]!.alert).toMatchObject({ ...named, origin: 'local' });
    expect(ends.client.errors[0]!.alert).toMatchObject({ ...named, origin: 'peer' });
  });

  it.each([
    ['the longest identity', { identity: 'i'.repeat(255), key }],
    ['the longest key', { identity: 'device', key: Buffer.alloc(512, 3) }],
    ['an identity that is not ASCII', { identity: 'Gerät ☂', key }],
  ])('may have %s', async (_what, credential) => {
    const identities = new Map([[credential.identity, credential.key]]);
    const ends = await established({ client: { security: psk(credential) }, server: serve({ identities }) });
    expect(ends.client.events).toEqual(['established']);
    expect(Buffer.from(ends.server.association.info().pskIdentity!).toString()).toBe(credential.identity);
  });

  it.each([
    ['an identity that is too long', psk({ identity: 'i'.repeat(256), key }), /identity: expected at most 255 bytes/],
    ['a key that is too long', psk({ identity: 'i', key: Buffer.alloc(513) }), /key: expected at most 512 bytes/],
    ['bytes that are no text', psk({ identity: Buffer.from('ff00', 'hex'), key }), /identity: expected UTF-8/],
    ['a NUL', psk({ identity: 'a\0b', key }), /identity: expected UTF-8 without NUL/],
    [
      'a hint that is no text',
      pskServer({ identities: { a: key }, identityHint: Buffer.from([0xff]) }),
      /Hint: expected UTF-8/,
    ],
    [
      'a hint that is too long',
      pskServer({ identities: { a: key }, identityHint: 'h'.repeat(257) }),
      /at most 256 bytes/,
    ],
  ])('refuse %s at creation', async (_what, security, message) => {
    const creating = createContext({ security }, host);
    await expect(creating).rejects.toMatchObject({ code: 'EINVAL', message: expect.stringMatching(message) });
  });

  it('refuse an empty hint, which node would leave out', async () => {
    const security = pskServer({ identities: { a: key }, identityHint: '' });
    await expect(createContext({ security }, host)).rejects.toMatchObject({ code: 'ENOTSUP' });
  });

  it('belong to one role', async () => {
    const context = await createContext(client, host);
    const request = { role: 'server', error: host.error } as Parameters<NonNullable<typeof context.association>>[0];
    expect(() => context.association?.(request)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    expect((await established({ client, server })).client.errors).toEqual([]);
  });

  it('log the secrets of a connection only to who asked', async () => {
    const lines = { client: [] as string[], server: [] as string[] };
    const ends = await established({
      client: { ...client, keylog: (line) => lines.client.push(line) },
      server: { ...server, keylog: (line) => lines.server.push(line) },
    });
    expect(ends.client.events).toEqual(['established']);
    expect(lines.client).toEqual([expect.stringMatching(/^CLIENT_RANDOM [0-9a-f]{64} [0-9a-f]{96}$/)]);
    expect(lines.server).toEqual(lines.client);
  });

  it('survive a key log that fails', async () => {
    const keylog = (): never => {
      throw new Error('disk full');
    };
    const ends = await established({ client: { ...client, keylog }, server: { ...server, keylog } });
    expect(ends.client.events).toEqual(['established']);
    expect(ends.client.traces).toEqual([{ type: 'keylogFailed', message: 'Error: disk full' }]);
    expect(ends.server.traces).toEqual(ends.client.traces);
  });
});
