import type { NetworkInit } from '@avs-net/conformance/network';
import { describe, expect, it } from 'vitest';
import { pair } from '../test/pair.ts';
import type { PskServerInit } from '../test/psk-server.ts';

const SERVERS: { name: string; server: Partial<PskServerInit> }[] = [
  { name: 'a flight in a datagram', server: { hint: Buffer.from('hint') } },
  { name: 'a record in a datagram', server: { hint: Buffer.from('hint'), packing: 'records' } },
  { name: 'without cookie', server: { cookie: 'none' } },
];

/** Datagrams of an undisturbed handshake. */
function datagrams(server: Partial<PskServerInit>): { index: number; direction: 'forth' | 'back' }[] {
  const { network, shake } = pair({ server });
  shake();
  return network.log.map(({ index, direction }) => ({ index, direction }));
}

describe.each(SERVERS)('every datagram of the handshake, $name', ({ server }) => {
  describe.each(['drop', 'duplicate', 'swap'] as const)('%s', (fate) => {
    it.each(datagrams(server))('$direction $index', ({ index, direction }) => {
      const { client, server: peer, network, clock, shake, run } = pair({ server });
      network.rule((_datagram, at, way) => (at === index && way === direction ? fate : undefined));
      shake();
      expect(client.failed).toBeUndefined();
      expect(client.established).toBe(true);
      // One wait of 1 s repairs one loss.
      expect(clock.now()).toBeLessThan(1200);
      client.send(Buffer.from('ping'));
      peer.send(Buffer.from('pong'));
      run(() => client.messages.length > 0 && peer.messages.length > 0);
      expect(client.messages.map(String)).toEqual(['pong']);
    });
  });

  it('all of them doubled', () => {
    const { client, network, shake } = pair({ server });
    network.rule(() => 'duplicate');
    shake();
    expect(client.established).toBe(true);
  });

  it('a server that is slower than its own timer', () => {
    const { client, network, shake } = pair({ server });
    network.rule((_datagram, _at, way) => (way === 'back' ? { delay: 1500 } : undefined));
    shake();
    expect(client.established).toBe(true);
  });
});

describe('lossy paths', () => {
  const seeds = Array.from({ length: 12 }, (_, index) => index + 1);
  const lossy = (loss: number, seed: number): Partial<NetworkInit> => ({
    seed,
    faults: { loss, duplicate: 0.05, reorder: 0.1, delay: { min: 5, max: 15 } },
  });

  it.each([
    { loss: 0.1, limit: 20_000, least: 12 },
    { loss: 0.25, limit: 60_000, least: 12 },
    { loss: 0.5, limit: 250_000, least: 7 },
  ])('$loss each way: $least of 12 within $limit ms', ({ loss, limit, least }) => {
    const times = seeds.map((seed) => {
      const { client, clock, shake } = pair({ network: lossy(loss, seed), server: { hint: Buffer.from('hint') } });
      shake();
      return client.established ? Math.round(clock.now()) : Infinity;
    });
    expect(times.filter((ms) => ms <= limit).length).toBeGreaterThanOrEqual(least);
  });

  it('flips bits and connects or fails in time', () => {
    for (const seed of seeds) {
      const { client, clock, shake } = pair({
        network: { seed, faults: { corrupt: 0.3, delay: { min: 5, max: 15 } } },
      });
      shake();
      expect(client.established || client.failed !== undefined).toBe(true);
      expect(clock.now()).toBeLessThan(200_000);
    }
  });
});

describe('after the handshake', () => {
  it.each([62, 63, 64, 65, 100, 1000, 100_000])('hears again after %i lost records', (skip) => {
    const { client, server, run, shake } = pair();
    shake();
    server.send(Buffer.from('before'));
    server.send(Buffer.from('after'), { skip });
    run();
    expect(client.messages.map(String)).toEqual(['before', 'after']);
  });

  it('delivers every record once, in the order of arrival', () => {
    const { client, server, shake } = pair();
    shake();
    const [first, second, third] = ['1', '2', '3'].map((text) => server.sealed(Buffer.from(text))) as Buffer[];
    client.receive(Buffer.concat([third!, first!, third!]));
    client.receive(second!);
    client.receive(first!);
    expect(client.messages.map(String)).toEqual(['3', '1', '2']);
    expect(client.drops).toEqual(['replayed', 'replayed']);
  });

  it('keeps what overtakes the Finished of the server, and delivers it behind the handshake', () => {
    const { client, server, network, run } = pair({ server: { packing: 'records' } });
    network.rule(({ data }, _at, way) => (way === 'back' && data[0] !== 23 ? { delay: 50 } : undefined));
    run(() => server.established);
    server.send(Buffer.from('early'));
    run(() => client.messages.length > 0);
    expect(client.established).toBe(true);
    expect(client.messages.map(String)).toEqual(['early']);
  });
});
