import { handshake, protectedRecord } from '@avs-net/conformance/dtls-records';
import type { Address } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { FakeEndpoint, type Opened } from '../../../test/fake-endpoint.ts';

const host = (last: number, port = 5_000): Address => ({ host: `192.0.2.${last}`, port });
const data = protectedRecord({ type: 23 });
const keyExchange = handshake({ type: 16, messageSeq: 2, body: Uint8Array.of(0, 1, 97) });
const alive = (opened: readonly Opened[]): string[] => opened.filter(({ over }) => !over).map(({ peer }) => peer);

describe('the limits of a listener', () => {
  it('push out the oldest handshake, in silence, and never a peer', () => {
    const endpoint = new FakeEndpoint({ maxHalfOpen: 2 });
    endpoint.establish(host(1));
    for (const last of [2, 3, 4, 5]) {
      const { association } = endpoint.begin(host(last));
      const { output } = association.request;
      association.shutdown = () => output.datagram(Uint8Array.of(21));
      endpoint.clock.advance(10);
    }
    expect(endpoint.lower.sent.filter(({ data }) => data[0] === 21)).toEqual([]);
    expect(alive(endpoint.opened)).toEqual(['192.0.2.1:5000', '192.0.2.4:5000', '192.0.2.5:5000']);
    expect(endpoint.listener.stats()).toMatchObject({
      peers: 1,
      halfOpen: 2,
      'failed.evicted': 2,
      handshakesFailed: 2,
    });
    expect(endpoint.opened[1]?.association.calls).toContain('destroy');
  });

  it('push out who has sent nothing but a hello before who has gone on', () => {
    const endpoint = new FakeEndpoint({ maxHalfOpen: 2 });
    endpoint.begin(host(1));
    endpoint.clock.advance(1);
    endpoint.begin(host(2));
    endpoint.arrive(keyExchange, host(1));
    endpoint.begin(host(3));
    expect(alive(endpoint.opened)).toEqual(['192.0.2.1:5000', '192.0.2.3:5000']);
    endpoint.arrive(keyExchange, host(3));
    endpoint.begin(host(4));
    expect(alive(endpoint.opened)).toEqual(['192.0.2.3:5000', '192.0.2.4:5000']);
  });

  it('take nothing that is refused for progress', () => {
    const endpoint = new FakeEndpoint({ maxPeersPerHost: 2 });
    const { association } = endpoint.begin(host(1, 1));
    association.onReceive = () => association.request.output.dropped('wrongVersion');
    endpoint.arrive(keyExchange, host(1, 1));
    endpoint.clock.advance(1);
    endpoint.begin(host(1, 2));
    endpoint.arrive(keyExchange, host(1, 2));
    endpoint.begin(host(1, 3));
    expect(alive(endpoint.opened)).toEqual(['192.0.2.1:2', '192.0.2.1:3']);
    expect(endpoint.stat('dropped.wrongVersion')).toBe(1);
  });

  it('admit a full house of handshakes by default', () => {
    const endpoint = new FakeEndpoint();
    for (let port = 1; port <= 1_001; port++) endpoint.begin(host(1 + (port % 200), port));
    expect(endpoint.listener.stats()).toMatchObject({ halfOpen: 1_000, 'failed.evicted': 1 });
  });

  it('refuse new peers when all places are taken, but not those that come back', () => {
    const endpoint = new FakeEndpoint({ maxPeers: 2 });
    endpoint.establish(host(1));
    endpoint.establish(host(2));
    endpoint.begin(host(3));
    expect(endpoint.opened).toHaveLength(2);
    expect(endpoint.dropped).toEqual(['tooManyPeers']);
    endpoint.establish(host(2), { random: 99 });
    expect(endpoint.listener.stats()).toMatchObject({ peers: 2, peersReplaced: 1 });
    endpoint.opened[0]?.association.shutdown();
    expect(endpoint.begin(host(3)).peer).toBe('192.0.2.3:5000');
  });

  it('hold while handshakes that were begun before are finished', () => {
    const endpoint = new FakeEndpoint({ maxPeers: 2 });
    const begun = [1, 2, 3].map((last) => endpoint.begin(host(last)));
    for (const { association } of begun) if (association.phase === 'handshake') association.establish();
    expect(endpoint.listener.stats()).toMatchObject({ peers: 2, halfOpen: 0 });
    expect(alive(endpoint.opened)).toEqual(['192.0.2.1:5000', '192.0.2.2:5000']);
  });

  it('bound what one host can have, at the cost of its own oldest handshake', () => {
    const endpoint = new FakeEndpoint({ maxPeersPerHost: 2 });
    endpoint.establish(host(1, 1));
    endpoint.begin(host(1, 2));
    endpoint.begin(host(2, 1));
    endpoint.begin(host(1, 3)).association.establish();
    expect(alive(endpoint.opened)).toEqual(['192.0.2.1:1', '192.0.2.2:1', '192.0.2.1:3']);
    endpoint.begin(host(1, 4));
    expect(endpoint.dropped).toEqual(['tooManyPeersOfHost']);
    expect(endpoint.begin(host(3, 1)).over).toBe(false);
  });

  it('push out the oldest of several handshakes of a host', () => {
    const endpoint = new FakeEndpoint({ maxPeersPerHost: 3 });
    for (const port of [1, 2, 3]) {
      endpoint.begin(host(1, port));
      endpoint.clock.advance(1);
    }
    // The first address begins again, and is the youngest then.
    endpoint.begin(host(1, 1), { random: 9 });
    endpoint.begin(host(1, 4));
    expect(alive(endpoint.opened)).toEqual(['192.0.2.1:3', '192.0.2.1:1', '192.0.2.1:4']);
  });

  it('look at all peers sixteen times in an idle timeout at most', () => {
    const endpoint = new FakeEndpoint({ idleTimeout: 1_600 });
    for (let port = 1; port <= 400; port++) {
      endpoint.establish(host(1, port));
      endpoint.clock.advance(1);
    }
    let timers = 0;
    const { clock } = endpoint;
    const { timer } = clock;
    clock.timer = (ms, run) => {
      timers += 1;
      return timer.call(clock, ms, run);
    };
    clock.advance(1_700);
    expect(endpoint.stat('peers')).toBe(0);
    expect(timers).toBeLessThanOrEqual(16);
  });

  it('give every handshake the same time, with one timer for all', () => {
    const endpoint = new FakeEndpoint({ handshakeTimeout: 1_000 });
    for (const last of [1, 2, 3]) {
      endpoint.begin(host(last));
      endpoint.clock.advance(300);
      expect(endpoint.clock.timers).toHaveLength(1);
    }
    endpoint.opened[1]?.association.establish();
    endpoint.clock.advance(99);
    expect(alive(endpoint.opened)).toHaveLength(3);
    endpoint.clock.advance(1);
    expect(alive(endpoint.opened)).toEqual(['192.0.2.2:5000', '192.0.2.3:5000']);
    endpoint.clock.advance(600);
    expect(alive(endpoint.opened)).toEqual(['192.0.2.2:5000']);
    expect(endpoint.listener.stats()).toMatchObject({ 'failed.timedOut': 2, handshakesFailed: 2, peers: 1 });
    expect(endpoint.clock.timers).toEqual([]);
  });

  it('are thirty seconds for a handshake, and none for silence, by default', () => {
    const endpoint = new FakeEndpoint();
    endpoint.establish(host(1));
    endpoint.begin(host(2));
    endpoint.clock.advance(29_999);
    expect(alive(endpoint.opened)).toHaveLength(2);
    endpoint.clock.advance(1);
    expect(alive(endpoint.opened)).toEqual(['192.0.2.1:5000']);
    endpoint.clock.advance(86_400_000);
    expect(alive(endpoint.opened)).toHaveLength(1);
  });

  it('close a peer after its silence, in order, which only authentic messages break', () => {
    const endpoint = new FakeEndpoint({ idleTimeout: 1_600 });
    const [quiet, noisy, busy] = [1, 2, 3].map((last) => endpoint.establish(host(last)));
    for (let count = 0; count < 15; count++) {
      endpoint.clock.advance(100);
      endpoint.arrive(data, host(2));
      busy!.association.request.output.message(Uint8Array.of(1));
    }
    expect(endpoint.clock.timers).toHaveLength(1);
    endpoint.clock.advance(200);
    expect([quiet!.over, noisy!.over, busy!.over]).toEqual([true, true, false]);
    expect(quiet!.association.calls).toEqual(['start', 'shutdown', 'destroy']);
    // A peer may last a sixteenth longer.
    endpoint.clock.advance(1_400 - 1);
    expect(busy!.over).toBe(false);
    endpoint.clock.advance(101);
    expect(busy!.over).toBe(true);
    expect(endpoint.listener.stats()).toMatchObject({ peersIdle: 3, peers: 0, entries: 0 });
    expect(endpoint.clock.timers).toEqual([]);
  });
});
