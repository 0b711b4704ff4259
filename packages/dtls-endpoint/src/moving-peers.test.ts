import { changeCipherSpec, clientHello, idRecord, join, protectedRecord } from '@avs-net/conformance/dtls-records';
import type { Address, ServerLimits } from '@avs-net/core/plugin';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeEndpoint, FakeLower } from '../../../test/fake-endpoint.ts';

const at = (host: string, port = 5_000): Address => ({ host, port });
const HOME = at('192.0.2.1');
const AWAY = at('198.51.100.7', 61_000);
const FORGED = new Uint8Array(40).fill(0x11);
const data = (id: Uint8Array, sequence: number): Uint8Array => idRecord(id, { sequence });

let endpoint: FakeEndpoint;
const serve = (limits: ServerLimits = {}): FakeEndpoint => {
  endpoint = new FakeEndpoint(limits, new FakeLower(), { ids: true });
  return endpoint;
};
/** Where what is sent to a peer goes. */
const answersTo = (peer: { readonly opening: { readonly lower: { send(data: Uint8Array): unknown } } }): Address => {
  peer.opening.lower.send(Uint8Array.of(1));
  return endpoint.lower.sent.at(-1)!.to!;
};

beforeEach(() => void serve());

describe('a peer that is found by its id', () => {
  it('gets an id of its own, of one length', () => {
    const ids = [HOME, AWAY].map((from) => Buffer.from(endpoint.establishWithId(from).id).toString('hex'));
    expect(ids.map((id) => id.length)).toEqual([16, 16]);
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('goes on from where a new record of it comes, which is told before the record', () => {
    const peer = endpoint.establishWithId(HOME);
    endpoint.arrive(data(peer.id, 1), HOME);
    endpoint.arrive(data(peer.id, 2), AWAY);
    expect(peer.messages).toHaveLength(2);
    expect(peer.moves).toEqual([{ to: '198.51.100.7:61000', messages: 1 }]);
    expect(answersTo(peer)).toEqual(AWAY);
    expect(endpoint.listener.stats()).toMatchObject({ peersMoved: 1, movesRefused: 0, peers: 1 });
  });

  it('is answered there from inside its message', () => {
    const peer = endpoint.establishWithId(HOME);
    const { output } = peer.association.request;
    peer.association.onReceive = () => {
      peer.association.newest = 9;
      output.datagram(Uint8Array.of(1));
    };
    endpoint.arrive(data(peer.id, 9), AWAY);
    expect(endpoint.lower.sent.at(-1)!.to).toEqual(AWAY);
  });

  it('leaves nothing at its old address', () => {
    const peer = endpoint.establishWithId(HOME);
    const before = endpoint.stat('entries');
    endpoint.arrive(data(peer.id, 1), AWAY);
    expect(endpoint.stat('entries')).toBe(before);
    endpoint.arrive(protectedRecord({ type: 23 }), HOME);
    expect(endpoint.dropped).toEqual(['noAssociation']);
    peer.association.shutdown();
    expect(endpoint.stat('entries')).toBe(0);
  });

  it('goes on after a record without a message', () => {
    const peer = endpoint.establishWithId(HOME);
    peer.association.onReceive = () => {
      peer.association.newest = 5;
    };
    endpoint.arrive(data(peer.id, 5), AWAY);
    expect(peer.moves).toHaveLength(1);
    expect(answersTo(peer)).toEqual(AWAY);
  });

  it('may change the port alone, and the local address that it speaks to', () => {
    const [one, other] = ['203.0.113.1', '203.0.113.2'].map((host) => ({ ...HOME, local: { host, port: 5684 } }));
    const peer = endpoint.establishWithId(one!);
    endpoint.arrive(data(peer.id, 1), { ...one!, port: 5_001 });
    expect(answersTo(peer)).toEqual({ ...one!, port: 5_001 });
    endpoint.arrive(data(peer.id, 2), other!);
    expect(answersTo(peer)).toEqual(other);
    expect(peer.moves).toHaveLength(2);
  });

  it('has not moved where one address is written in two ways', () => {
    const peer = endpoint.establishWithId(HOME);
    endpoint.arrive(data(peer.id, 1), at('::ffff:192.0.2.1'));
    expect(peer.messages).toHaveLength(1);
    expect(peer.moves).toEqual([]);
  });

  it('is forgotten with its association', () => {
    const peer = endpoint.establishWithId(HOME);
    peer.association.shutdown();
    endpoint.arrive(data(peer.id, 1), HOME);
    expect(endpoint.dropped).toEqual(['unknownId']);
    expect(endpoint.stat('entries')).toBe(0);
  });
});

describe('nobody moves', () => {
  it.each<[string, (id: Uint8Array) => Uint8Array, number]>([
    ['after a forged record', (id) => idRecord(id, { sequence: 9, body: FORGED }), 0],
    ['after a record that came before', (id) => data(id, 5), 1],
    ['after a record that was overtaken, which is delivered', (id) => data(id, 3), 1],
  ])('%s', (_name, make, delivered) => {
    const peer = endpoint.establishWithId(HOME);
    endpoint.arrive(data(peer.id, 5), HOME);
    endpoint.arrive(make(peer.id), AWAY);
    expect(peer.messages).toHaveLength(1 + delivered);
    expect(peer.moves).toEqual([]);
    expect(answersTo(peer)).toEqual(HOME);
  });

  it('without an id that was negotiated', () => {
    const peer = endpoint.begin(HOME);
    const id = peer.association.request.connectionId!;
    peer.association.establish({});
    endpoint.arrive(data(id, 1), AWAY);
    endpoint.arrive(protectedRecord({ type: 23, sequence: 2 }), AWAY);
    expect(endpoint.dropped).toEqual(['unknownId', 'noAssociation']);
    expect(endpoint.stat('entries')).toBe(3);
  });

  it('during a handshake', () => {
    const peer = endpoint.begin(HOME);
    const finished = idRecord(peer.association.request.connectionId!);
    endpoint.arrive(finished, AWAY);
    expect(endpoint.dropped).toEqual(['earlyMove']);
    endpoint.arrive(finished, HOME);
    endpoint.arrive(join(changeCipherSpec(), finished), HOME);
    expect(peer.association.received).toEqual([finished, join(changeCipherSpec(), finished)]);
  });

  it('who moves too often, until a second has passed', () => {
    const peer = endpoint.establishWithId(HOME);
    const move = (sequence: number): void => endpoint.arrive(data(peer.id, sequence), { ...AWAY, port: sequence });
    for (let sequence = 1; sequence <= 10; sequence++) move(sequence);
    expect(peer.messages).toHaveLength(10);
    expect(answersTo(peer).port).toBe(4);
    expect(endpoint.listener.stats()).toMatchObject({ peersMoved: 4, movesRefused: 6 });
    endpoint.clock.advance(1_000);
    for (const sequence of [11, 12]) move(sequence);
    expect(answersTo(peer).port).toBe(11);
    endpoint.clock.advance(60_000);
    for (let sequence = 20; sequence < 30; sequence++) move(sequence);
    expect(endpoint.stat('peersMoved')).toBe(4 + 1 + 4);
  });

  it('to a host that is full, unless a handshake there can go', () => {
    serve({ maxPeersPerHost: 1 });
    const peer = endpoint.establishWithId(HOME);
    const there = endpoint.establish({ ...AWAY, port: 1 });
    endpoint.arrive(data(peer.id, 1), AWAY);
    expect([peer.moves.length, endpoint.stat('movesRefused')]).toEqual([0, 1]);
    endpoint.arrive(data(peer.id, 2), { ...HOME, port: 9 });
    expect(answersTo(peer).port).toBe(9);
    there.association.shutdown();
    const handshake = endpoint.begin({ ...AWAY, port: 2 });
    endpoint.arrive(data(peer.id, 3), AWAY);
    expect(answersTo(peer)).toEqual(AWAY);
    expect(handshake.over).toBe(true);
    endpoint.begin({ ...AWAY, port: 3 });
    expect(endpoint.dropped.at(-1)).toBe('tooManyPeersOfHost');
  });
});

describe('a peer that comes to the address of another', () => {
  it('may change places with it', () => {
    const [one, other] = [endpoint.establishWithId(HOME), endpoint.establishWithId(AWAY)];
    const entries = endpoint.stat('entries');
    endpoint.arrive(data(one.id, 1), AWAY);
    endpoint.arrive(data(other.id, 1), HOME);
    expect([answersTo(one), answersTo(other)]).toEqual([AWAY, HOME]);
    endpoint.arrive(data(one.id, 2), AWAY);
    expect([one.messages.length, other.messages.length]).toEqual([2, 1]);
    expect(endpoint.stat('entries')).toBe(entries);
    for (const peer of [one, other]) peer.association.shutdown();
    expect(endpoint.stat('entries')).toBe(0);
  });

  it('takes nothing from one that has no id', () => {
    const plain = endpoint.establish(AWAY);
    const peer = endpoint.establishWithId(HOME);
    endpoint.arrive(data(peer.id, 1), AWAY);
    expect(answersTo(peer)).toEqual(AWAY);
    const record = protectedRecord({ type: 23 });
    endpoint.arrive(record, AWAY);
    endpoint.arrive(data(peer.id, 2), AWAY);
    expect(plain.association.received).toEqual([record]);
    expect(peer.messages).toHaveLength(2);
    expect(peer.moves).toHaveLength(1);
    plain.association.shutdown();
    endpoint.arrive(data(peer.id, 3), AWAY);
    // The address is its own now: what begins there may replace it.
    endpoint.establish(AWAY, { random: 99 });
    expect(peer.over).toBe(true);
    expect(endpoint.stat('peers')).toBe(1);
  });

  it('does not disturb a handshake there, and is not replaced by it', () => {
    const peer = endpoint.establishWithId(HOME);
    const handshake = endpoint.begin(AWAY, { random: 99 });
    endpoint.arrive(data(peer.id, 1), AWAY);
    expect(answersTo(peer)).toEqual(AWAY);
    endpoint.arrive(changeCipherSpec(), AWAY);
    endpoint.arrive(protectedRecord(), AWAY);
    expect(handshake.association.received).toHaveLength(2);
    handshake.association.establish();
    expect([peer.over, handshake.over]).toEqual([false, false]);
    expect(endpoint.stat('peers')).toBe(2);
  });

  it('counts there, be it a guest', () => {
    serve({ maxPeersPerHost: 3 });
    endpoint.establish(AWAY);
    const guests = [1, 2, 3].map((port) => endpoint.establishWithId(at('192.0.2.1', port)));
    for (const { id } of guests) endpoint.arrive(data(id, 1), AWAY);
    expect(endpoint.listener.stats()).toMatchObject({ peersMoved: 2, movesRefused: 1 });
    expect(guests.map((guest) => answersTo(guest).host)).toEqual([AWAY.host, AWAY.host, HOME.host]);
  });
});

describe('a peer with an id that lost its state', () => {
  it.each([
    ['at its first address', false],
    ['at the address that it moved to', true],
  ])('replaces its association %s', (_name, moves) => {
    const old = endpoint.establishWithId(HOME);
    const here = moves ? AWAY : HOME;
    if (moves) endpoint.arrive(data(old.id, 1), here);
    const shadow = endpoint.begin(here, { random: 99 });
    const id = shadow.association.request.connectionId!;
    endpoint.arrive(data(old.id, 2), here);
    expect(old.messages).toHaveLength(moves ? 2 : 1);
    endpoint.arrive(changeCipherSpec(), here);
    endpoint.arrive(idRecord(id), here);
    endpoint.arrive(protectedRecord(), here);
    expect(shadow.association.received).toEqual([changeCipherSpec(), idRecord(id), protectedRecord()]);
    shadow.association.establish({ connectionId: { own: id, peer: id } });
    expect([old.over, shadow.over]).toEqual([true, false]);
    endpoint.arrive(data(old.id, 3), here);
    expect(endpoint.dropped).toEqual(['unknownId']);
    expect(endpoint.listener.stats()).toMatchObject({ peers: 1, halfOpen: 0, peersReplaced: 1, entries: 4 });
  });

  it('goes on from elsewhere while its shadow shakes hands, which only its own address can end', () => {
    const old = endpoint.establishWithId(HOME);
    const shadow = endpoint.begin(HOME, { random: 99 });
    endpoint.arrive(data(old.id, 1), AWAY);
    shadow.association.establish();
    expect([old.over, shadow.over]).toEqual([false, false]);
    expect(endpoint.stat('peers')).toBe(2);
  });
});

describe('strangers with ids', () => {
  it('cost one look-up and leave nothing', () => {
    const peer = endpoint.establishWithId(HOME);
    const before = endpoint.stat('entries');
    const id = new Uint8Array(8);
    for (let count = 0; count < 100_000; count++) {
      new DataView(id.buffer).setUint32(0, Math.imul(count, 2_654_435_761));
      endpoint.lower.sink.receive(idRecord(id), at(`10.0.${count & 255}.1`, count & 0xffff));
    }
    expect(endpoint.listener.stats()).toMatchObject({ 'dropped.unknownId': 100_000, entries: before, peers: 1 });
    expect(peer.association.received).toEqual([]);
    expect(endpoint.lower.sent).toHaveLength(1);
  });

  it.each([
    ['a header that ends in its id', idRecord(new Uint8Array(8)).subarray(0, 15)],
    ['one byte', Uint8Array.of(25)],
  ])('may send %s', (_name, bytes) => {
    endpoint.arrive(bytes, AWAY);
    expect(endpoint.dropped).toEqual(['unknownId']);
  });

  it('are strangers where no id has any bytes', () => {
    endpoint = new FakeEndpoint({}, new FakeLower(), { ids: { length: 0 } });
    const peer = endpoint.begin(HOME);
    expect(peer.association.request.connectionId).toHaveLength(0);
    endpoint.arrive(idRecord(new Uint8Array(8)), AWAY);
    expect(endpoint.dropped).toEqual(['noAssociation']);
    endpoint.arrive(clientHello(), AWAY);
    expect(endpoint.stat('cookiesSent')).toBe(2);
  });
});

describe('ids that run out', () => {
  it('refuse who comes, and nobody who is there', () => {
    const ids = { generate: () => Uint8Array.of(7) };
    endpoint = new FakeEndpoint({}, new FakeLower(), { ids });
    const first = endpoint.establishWithId(HOME);
    endpoint.begin(AWAY);
    expect(endpoint.opened).toEqual([first]);
    expect(endpoint.listener.stats()).toMatchObject({ 'dropped.openFailed': 1, peers: 1, halfOpen: 0, entries: 4 });
    first.association.shutdown();
    expect(endpoint.establishWithId(AWAY).id).toEqual(Uint8Array.of(7));
  });
});
