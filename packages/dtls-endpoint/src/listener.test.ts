import { clientHello, handshake, helloBody, join, protectedRecord, record } from '@avs-net/conformance/dtls-records';
import type { Address } from '@avs-net/core/plugin';
import { NetError } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { FakeEndpoint, FakeLower } from '../../../test/fake-endpoint.ts';

const at = (host: string, port = 5_000): Address => ({ host, port });
const ALICE = at('192.0.2.1');
const BOB = at('192.0.2.2');
const data = protectedRecord({ type: 23 });

describe('a listener', () => {
  it('begins with a verified hello, and with nothing but that', () => {
    const endpoint = new FakeEndpoint();
    const cookie = endpoint.cookie(ALICE);
    expect(endpoint.opened).toEqual([]);
    const hello = clientHello({ cookie });
    endpoint.arrive(join(hello, record({ type: 23, body: Uint8Array.of(1) })), ALICE);
    expect(endpoint.opened).toHaveLength(1);
    const { opening, association } = endpoint.opened[0]!;
    expect(opening.opening).toEqual({ hello, from: ALICE, cookieVerified: true });
    expect(association.request.opening).toEqual(opening.opening);
    expect(association.calls).toEqual(['start']);
    expect(association.received).toEqual([]);
    expect(endpoint.dropped).toEqual(['behindHello']);
    expect(endpoint.listener.stats()).toMatchObject({
      hellos: 2,
      cookiesSent: 1,
      handshakesBegun: 1,
      halfOpen: 1,
      peers: 0,
    });
  });

  it('gives each peer its own datagrams and its own way back', () => {
    const endpoint = new FakeEndpoint();
    const alice = endpoint.establish(ALICE);
    const bob = endpoint.establish(BOB);
    const other = endpoint.establish(at('192.0.2.1', 5_001));
    endpoint.arrive(data, BOB);
    expect([alice, bob, other].map(({ association }) => association.received.length)).toEqual([0, 1, 0]);
    endpoint.lower.sent.length = 0;
    bob.opening.lower.send(Uint8Array.of(1, 2));
    expect(endpoint.lower.sent).toEqual([{ data: Uint8Array.of(1, 2), to: BOB }]);
    expect(bob.opening.lower.innerMtu()).toBe(1_472);
    expect(bob.opening.lower.sendTo).toBeUndefined();
  });

  it('knows an IPv4-mapped address for the IPv4 address that it is', () => {
    const endpoint = new FakeEndpoint();
    const alice = endpoint.establish(at('::ffff:192.0.2.1'));
    endpoint.arrive(data, ALICE);
    expect(alice.association.received).toHaveLength(1);
    expect(endpoint.stat('peers')).toBe(1);
  });

  it.each<[string, Uint8Array, string]>([
    ['data', data, 'noAssociation'],
    ['an alert', record({ type: 21, body: Uint8Array.of(2, 40) }), 'noAssociation'],
    ['another handshake message', handshake({ type: 16, body: new Uint8Array(70) }), 'noAssociation'],
    ['noise', new Uint8Array(90).fill(0x41), 'noAssociation'],
    ['nothing', new Uint8Array(0), 'emptyDatagram'],
    ['a hello that does not parse', clientHello({ suites: [] }), 'malformedHello'],
    ['the end of a hello', handshake({ type: 1, offset: 40, body: new Uint8Array(90) }), 'fragmentedHello'],
  ])('says nothing to a stranger who sends %s', (_name, datagram, reason) => {
    const endpoint = new FakeEndpoint();
    endpoint.arrive(datagram, ALICE);
    expect(endpoint.lower.sent).toEqual([]);
    expect(endpoint.dropped).toEqual([reason]);
    expect(endpoint.listener.stats()).toMatchObject({ [`dropped.${reason}`]: 1, entries: 0 });
  });

  it('lets the engine answer a hello that is repeated', () => {
    const endpoint = new FakeEndpoint();
    const alice = endpoint.begin(ALICE);
    endpoint.arrive(alice.begun!.hello, ALICE);
    expect(endpoint.opened).toHaveLength(1);
    expect(alice.association.received).toEqual([alice.begun!.hello]);
  });

  it('gives the rest of a verified hello to the engine', () => {
    const endpoint = new FakeEndpoint();
    const long = { extensions: new Uint8Array(100) };
    const body = helloBody({ ...long, cookie: endpoint.cookie(ALICE, long) });
    const cut = (from: number, to: number): Uint8Array =>
      handshake({ type: 1, messageSeq: 1, total: body.length, offset: from, body: body.slice(from, to) });
    endpoint.arrive(cut(80, body.length), ALICE);
    expect(endpoint.dropped).toEqual(['fragmentedHello']);
    endpoint.arrive(cut(0, 80), ALICE);
    endpoint.arrive(cut(80, body.length), ALICE);
    expect(endpoint.opened.map(({ opening }) => opening.opening.hello)).toEqual([cut(0, 80)]);
    expect(endpoint.opened[0]!.association.received).toEqual([cut(80, body.length)]);
  });

  it('forgets who has gone', () => {
    const endpoint = new FakeEndpoint();
    endpoint.establish(ALICE).association.shutdown();
    endpoint.begin(BOB).association.fail('EPROTO');
    expect(endpoint.listener.stats()).toMatchObject({ peers: 0, halfOpen: 0, entries: 0 });
    expect(endpoint.listener.stats()).toMatchObject({ handshakesFinished: 1, handshakesFailed: 1 });
    endpoint.arrive(data, ALICE);
    expect(endpoint.dropped).toEqual(['noAssociation']);
  });

  it('survives an association that is over before it has begun', () => {
    const endpoint = new FakeEndpoint();
    endpoint.onOpen = ({ association }) => association.fail('EPROTO');
    endpoint.begin(ALICE);
    expect(endpoint.listener.stats()).toMatchObject({ handshakesFailed: 1, entries: 0 });
  });

  it('ends an association during whose making it is closed', () => {
    const endpoint = new FakeEndpoint();
    endpoint.onOpen = () => endpoint.listener.close();
    const { association } = endpoint.begin(ALICE);
    expect(association.calls).toEqual(['start', 'shutdown', 'destroy']);
    expect(endpoint.clock.timers).toEqual([]);
  });

  it('survives an association that cannot be made', () => {
    const endpoint = new FakeEndpoint();
    endpoint.refuse = new Error('out of memory');
    endpoint.begin(ALICE);
    expect(endpoint.listener.stats()).toMatchObject({ 'dropped.openFailed': 1, handshakesFailed: 1, entries: 0 });
    expect(endpoint.traces).toEqual(['open-failed']);
    endpoint.refuse = undefined;
    expect(endpoint.begin(ALICE).peer).toBe('192.0.2.1:5000');
  });

  it('survives an address that nothing can be sent to', () => {
    const endpoint = new FakeEndpoint();
    endpoint.lower.broken = new Error('EACCES');
    endpoint.arrive(clientHello(), at('255.255.255.255'));
    expect(endpoint.traces).toEqual(['lower-error']);
    expect(endpoint.listener.stats()).toMatchObject({ hellos: 1, cookiesSent: 0 });
  });

  it('minds no error of one address', () => {
    const endpoint = new FakeEndpoint();
    const alice = endpoint.establish(ALICE);
    endpoint.lower.sink.softError(new NetError({ code: 'ECONNREFUSED', operation: 'receive', message: 'unreachable' }));
    endpoint.arrive(data, ALICE);
    expect(alice.association.received).toHaveLength(1);
    expect(alice.association.calls).toEqual(['start']);
  });

  it('drops for a peer that takes nothing, and for nobody else', () => {
    const endpoint = new FakeEndpoint();
    const alice = endpoint.establish(ALICE);
    const bob = endpoint.establish(BOB);
    alice.opening.lower.pause();
    for (const from of [ALICE, BOB]) endpoint.arrive(data, from);
    expect(endpoint.dropped).toEqual(['peerPaused']);
    expect(bob.association.received).toHaveLength(1);
    alice.opening.lower.resume();
    endpoint.arrive(data, ALICE);
    expect(alice.association.received).toHaveLength(1);
  });

  it('tells the local addresses apart that a peer speaks to, and answers from them', () => {
    const endpoint = new FakeEndpoint({ maxPeersPerHost: 2 });
    const [one, other] = ['198.51.100.1', '198.51.100.2'].map((host) => ({ ...ALICE, local: { host, port: 5684 } }));
    const [first, second] = [endpoint.establish(one!), endpoint.establish(other!)];
    endpoint.arrive(data, other!);
    expect([first, second].map(({ association }) => association.received.length)).toEqual([0, 1]);
    first.opening.lower.send(Uint8Array.of(1));
    expect(endpoint.lower.sent.at(-1)?.to).toEqual(one);
    expect(first.begun!.from).toEqual(one);
    expect(endpoint.listener.stats()).toMatchObject({ peers: 2 });
    endpoint.begin({ ...one!, port: 9 });
    expect(endpoint.dropped).toEqual(['tooManyPeersOfHost']);
  });

  it('takes nobody new while it is paused, and loses nobody', () => {
    const endpoint = new FakeEndpoint();
    const alice = endpoint.establish(ALICE);
    endpoint.listener.pause();
    endpoint.arrive(clientHello(), BOB);
    endpoint.arrive(data, ALICE);
    expect(endpoint.dropped).toEqual(['notAdmitting']);
    expect(alice.association.received).toHaveLength(1);
    // Who has a place may come back to it.
    expect(endpoint.establish(ALICE, { random: 9 }).over).toBe(false);
    endpoint.listener.resume();
    expect(endpoint.establish(BOB).over).toBe(false);
    expect(endpoint.lower.calls).toEqual([]);
  });

  it('waits for its goodbyes where the socket below wants to be waited for', () => {
    const lower = new FakeLower();
    const endpoint = new FakeEndpoint({}, lower);
    const { association } = endpoint.establish(ALICE);
    const room = Promise.resolve();
    lower.sendTo = () => room;
    association.shutdown = () => association.request.output.datagram(Uint8Array.of(21));
    const closed = endpoint.listener.close();
    expect(closed).toBe(room);
    expect(endpoint.listener.close()).toBe(room);
  });

  it('counts what leaves, and failures by their reason', () => {
    const endpoint = new FakeEndpoint();
    const alice = endpoint.begin(ALICE);
    alice.association.request.output.datagram(new Uint8Array(100));
    expect(endpoint.listener.stats()).toMatchObject({ datagramsOut: 2, bytesOut: 160 });
    const refusal = { level: 'fatal', description: 40, name: 'handshake_failure', origin: 'local' } as const;
    alice.opening.closed(new NetError({ code: 'EPROTO', operation: 'accept', message: 'no', alert: refusal }));
    endpoint.begin(BOB).opening.closed(new NetError({ code: 'ETIMEDOUT', operation: 'accept', message: 'no' }));
    endpoint.begin(BOB);
    endpoint.listener.close();
    expect(endpoint.listener.stats()).toMatchObject({
      ...{ handshakesFailed: 3, 'failed.handshake_failure': 1, 'failed.ETIMEDOUT': 1, 'failed.closed': 1 },
    });
  });

  it('ends everybody in order when it is closed, and leaves nothing behind', () => {
    const endpoint = new FakeEndpoint();
    const peers = [endpoint.establish(ALICE), endpoint.begin(BOB)];
    endpoint.listener.close();
    endpoint.listener.close();
    for (const { association } of peers) expect(association.calls).toEqual(['start', 'shutdown', 'destroy']);
    expect(endpoint.clock.timers).toEqual([]);
    expect(endpoint.stat('entries')).toBe(0);
    endpoint.lower.sent.length = 0;
    endpoint.arrive(clientHello(), ALICE);
    expect(endpoint.lower.sent).toEqual([]);
  });

  it('tells everybody that the socket below has failed', () => {
    const endpoint = new FakeEndpoint();
    const peers = [endpoint.establish(ALICE), endpoint.begin(BOB)];
    endpoint.lower.sink.failed(new NetError({ code: 'EIO', operation: 'receive', message: 'gone' }));
    for (const { association } of peers) expect(association.calls[1]).toBe('lower failed');
    expect(endpoint.stat('entries')).toBe(0);
  });

  it('tells peers that the socket below has ended before it ends them', () => {
    const endpoint = new FakeEndpoint();
    const [alice, bob] = [endpoint.establish(ALICE), endpoint.begin(BOB)];
    endpoint.lower.sink.end();
    expect(alice.association.calls.indexOf('end')).toBeGreaterThan(0);
    expect(bob.association.calls).not.toContain('end');
    expect([alice.over, bob.over, endpoint.stat('entries')]).toEqual([true, true, 0]);
  });

  it('serves the one peer of a socket that knows no addresses', () => {
    const endpoint = new FakeEndpoint();
    const receive = (bytes: Uint8Array): void => endpoint.lower.sink.receive(bytes);
    receive(clientHello());
    const answer = endpoint.lower.sent[0]!;
    expect(answer.to).toBeUndefined();
    receive(clientHello({ cookie: answer.data.slice(28) }));
    const { association, opening } = endpoint.opened[0]!;
    receive(data);
    expect(association.received).toEqual([data]);
    opening.lower.send(Uint8Array.of(1));
    expect(endpoint.lower.sent[1]).toEqual({ data: Uint8Array.of(1), to: undefined });
  });
});

