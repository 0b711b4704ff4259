import type { Address, NetError } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import type { TrafficRule } from './datagram.ts';
import { createNetwork, type NetworkInit } from './datagram-network.ts';
import { formatLog } from './log.ts';
import { virtualClock } from './virtual-clock.ts';
import type { VirtualLower } from './virtual-lower.ts';

const A: Address = { host: '192.0.2.1', port: 1000 };
const B: Address = { host: '192.0.2.2', port: 2000 };

/** Two connected lower sockets and what each of them has received, as numbers. */
function pair(init: Omit<NetworkInit, 'clock'> = {}) {
  const clock = virtualClock();
  const network = createNetwork({ clock, ...init });
  const side = (local: Address, remote: Address) => {
    const got: number[] = [];
    const errors: string[] = [];
    const lower = network.lower({ local, remote });
    lower.start({
      receive: (data) => got.push(data[0] ?? -1),
      end: () => {},
      softError: (error: NetError) => errors.push(error.code),
      failed: () => {},
    });
    return { lower, got, errors };
  };
  return { clock, network, a: side(A, B), b: side(B, A) };
}

const sendNumbers = (lower: VirtualLower, count: number): void => {
  for (let number = 0; number < count; number += 1) lower.send(Uint8Array.of(number));
};

describe('delivery', () => {
  it('is never inside send, keeps boundaries and copies borrowed bytes', async () => {
    const { clock, network, a, b } = pair();
    const bytes = Uint8Array.of(7, 8, 9);
    a.lower.send(bytes);
    bytes.fill(0);
    a.lower.send(new Uint8Array(0));
    expect(b.got).toEqual([]);
    await clock.advance(0);
    expect(b.got).toEqual([7, -1]);
    expect(network.log.map((entry) => entry.data.length)).toEqual([3, 0]);
    expect(network.log[0]).toMatchObject({ direction: 'forth', index: 0, fate: 'pass', delivered: 1 });
  });

  it('overwrites what it lent to a sink', async () => {
    const clock = virtualClock();
    const network = createNetwork({ clock });
    let kept: Uint8Array | undefined;
    const receiver = network.lower({ local: B });
    receiver.start({
      receive: (data) => {
        kept = data;
      },
      end() {},
      softError() {},
      failed() {},
    });
    network.lower({ local: A }).sendTo(Uint8Array.of(1, 2), B);
    await clock.advance(0);
    expect([...kept!]).toEqual([0xa5, 0xa5]);
  });

  it('keeps what arrives before start and during a pause, in order, within a bound', async () => {
    const { clock, a, b } = pair();
    b.lower.pause();
    sendNumbers(a.lower, 3);
    await clock.advance(10);
    expect(b.got).toEqual([]);
    b.lower.resume();
    a.lower.send(Uint8Array.of(3));
    await clock.advance(0);
    expect(b.got).toEqual([0, 1, 2, 3]);
    b.lower.pause();
    for (let number = 0; number < 300; number += 1) a.lower.send(Uint8Array.of(1));
    await clock.advance(0);
    expect(b.lower.queueFull).toBe(44);
  });

  it('hears only the peer when connected, and nothing after close', async () => {
    const { clock, network, a, b } = pair();
    network.inject({ from: { host: '203.0.113.9', port: 9 }, to: B, data: Uint8Array.of(66) });
    await clock.advance(0);
    expect(b.got).toEqual([]);
    network.inject({ from: A, to: B, data: Uint8Array.of(67) });
    await clock.advance(0);
    expect(b.got).toEqual([67]);
    expect(network.log[1]).toMatchObject({ by: 'injection', delivered: 1 });
    a.lower.send(Uint8Array.of(1));
    b.lower.close();
    await clock.advance(0);
    expect(b.got).toEqual([67]);
    expect(network.ports).toEqual([A]);
  });
});

describe('rules', () => {
  const cases: [name: string, rule: TrafficRule, got: number[]][] = [
    ['drop the second', (_, index) => (index === 1 ? 'drop' : undefined), [0, 2, 3]],
    ['duplicate the first', (_, index) => (index === 0 ? 'duplicate' : undefined), [0, 0, 1, 2, 3]],
    ['swap the second with the third', (_, index) => (index === 1 ? 'swap' : undefined), [0, 2, 1, 3]],
    ['delay the first', (_, index) => (index === 0 ? { delay: 5 } : undefined), [1, 2, 3, 0]],
    ['replace the last', (_, index) => (index === 3 ? { replace: Uint8Array.of(99) } : undefined), [0, 1, 2, 99]],
    ['hold the last for ever: no', (_, index) => (index === 3 ? 'swap' : undefined), [0, 1, 2, 3]],
    ['only the other direction', (_, __, direction) => (direction === 'back' ? 'drop' : undefined), [0, 1, 2, 3]],
  ];
  it.each(cases)('%s', async (_, rule, got) => {
    const { clock, network, a, b } = pair();
    network.rule(rule);
    sendNumbers(a.lower, 4);
    await clock.advance(1_000);
    expect(b.got).toEqual(got);
  });

  it('come before the faults, the first that decides wins, and can be taken back', async () => {
    const { clock, network, a, b } = pair({ faults: { loss: 1 } });
    const remove = network.rule((datagram) => (datagram.data[0] === 1 ? 'pass' : undefined));
    network.rule((datagram) => (datagram.data[0] === 1 ? 'drop' : undefined));
    sendNumbers(a.lower, 3);
    await clock.advance(0);
    expect(b.got).toEqual([1]);
    remove();
    sendNumbers(a.lower, 3);
    await clock.advance(0);
    expect(b.got).toEqual([1]);
    expect(network.log.map((entry) => entry.by)).toEqual(['faults', 'rule', 'faults', 'faults', 'rule', 'faults']);
  });

  it('count each direction by itself', async () => {
    const { clock, network, a, b } = pair();
    const seen: string[] = [];
    network.rule((_, index, direction) => void seen.push(`${direction} ${index}`) as undefined);
    sendNumbers(a.lower, 2);
    sendNumbers(b.lower, 1);
    sendNumbers(a.lower, 1);
    await clock.advance(0);
    expect(seen).toEqual(['forth 0', 'forth 1', 'back 0', 'forth 2']);
  });
});

