import { describe, expect, it } from 'vitest';
import { FORGED, FORGERIES, forgeries } from '../test/forgeries.ts';
import { type Pair, pair } from '../test/pair.ts';

/** Five echoes still come back, and nothing else. */
function expectAlive({ client, server, run }: Pair): void {
  const heard = client.messages.length;
  const got = server.messages.length;
  for (let n = 1; n <= 5; n++) {
    client.send(Buffer.from(`up ${n}`));
    server.send(Buffer.from(`down ${n}`));
  }
  run(() => server.messages.length === got + 5 && client.messages.length === heard + 5);
  expect(client.messages.slice(heard).map(String)).toEqual(['down 1', 'down 2', 'down 3', 'down 4', 'down 5']);
  expect(server.messages.slice(got).map(String)).toEqual(['up 1', 'up 2', 'up 3', 'up 4', 'up 5']);
  expect(client.messages.map(String).filter((text) => text.includes(FORGED))).toEqual([]);
  expect(client.failed).toBeUndefined();
  expect(client.closed).toBeUndefined();
}

/** How far the handshake has got when the forgeries arrive. */
const MOMENTS: { name: string; reached: (pair: Pair) => boolean }[] = [
  { name: 'before the first answer', reached: () => true },
  { name: 'after HelloVerifyRequest', reached: ({ client }) => client.sent.length > 1 },
  { name: 'after ClientKeyExchange', reached: ({ client }) => client.sent.length > 2 },
];

describe.each([
  { name: 'behind the record filter', filter: true },
  { name: 'without the record filter', filter: false },
])('$name', ({ filter }) => {
  const made = (): Pair => pair({ filter, server: { hint: Buffer.from('hint') } });

  describe.each(FORGERIES)('$name', ({ datagram }) => {
    it.each(MOMENTS)('during the handshake, $name', ({ reached }) => {
      const one = made();
      one.run(() => reached(one));
      one.client.receive(datagram);
      one.shake();
      expect(one.client.established).toBe(true);
      expectAlive(one);
    });

    it('against an established association, without a word', () => {
      const one = made();
      one.shake();
      expectAlive(one);
      const sent = one.client.sent.length;
      one.client.receive(datagram);
      expect(one.client.sent.length).toBe(sent);
      expect(one.client.drops.length).toBeGreaterThan(0);
      expectAlive(one);
    });
  });

  describe.each([1, 2, 3])('200 of them, seed %i', (seed) => {
    it.each(MOMENTS)('$name', ({ reached }) => {
      const one = made();
      one.run(() => reached(one));
      for (const { datagram } of forgeries(200, seed)) one.client.receive(datagram);
      one.shake();
      expect(one.client.established).toBe(true);
      for (const { datagram } of forgeries(200, seed + 100)) one.client.receive(datagram);
      expectAlive(one);
    });
  });

  it('a handshake under a steady rain of them ends in time', () => {
    const one = made();
    const rain = forgeries(200, 7);
    let drop = 0;
    one.network.rule((_datagram, _index, way) => (way === 'back' ? 'drop' : undefined));
    one.run(() => {
      one.client.receive(rain[drop++ % rain.length]!.datagram);
      return one.client.failed !== undefined;
    });
    expect(one.client.failed).toBeDefined();
    expect(one.clock.now()).toBeLessThanOrEqual(123_000);
  });
});

describe('what a forger can reach', () => {
  it('is nothing with 200 at every step of a handshake, the filter aside', () => {
    const one = pair({ filter: false, server: { hint: Buffer.from('hint') } });
    for (const { reached } of MOMENTS) {
      one.run(() => reached(one));
      for (const { datagram } of forgeries(200, 4)) one.client.receive(datagram);
    }
    one.shake();
    expectAlive(one);
    expect(one.clock.now()).toBeLessThan(100);
  });

  it('answers no more than eight forged cookies', () => {
    const { client } = pair({ filter: false });
    for (let n = 0; n < 100; n++) {
      const cookie = `16feff0000${(1000 + n).toString(16).padStart(12, '0')}`;
      const body = `feff04${(0x0a00_0000 + n).toString(16).padStart(8, '0')}`;
      client.receive(Buffer.from(`${cookie}0013030000070000000000000007${body}`, 'hex'));
    }
    expect(client.sent.length).toBe(9);
    expect(client.drops.filter((reason) => reason === 'tooManyCookies').length).toBe(92);
  });

  it('recovers from a forged cookie', () => {
    const { client, shake } = pair();
    client.receive(Buffer.from('16feff000000000000000000130300000700000000000000' + '07feff0400000001', 'hex'));
    expect(client.sent.length).toBe(2);
    shake();
    expect(client.established).toBe(true);
  });
});
