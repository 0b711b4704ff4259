import { idRecord, protectedRecord } from '@avs-net/conformance/dtls-records';
import type { Address, ServerLimits } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { FakeEndpoint, FakeLower } from '../../../test/fake-endpoint.ts';

const HOME: Address = { host: '192.0.2.1', port: 5_000 };
const AWAY: Address = { host: '198.51.100.7', port: 61_000 };
const ID = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const OTHER = ID.map((byte) => byte + 1);
const NONE = new Uint8Array(0);
const serve = (limits: ServerLimits = {}): FakeEndpoint => new FakeEndpoint(limits, new FakeLower(), { ids: true });

describe('an association that goes on', () => {
  it('is established at once, without a word, and found by its id from wherever', () => {
    const endpoint = serve();
    const peer = endpoint.restore(HOME, ID);
    expect(peer.association.request).toMatchObject({ role: 'server', continued: ID, peer: HOME });
    expect(endpoint.lower.sent).toEqual([]);
    expect(endpoint.listener.stats()).toMatchObject({ peers: 1, halfOpen: 0, peersRestored: 1, handshakesFinished: 0 });
    endpoint.arrive(idRecord(ID, { sequence: 1 }), AWAY);
    expect(peer.moves).toEqual([{ to: '198.51.100.7:61000', messages: 0 }]);
    peer.association.shutdown();
    expect(endpoint.listener.stats()).toMatchObject({ entries: 0, handshakesFailed: 0 });
  });

  it('without an id is found by its address, which nobody else may have', () => {
    const endpoint = serve();
    const peer = endpoint.restore(HOME, NONE);
    const data = protectedRecord({ type: 23 });
    endpoint.arrive(data, HOME);
    expect(peer.association.received).toEqual([data]);
    expect(() => endpoint.restore(HOME, NONE)).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }));
    endpoint.begin(AWAY);
    expect(() => endpoint.restore(AWAY, NONE)).toThrow(/same address/);
    expect(peer.over).toBe(false);
  });

  it('with an id is a guest where somebody else is', () => {
    const endpoint = serve();
    const plain = endpoint.establish(HOME);
    const peer = endpoint.restore(HOME, ID);
    const data = protectedRecord({ type: 23 });
    endpoint.arrive(data, HOME);
    endpoint.arrive(idRecord(ID, { sequence: 1 }), HOME);
    expect(plain.association.received).toEqual([data]);
    expect(peer.messages).toHaveLength(1);
  });

  it('may be replaced by a handshake from its address', () => {
    const endpoint = serve();
    const peer = endpoint.restore(HOME, ID);
    endpoint.establish(HOME);
    expect(peer.over).toBe(true);
    expect(endpoint.listener.stats()).toMatchObject({ peers: 1, peersReplaced: 1 });
  });

  it.each<[string, string, Uint8Array, ServerLimits]>([
    ['its id is in use', 'EADDRINUSE', ID, {}],
    ['its id has another length', 'EINVAL', ID.subarray(1), {}],
    ['there are too many peers', 'ENOBUFS', OTHER, { maxPeers: 1 }],
    ['there are too many of its host', 'ENOBUFS', OTHER, { maxPeersPerHost: 1 }],
  ])('is refused and freed where %s', (_name, code, id, limits) => {
    const endpoint = serve(limits);
    const first = endpoint.restore(HOME, ID);
    const entries = endpoint.stat('entries');
    expect(() => endpoint.restore({ ...HOME, port: 9 }, id)).toThrow(expect.objectContaining({ code }));
    expect(endpoint.stat('entries')).toBe(entries);
    expect(first.over).toBe(false);
    expect(endpoint.made.slice(1).every(({ calls }) => calls.at(-1) === 'destroy')).toBe(true);
  });

  it('says why it could not', () => {
    const endpoint = serve();
    endpoint.onOpen = ({ opening }) => opening.closed();
    expect(() => endpoint.restore(HOME, ID)).toThrow(expect.objectContaining({ code: 'ECONNABORTED' }));
    endpoint.refuse = new Error('garbage');
    expect(() => endpoint.restore(HOME, ID)).toThrow('garbage');
    endpoint.refuse = undefined;
    endpoint.onOpen = undefined;
    expect(endpoint.listener.stats()).toMatchObject({ entries: 0, peers: 0, handshakesFailed: 0 });
    expect(endpoint.restore(HOME, ID).over).toBe(false);
    endpoint.listener.close();
    expect(() => endpoint.restore(HOME, ID)).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });
});
