import { describe, expect, it } from 'vitest';
import { associationPair, KEY, type Pair } from '../test/association-pair.ts';
import { describeAlert } from './alert-message.ts';
import { PskAssociation } from './association.ts';

const established = async (suite = 0x00a8): Promise<Pair> => {
  const pair = await associationPair({ clientSuites: [suite] });
  expect(pair.run()).toBe(true);
  return pair;
};

describe('maxMessage', () => {
  it.each([
    [0x00a8, 37],
    [0xc0a8, 29],
  ])('suite %i: %i bytes above the payload, exact at every size', async (suite, overhead) => {
    const pair = await established(suite);
    const { association } = pair.client;
    for (const limit of [...Array(64).keys(), 500, 1_279, 1_472, 16_384]) {
      const most = association.maxMessage(limit);
      expect(most).toBe(Math.max(0, limit - overhead));
      if (most === 0 || limit > 1_472) continue;
      pair.client.say('x'.repeat(most));
      expect(pair.network.log.at(-1)?.data.length).toBe(limit);
    }
    expect(association.maxMessage(65_507)).toBe(16_384);
  });

  it('before the handshake is what the most expensive suite leaves', async () => {
    const both = await associationPair();
    const one = await associationPair({ clientSuites: [0xc0a8] });
    expect([both, one].map(({ client }) => client.association.maxMessage(1_472))).toEqual([1_435, 1_443]);
  });
});

describe('messages', () => {
  it('of every size up to the limit keep their bytes', async () => {
    const pair = await associationPair({ network: { mtu: 20_000 } });
    expect(pair.run()).toBe(true);
    for (const size of [1, 15, 16, 17, 1_435, 16_384]) pair.client.say('m'.repeat(size));
    pair.wait(0);
    expect(pair.server.messages.map(({ length }) => length)).toEqual([1, 15, 16, 17, 1_435, 16_384]);
  });

  it('above the limit of the protocol are refused with the limit, before they are established too', async () => {
    const pair = await established();
    const sent = pair.network.log.length;
    expect(() => pair.client.say('x'.repeat(16_385))).toThrow(/at most 16384 bytes.*received 16385.*EMSGSIZE/);
    expect(pair.network.log.length).toBe(sent);
    const early = await associationPair();
    expect(() => early.client.say('x')).toThrow(/phase is handshake.*ENOTCONN/);
  });

  it('arrive once, in any order, and not when they are older than the window', async () => {
    const pair = await established();
    const start = pair.network.log.length;
    pair.network.rule((_, index, way) => (way === 'forth' && index === start / 2 ? 'drop' : undefined));
    for (let number = 0; number < 70; number += 1) pair.client.say(`m${number}`);
    pair.wait(0);
    expect(pair.server.messages.length).toBe(69);
    const sent = pair.network.log.slice(start).map(({ data }) => data);
    for (const datagram of [...sent].reverse()) pair.server.hear(datagram);
    // m0 itself was lost, but 69 records later it is behind the window of 64.
    expect(pair.server.messages.length).toBe(69);
    expect(pair.server.drops.filter((reason) => reason === 'replayed').length).toBe(70);
    const late = await established();
    late.network.rule((_, index, way) => (way === 'forth' && index === 2 ? { delay: 50 } : undefined));
    for (const text of ['one', 'two', 'three']) late.client.say(text);
    late.wait(100);
    expect(late.server.messages).toEqual(['two', 'three', 'one']);
  });

  it('that come before Finished wait for it', async () => {
    const pair = await associationPair();
    pair.network.rule((_, index, way) => (way === 'back' && index === 1 ? { delay: 30 } : undefined));
    while (pair.server.association.phase !== 'established') pair.clock.step();
    pair.server.say('early');
    pair.wait(10);
    expect(pair.client.events).toEqual([]);
    expect(pair.client.messages).toEqual([]);
    pair.wait(50);
    expect(pair.client.events).toEqual(['established']);
    expect(pair.client.messages).toEqual(['early']);
  });
});

describe('the last flight', () => {
  const flights = ({ network }: Pair) => network.log.filter(({ direction }) => direction === 'back').length - 1;

  it('is sent again whenever Finished comes again', async () => {
    const pair = await associationPair();
    pair.network.rule((_, index, way) => (way === 'back' && index >= 1 ? 'drop' : undefined));
    pair.wait(40_000);
    // At 0, and for those that the client repeats at 1, 3, 7, 15 and 31 s.
    expect(flights(pair)).toBe(6);
    expect(pair.server.events).toEqual(['established']);
  });

  /** Finished comes a second time, after `late` ms; the client has the answer to the first by then. */
  it.each([
    ['within four minutes', 200_000, undefined, 2],
    ['after four minutes', 300_000, undefined, 1],
    ['after the client has spoken', 5_000, 'thanks', 1],
  ])('%s: for a Finished %i ms late, with %s said', async (_, late, said, expected) => {
    const pair = await associationPair();
    pair.network.rule((_datagram, index, way) => {
      if (way === 'back' && index === 1) return { delay: 1_500 };
      return way === 'forth' && index === 2 ? { delay: late } : undefined;
    });
    pair.wait(2_000);
    expect(pair.client.events).toEqual(['established']);
    if (said !== undefined) pair.client.say(said);
    pair.wait(400_000);
    expect(flights(pair)).toBe(expected);
  });
});

describe('the end', () => {
  it.each(['client', 'server'] as const)('of the %s: close_notify, answered, once', async (who) => {
    const pair = await established();
    const sent = pair.network.log.length;
    const other = who === 'client' ? pair.server : pair.client;
    pair[who].shutdown();
    pair[who].shutdown();
    pair.wait(10);
    expect(pair[who].events).toEqual(['established', 'closed']);
    expect(other.events).toEqual(['established', 'closed']);
    expect(other.closed).toMatchObject({ name: 'close_notify', origin: 'peer', level: 'warning' });
    expect(pair.network.log.length).toBe(sent + 2);
    expect(pair.clock.pending).toBe(0);
    expect(() => pair[who].say('x')).toThrow(/phase is closed/);
  });

  it('during the handshake is silent and leaves no timer', async () => {
    const pair = await associationPair();
    pair.client.shutdown();
    expect(pair.client.events).toEqual(['closed']);
    expect(pair.client.association.deadline).toBeUndefined();
    pair.client.association.destroy();
    pair.client.association.destroy();
    pair.client.association.timeout(1e9);
    pair.client.association.receive(pair.network.log[0]!.data, 1e9);
    expect(pair.client.events).toEqual(['closed']);
    expect(pair.client.association.phase).toBe('closed');
  });

  it('by a fatal alert that is protected fails at once, on both sides', async () => {
    const pair = await established();
    const { association } = pair.server;
    if (!(association instanceof PskAssociation)) throw new Error('this test wants the bare engine');
    association.failed({ code: 'EPROTO', message: 'for a test', alert: describeAlert('fatal', 80, 'local') });
    pair.wait(0);
    expect(pair.server.failure?.alert?.origin).toBe('local');
    expect(pair.client.failure?.message).toMatch(/ended the association with alert internal_error \(80\)/);
    expect(pair.client.failure?.alert).toEqual({
      level: 'fatal',
      description: 80,
      name: 'internal_error',
      origin: 'peer',
    });
  });

  it('does not touch the key of the configuration, which belongs to core', async () => {
    const pair = await established();
    pair.client.association.destroy();
    pair.server.association.destroy();
    expect(Buffer.from(KEY).toString('hex')).toBe('00112233445566778899aabbccddeeff');
  });
});