describe('spoofed hellos', () => {
  it('leave nothing behind and are answered with no more than they brought', () => {
    const lower = new FakeLower();
    const endpoint = new FakeEndpoint({}, lower);
    let largest = 0;
    lower.sent.push = (...sent) => {
      largest = Math.max(largest, ...sent.map((one) => one.data.length));
      return Array.prototype.push.apply(lower.sent, sent);
    };
    const hello = clientHello();
    let received = 0;
    for (let count = 0; count < 100_000; count++) {
      const from = at(`10.${count >> 16}.${(count >> 8) & 255}.${count & 255}`, 1_024 + (count % 60_000));
      if (count === 50_000) endpoint.establish(ALICE);
      lower.sink.receive(hello, from);
      received += hello.length;
      // Random guesses cost no more than hellos without a cookie.
      if (count % 10 === 0) lower.sink.receive(clientHello({ cookie: new Uint8Array(32).fill(count) }), from);
    }
    expect(endpoint.listener.stats()).toMatchObject({
      peers: 1,
      halfOpen: 0,
      handshakesBegun: 1,
      cookiesRefused: 10_000,
    });
    endpoint.opened[0]!.association.shutdown();
    expect(endpoint.stat('entries')).toBe(0);
    expect(endpoint.clock.timers.length).toBeLessThanOrEqual(1);
    expect(largest).toBeLessThanOrEqual(hello.length);
    const answered = lower.sent.reduce((bytes, one) => bytes + one.data.length, 0);
    expect(answered).toBeLessThan(received + 10_000 * clientHello({ cookie: new Uint8Array(32) }).length);
  });
});
