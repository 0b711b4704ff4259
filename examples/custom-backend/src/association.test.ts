import { describe, expect, it } from 'vitest';
import { associationPair, IDENTITY, KEY } from '../test/association-pair.ts';
import type { Side } from '../test/association-run.ts';

/** RFC 6347 §4.2.4.1 with the default timeouts: seconds. */
const WAITS = [1, 2, 4, 8, 16, 32, 60].map((seconds) => seconds * 1_000);
const waitsOf = (side: Side) => side.traces.map((event) => event['waitMs']);

describe('a PSK handshake', () => {
  it('takes four flights and gives the facts of it', async () => {
    const pair = await associationPair({ request: { serverName: 'server.test' } });
    expect(pair.run()).toBe(true);
    expect(pair.network.log.map(({ direction }) => direction)).toEqual(['forth', 'back', 'forth', 'back']);
    const facts = {
      version: 'DTLSv1.2',
      resumed: false,
      extendedMasterSecret: true,
      ciphersuite: { id: 0x00a8, name: 'TLS_PSK_WITH_AES_128_GCM_SHA256' },
      serverName: 'server.test',
    };
    expect(pair.client.association.info()).toMatchObject(facts);
    expect(pair.server.association.info()).toMatchObject({ ...facts, pskIdentity: new Uint8Array(IDENTITY) });
    expect(pair.client.association.info().pskIdentityHint).toBeUndefined();
    expect([pair.client.association.deadline, pair.server.association.deadline]).toEqual([undefined, undefined]);
  });

  it.each([
    [[0xc0a8], undefined, 0xc0a8],
    [['PSK-AES128-CCM8', 0x00a8], ['TLS_PSK_WITH_AES_128_CCM_8'], 0xc0a8],
    [[0xc0a8, 0x00a8], [0x00a8, 0xc0a8], 0x00a8],
    [[0x00a8, 0xc0a8], [0xc0a8, 0x00a8], 0xc0a8],
  ])('client %j, server %j: the server prefers %i', async (clientSuites, serverSuites, chosen) => {
    const pair = await associationPair({ clientSuites, ...(serverSuites === undefined ? {} : { serverSuites }) });
    expect(pair.run()).toBe(true);
    expect(pair.client.association.info().ciphersuite?.id).toBe(chosen);
    pair.client.say('hello');
    pair.wait(0);
    expect(pair.server.messages).toEqual(['hello']);
  });

  it.each([
    ['empty', ''],
    ['a name', 'which-key'],
  ])('carries a hint that is %s', async (_, hint) => {
    const pair = await associationPair({ policy: { identityHint: Buffer.from(hint) } });
    expect(pair.run()).toBe(true);
    expect(Buffer.from(pair.client.association.info().pskIdentityHint!).toString()).toBe(hint);
  });

  it('carries any identity: with zero bytes, empty, long enough for several fragments', async () => {
    for (const identity of [Buffer.from('a\0b'), Buffer.alloc(0), Buffer.alloc(1_024, 'x')]) {
      const pair = await associationPair({ identity, network: { mtu: 200 } });
      expect(pair.run()).toBe(true);
      expect(Buffer.compare(pair.server.association.info().pskIdentity!, identity)).toBe(0);
    }
  });
});