describe('conditions', () => {
  it.each([
    ['EMSGSIZE', ['EMSGSIZE'], 1],
    ['blackhole', [], 2],
  ] as const)('mtu 128: one byte too many meets %s', async (tooLarge, errors, logged) => {
    const { clock, network, a, b } = pair({ mtu: 128, tooLarge });
    expect(a.lower.innerMtu()).toBe(100);
    a.lower.send(new Uint8Array(100).fill(1));
    a.lower.send(new Uint8Array(101).fill(2));
    await clock.advance(0);
    expect(b.got).toEqual([1]);
    expect(a.errors).toEqual(errors);
    expect(network.log.length).toBe(logged);
    network.change({ mtu: 1500 });
    a.lower.send(new Uint8Array(101).fill(3));
    await clock.advance(0);
    expect(b.got).toEqual([1, 3]);
  });

  it('answers for nobody as ICMP does, unless told not to', async () => {
    const { clock, network, a, b } = pair();
    b.lower.close();
    a.lower.send(Uint8Array.of(1));
    await clock.advance(0);
    expect(a.errors).toEqual(['ECONNREFUSED']);
    expect(network.log[0]).toMatchObject({ delivered: 0, unreachable: 1 });
    network.change({ unreachable: false });
    a.lower.send(Uint8Array.of(1));
    await clock.advance(0);
    expect(a.errors.length).toBe(1);
    network.injectUnreachable({ to: A, about: B });
    network.injectUnreachable({ to: A, about: A });
    await clock.advance(0);
    expect(a.errors.length).toBe(2);
  });

  it('moves an address: the old one is nobody, replies go to the new one', async () => {
    const { clock, network } = pair();
    const from: Address[] = [];
    const server = network.lower({ local: { host: '192.0.2.3', port: 5 } });
    server.start({ receive: (_, source) => void from.push(source!), end() {}, softError() {}, failed() {} });
    const client = network.lower({ remote: server.local });
    client.send(Uint8Array.of(1));
    const moved = network.move(client.local);
    client.send(Uint8Array.of(2));
    await clock.advance(0);
    expect(from).toEqual([client.local, moved]);
    expect(network.log.map((entry) => entry.index)).toEqual([0, 1]);
    server.sendTo(Uint8Array.of(3), client.local);
    server.sendTo(Uint8Array.of(4), moved);
    await clock.advance(0);
    expect(network.log.slice(2).map((entry) => entry.delivered)).toEqual([0, 1]);
    expect(() => network.move(client.local)).toThrow(/nobody holds/);
  });

  it.each([
    [{ mtu: 10 }, /mtu/],
    [{ faults: { loss: 1.5 } }, /faults\.loss/],
    [{ faults: { delay: { min: 5, max: 1 } } }, /faults\.delay/],
  ])('refuses %j', (init, message) => {
    expect(() => createNetwork({ clock: virtualClock(), ...init })).toThrow(message);
  });
});

describe('seeded faults', () => {
  const faults = { loss: 0.2, duplicate: 0.1, reorder: 0.1, corrupt: 0.1, delay: { min: 1, max: 30 } };
  const run = async (seed: number, noise = false) => {
    const { clock, network, a, b } = pair({ seed, faults });
    const other = network.lower({ remote: B });
    for (let round = 0; round < 300; round += 1) {
      a.lower.send(Uint8Array.of(round & 0x7f, 1, 2, 3));
      if (noise) other.send(Uint8Array.of(1));
      b.lower.send(Uint8Array.of(round & 0x7f, 4, 5, 6));
      await clock.advance(1);
    }
    await clock.advance(1_000);
    return { network, got: [a.got, b.got] };
  };

  it('are the same for the same seed and others for another', async () => {
    const first = await run(3);
    const again = await run(3);
    const another = await run(4);
    expect(formatLog(again.network.log)).toBe(formatLog(first.network.log));
    expect(again.got).toEqual(first.got);
    expect(formatLog(another.network.log)).not.toBe(formatLog(first.network.log));
  });

  it('of one pair do not depend on the traffic of others', async () => {
    const quiet = (await run(5)).network.log.filter((entry) => entry.to.port === A.port);
    const noisy = (await run(5, true)).network.log.filter((entry) => entry.to.port === A.port);
    expect(formatLog(noisy)).toBe(formatLog(quiet));
  });

  it('come about as often as they were asked for', async () => {
    const { log } = (await run(6)).network;
    const share = (fate: string) => log.filter((entry) => entry.fate === fate).length / log.length;
    expect(share('drop')).toBeGreaterThan(0.15);
    expect(share('drop')).toBeLessThan(0.25);
    expect(share('duplicate')).toBeGreaterThan(0.05);
    expect(share('swap')).toBeGreaterThan(0.04);
    expect(log.filter((entry) => entry.corrupted).length).toBeGreaterThan(30);
    expect(log.every((entry) => entry.fate === 'drop' || (entry.delay >= 1 && entry.delay < 30))).toBe(true);
    const expected = log.reduce((sum, { fate }) => sum + (fate === 'drop' ? 0 : fate === 'duplicate' ? 2 : 1), 0);
    expect(log.reduce((sum, entry) => sum + entry.delivered, 0)).toBe(expected);
  });
});
