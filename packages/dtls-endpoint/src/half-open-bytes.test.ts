import { clientHello, handshake, keyExchangeBody, protectedRecord } from '@avs-net/conformance/dtls-records';
import type { Address } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { FakeAssociation, fakeRequest } from '../../../test/fake-association.ts';
import { FakeEndpoint, type Opened } from '../../../test/fake-endpoint.ts';
import { pskGate } from './psk-gate.ts';
import { type FilterRules, filtered } from './record-filter.ts';

const host = (last: number): Address => ({ host: `192.0.2.${last}`, port: 5_000 });
const alive = (opened: readonly Opened[]): string[] => opened.filter(({ over }) => !over).map(({ peer }) => peer);
const KIB = 1_024;

/** Its engine has come to keep `kib`, which any datagram makes the listener notice. */
function keeps(endpoint: FakeEndpoint, { association }: Opened, kib: number, from: Address): void {
  association.halfOpenBytes = kib * KIB;
  endpoint.arrive(protectedRecord(), from);
}

describe('the bytes of half-open handshakes', () => {
  it('are reckoned as long as they are half open', () => {
    const endpoint = new FakeEndpoint();
    const first = endpoint.begin(host(1));
    const one = endpoint.stat('halfOpenBytes');
    expect(one).toBeGreaterThan(64 * KIB);
    expect(one).toBeLessThan(80 * KIB);
    const second = endpoint.begin(host(2));
    keeps(endpoint, second, 100, host(2));
    expect(endpoint.stat('halfOpenBytes')).toBe(2 * one + 36 * KIB);
    first.association.establish();
    endpoint.arrive(protectedRecord(), host(1));
    expect(endpoint.stat('halfOpenBytes')).toBe(one + 36 * KIB);
    second.association.fail('EPROTO');
    expect(endpoint.stat('halfOpenBytes')).toBe(0);
  });

  it('push out who keeps far more than it takes, whatever it has sent, and never a peer', () => {
    const endpoint = new FakeEndpoint({ maxHalfOpenBytes: 1_000 * KIB });
    endpoint.establish(host(1));
    const [, greedy] = [endpoint.begin(host(2)), endpoint.begin(host(3)), endpoint.begin(host(4))];
    keeps(endpoint, greedy!, 500, host(3));
    expect(alive(endpoint.opened)).toHaveLength(4);
    keeps(endpoint, endpoint.opened[3]!, 450, host(4));
    expect(alive(endpoint.opened)).toEqual(['192.0.2.1:5000', '192.0.2.2:5000', '192.0.2.4:5000']);
    expect(endpoint.listener.stats()).toMatchObject({ peers: 1, halfOpen: 2, 'failed.evicted': 1 });
  });

  it('push out the least advanced of those that keep alike', () => {
    const endpoint = new FakeEndpoint({ maxHalfOpenBytes: 300 * KIB });
    endpoint.establish(host(1));
    for (const last of [2, 3, 4, 5]) endpoint.begin(host(last));
    endpoint.arrive(handshake({ type: 16, messageSeq: 2, body: Uint8Array.of(0, 1, 97) }), host(2));
    for (const last of [6, 7]) endpoint.begin(host(last));
    expect(alive(endpoint.opened)).toEqual(['192.0.2.1:5000', ...[2, 5, 6, 7].map((last) => `192.0.2.${last}:5000`)]);
    expect(endpoint.stat('halfOpenBytes')).toBeLessThanOrEqual(300 * KIB);
  });

  it('make room for who begins, though everybody else has sent something', () => {
    const endpoint = new FakeEndpoint({ maxHalfOpenBytes: 300 * KIB });
    for (const last of [1, 2, 3, 4]) {
      endpoint.begin(host(last));
      endpoint.arrive(protectedRecord(), host(last));
    }
    const newcomer = endpoint.begin(host(5));
    expect(newcomer.over).toBe(false);
    expect(alive(endpoint.opened)).toEqual([2, 3, 4, 5].map((last) => `192.0.2.${last}:5000`));
  });

  it('leave room for one handshake, whatever the limit', () => {
    const endpoint = new FakeEndpoint({ maxHalfOpenBytes: 1 });
    const first = endpoint.begin(host(1));
    expect(first.over).toBe(false);
    first.association.establish();
    endpoint.begin(host(2));
    expect(alive(endpoint.opened)).toHaveLength(2);
  });

  it('stay below the limit whatever half-open peers send', () => {
    const endpoint = new FakeEndpoint({ maxHalfOpenBytes: 2_000 * KIB, maxHalfOpen: 500 });
    for (let count = 1; count <= 400; count++) {
      const from = { host: '198.51.100.1', port: count };
      const opened = endpoint.begin(from);
      if (!opened.over) keeps(endpoint, opened, 64 + (count % 7) * 40, from);
      expect(endpoint.stat('halfOpenBytes')).toBeLessThanOrEqual(2_000 * KIB);
    }
    expect(endpoint.stat('halfOpen')).toBeGreaterThan(5);
  });
});

describe('what is reckoned for one association', () => {
  function kept(rules: FilterRules, ...datagrams: readonly Uint8Array[]): number {
    const opening = {
      hello: clientHello({ cookie: new Uint8Array(32) }),
      from: host(1),
      cookieVerified: true,
    } as const;
    const { request } = fakeRequest({ role: 'server', opening });
    let engine: FakeAssociation | undefined;
    const association = filtered(
      request,
      (outer) =>
        pskGate(
          outer,
          (inner) => {
            engine = new FakeAssociation(inner);
            engine.halfOpenBytes = 0;
            return engine;
          },
          { isPsk: () => true },
        ),
      rules,
    );
    association.start(0);
    const before = association.halfOpenBytes!;
    for (const bytes of datagrams) association.receive(bytes, 1);
    return association.halfOpenBytes! - before;
  }
  const announcement = handshake({ type: 11, messageSeq: 2, total: 30_000, body: new Uint8Array(9) });
  const early = protectedRecord({ type: 23, size: 100 });

  it.each<[string, FilterRules, readonly Uint8Array[], number]>([
    ['messages announced, once each', {}, [announcement, announcement], 30_000],
    ['nothing that is refused', { certificates: false }, [announcement], 0],
    ['early records as an engine keeps them', {}, [early, early], 2 * 17_408],
    ['what an engine that bounds itself says', { boundedEngine: true }, [early, announcement], 0],
    [
      'an identity that is put together',
      {},
      [handshake({ type: 16, messageSeq: 2, total: 50, body: new Uint8Array(9) })],
      150,
    ],
    [
      'what waits for a key',
      { boundedEngine: true },
      [handshake({ type: 16, messageSeq: 2, body: keyExchangeBody(Uint8Array.of(1)) }), early],
      6 + early.length,
    ],
  ])('is %s', (_what, rules, datagrams, bytes) => {
    expect(kept(rules, ...datagrams)).toBe(bytes);
  });

  it('does not shrink with a wait, which makes no engine forget', () => {
    const { request } = fakeRequest({ role: 'server' });
    const engine: FakeAssociation[] = [];
    const association = filtered(request, (inner) => engine[engine.push(new FakeAssociation(inner)) - 1]!);
    association.start(0);
    association.receive(early, 1);
    const kept = association.halfOpenBytes;
    engine[0]!.deadline = 5;
    association.timeout(6);
    expect(association.halfOpenBytes).toBe(kept);
  });
});