describe('a handshake that cannot succeed', () => {
  it('wrong key: silence, until the schedule is over and words say what is likely', async () => {
    const pair = await associationPair({ key: Buffer.alloc(16, 7) });
    expect(pair.run()).toBe(false);
    pair.wait(200_000);
    expect(pair.client.failure?.code).toBe('ETIMEDOUT');
    expect(pair.client.failure?.message).toMatch(/after ClientKeyExchange: the key or the identity may be wrong/);
    expect(pair.server.failure?.message).toMatch(/no Finished that fits: the client may have another key/);
    expect(waitsOf(pair.client)).toEqual([WAITS[0], ...WAITS]);
    expect(new Set(pair.server.drops)).toEqual(new Set(['badRecordMac', 'oldHandshakeMessage']));
    expect(pair.clock.pending).toBe(0);
    expect(pair.client.failure?.message).not.toContain(Buffer.from(KEY).toString('hex'));
  });

  it('unknown identity: looks like a wrong key by default', async () => {
    const known = await associationPair({ key: Buffer.alloc(16, 7) });
    const unknown = await associationPair({ lookup: () => undefined });
    const nothing = await associationPair({ lookup: () => new Uint8Array(0) });
    for (const pair of [known, unknown, nothing]) {
      pair.run();
      pair.wait(200_000);
    }
    const seen = ({ network }: typeof known) =>
      network.log.map(({ at, direction, data }) => [at, direction, data.length]);
    expect(seen(unknown)).toEqual(seen(known));
    expect(seen(nothing)).toEqual(seen(known));
    expect(unknown.client.failure?.message).toBe(known.client.failure?.message);
  });

  it('unknown identity, to be told: alert 115 on both sides', async () => {
    const pair = await associationPair({ lookup: () => undefined, policy: { unknownIdentity: 'alert' } });
    pair.run();
    pair.wait(2_000);
    expect(pair.server.failure?.alert).toMatchObject({ description: 115, origin: 'local', level: 'fatal' });
    expect(pair.client.failure?.alert).toMatchObject({ name: 'unknown_psk_identity', origin: 'peer' });
  });

  it('no ciphersuite in common: alert 40, which names what was offered on our side', async () => {
    const pair = await associationPair({ clientSuites: [0xc0a8], serverSuites: [0x00a8] });
    pair.run();
    pair.wait(2_000);
    expect(pair.server.failure?.message).toMatch(/offers 0xc0a8, 0x00ff/);
    expect(pair.client.failure?.alert).toMatchObject({ description: 40, origin: 'peer' });
    expect(pair.client.failure?.code).toBe('EPROTO');
  });

  it('nobody there: ETIMEDOUT after 123 s, with the schedule as it was configured', async () => {
    const pair = await associationPair();
    pair.network.rule(() => 'drop');
    pair.run();
    expect(pair.clock.now()).toBe(123_000);
    expect(waitsOf(pair.client)).toEqual(WAITS);
    expect(pair.client.failure?.message).toMatch(/no answer to ClientHello/);
    const short = await associationPair({ request: { handshakeTimeouts: { min: 300, max: 1_000 } } });
    short.network.rule(() => 'drop');
    short.run();
    expect(waitsOf(short.client)).toEqual([300, 600, 1_000]);
    expect(short.clock.now()).toBe(1_900);
  });

  it('a path that swallows large datagrams: the third try is in smaller ones', async () => {
    const init = { identity: Buffer.alloc(600, 'x') };
    const pair = await associationPair({
      ...init,
      network: { mtu: 400, tooLarge: 'blackhole' },
      request: { lowerMtu: 1_472 },
    });
    expect(pair.run()).toBe(true);
    expect(pair.clock.now()).toBe(3_000);
  });
});

describe('a look-up that takes its time', () => {
  it('holds what the client goes on to say, and asks once', async () => {
    let answer: (key: Uint8Array) => void = () => {};
    let asked = 0;
    const lookup = () => {
      asked += 1;
      return new Promise<Uint8Array>((resolve) => {
        answer = resolve;
      });
    };
    const pair = await associationPair({ lookup });
    await pair.clock.advance(10_000);
    expect(asked).toBe(1);
    answer(KEY);
    await pair.clock.advance(0);
    expect(pair.server.events).toEqual(['established']);
    expect(pair.client.events).toEqual(['established']);
    // Client flights at 0, 1, 3 and 7 s; the server, which knows that it has been heard, repeats nothing.
    expect(pair.network.log.filter(({ direction }) => direction === 'back').length).toBe(2);
  });

  it('that never comes ends by the schedule, and an answer after it does nothing', async () => {
    let late: (key: Uint8Array) => void = () => {};
    const pair = await associationPair({
      lookup: () =>
        new Promise((resolve) => {
          late = resolve;
        }),
    });
    await pair.clock.advance(200_000);
    expect(pair.server.failure?.message).toMatch(/look-up of the key did not answer/);
    late(KEY);
    pair.server.association.answer!(1, KEY, pair.clock.now());
    expect(pair.server.events).toEqual(['failed']);
  });

  it('takes only the answer to its own question', async () => {
    const pair = await associationPair({ lookup: () => new Promise(() => {}) });
    await pair.clock.advance(0);
    pair.server.association.answer!(7, KEY, 0);
    await pair.clock.advance(100);
    expect(pair.server.association.phase).toBe('handshake');
    pair.server.association.answer!(1, KEY, 100);
    await pair.clock.advance(0);
    expect(pair.client.events).toEqual(['established']);
  });
});
