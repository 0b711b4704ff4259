import {
  changeCipherSpec,
  clientHello,
  handshake,
  join,
  protectedRecord,
  record,
} from '@avs-net/conformance/dtls-records';
import type { Address } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { FakeEndpoint, type Opened } from '../../../test/fake-endpoint.ts';

const PEER: Address = { host: '192.0.2.1', port: 5_000 };
const AGAIN = { random: 99 };
const data = protectedRecord({ type: 23 });
const keyExchange = handshake({ type: 16, messageSeq: 2, body: new Uint8Array(10) });

function reconnecting(): { endpoint: FakeEndpoint; old: Opened; shadow: Opened } {
  const endpoint = new FakeEndpoint();
  const old = endpoint.establish(PEER);
  const shadow = endpoint.begin(PEER, AGAIN);
  return { endpoint, old, shadow };
}

describe('a new handshake from the address of an established peer', () => {
  it('runs beside the old association', () => {
    const { endpoint, old, shadow } = reconnecting();
    expect(shadow).not.toBe(old);
    expect([old.over, shadow.over]).toEqual([false, false]);
    expect(endpoint.listener.stats()).toMatchObject({ peers: 1, halfOpen: 1 });
  });

  it('replaces it when it succeeds, without a word under the old keys', () => {
    const { endpoint, old, shadow } = reconnecting();
    endpoint.lower.sent.length = 0;
    const { shutdown } = old.association;
    old.association.shutdown = () => {
      old.association.request.output.datagram(Uint8Array.of(21));
      shutdown.call(old.association);
    };
    shadow.association.establish();
    expect(old.over).toBe(true);
    expect(endpoint.lower.sent).toEqual([]);
    expect(endpoint.listener.stats()).toMatchObject({ peers: 1, halfOpen: 0, peersReplaced: 1 });
    endpoint.arrive(data, PEER);
    expect(shadow.association.received).toEqual([data]);
    expect(old.association.received).toEqual([]);
  });

  it.each<[string, (endpoint: FakeEndpoint, shadow: Opened) => void]>([
    ['fails', (_endpoint, { association }) => association.fail('EPROTO')],
    ['runs out of time', (endpoint) => endpoint.clock.advance(30_000)],
  ])('changes nothing when it %s', (_name, end) => {
    const { endpoint, old, shadow } = reconnecting();
    end(endpoint, shadow);
    expect([old.over, shadow.over]).toEqual([false, true]);
    endpoint.arrive(data, PEER);
    expect(old.association.received).toEqual([data]);
    expect(endpoint.listener.stats()).toMatchObject({ peers: 1, halfOpen: 0 });
  });

  it('changes nothing when it is spoofed', () => {
    const endpoint = new FakeEndpoint();
    const old = endpoint.establish(PEER);
    endpoint.lower.sent.length = 0;
    endpoint.arrive(clientHello(AGAIN), PEER);
    endpoint.arrive(clientHello({ ...AGAIN, cookie: new Uint8Array(32) }), PEER);
    endpoint.arrive(old.begun!.hello, PEER);
    endpoint.arrive(handshake({ type: 1, messageSeq: 1, offset: 9, body: new Uint8Array(9) }), PEER);
    expect(endpoint.opened).toEqual([old]);
    expect(endpoint.lower.sent).toHaveLength(2);
    expect(endpoint.dropped).toEqual(['replayedHello', 'fragmentedHello']);
    expect(old.association.received).toEqual([]);
    expect(endpoint.listener.stats()).toMatchObject({ peers: 1, halfOpen: 0, hellos: 6, cookiesRefused: 1 });
  });

  it('gets what is in the clear, and the old one what is protected, until it changes its keys', () => {
    const { endpoint, old, shadow } = reconnecting();
    endpoint.arrive(keyExchange, PEER);
    endpoint.arrive(record({ type: 21, body: Uint8Array.of(2, 40) }), PEER);
    endpoint.arrive(data, PEER);
    expect(shadow.association.received).toHaveLength(2);
    expect(old.association.received).toEqual([data]);
  });

  it.each([
    ['alone', [changeCipherSpec()]],
    ['behind the key exchange', [join(keyExchange, changeCipherSpec())]],
  ])('shares what is protected with the old one after a change_cipher_spec %s', (_name, flight) => {
    const { endpoint, old, shadow } = reconnecting();
    for (const bytes of flight) endpoint.arrive(bytes, PEER);
    const finished = protectedRecord();
    endpoint.arrive(finished, PEER);
    endpoint.arrive(data, PEER);
    expect(old.association.received).toEqual([finished, data]);
    expect(shadow.association.received).toEqual([...flight, finished, data]);
  });

  it('takes a whole last flight in one datagram', () => {
    const { endpoint, old, shadow } = reconnecting();
    const flight = join(keyExchange, changeCipherSpec(), protectedRecord());
    endpoint.arrive(flight, PEER);
    expect(shadow.association.received).toEqual([flight]);
    expect(old.association.received).toEqual([]);
  });

  it('survives that the old association ends while it runs', () => {
    const { endpoint, old, shadow } = reconnecting();
    endpoint.arrive(changeCipherSpec(), PEER);
    old.association.receive = () => old.association.shutdown();
    endpoint.arrive(data, PEER);
    expect(old.over).toBe(true);
    shadow.association.establish();
    expect(endpoint.listener.stats()).toMatchObject({ peers: 1, halfOpen: 0, peersReplaced: 0 });
  });

  it('gets nothing more when it ends while the old one is asked', () => {
    const { endpoint, old, shadow } = reconnecting();
    endpoint.arrive(changeCipherSpec(), PEER);
    old.association.onReceive = () => shadow.association.fail('EPROTO');
    endpoint.arrive(data, PEER);
    expect(shadow.association.received).toEqual([changeCipherSpec()]);
    expect(endpoint.dropped).toEqual([]);
  });

  it('gives way to one that is newer still', () => {
    const { endpoint, old, shadow } = reconnecting();
    const newest = endpoint.begin(PEER, { random: 100 });
    expect([old.over, shadow.over, newest.over]).toEqual([false, true, false]);
    newest.association.establish();
    expect(old.over).toBe(true);
    expect(endpoint.stat('entries')).toBe(3);
  });

  it('may be repeated by its hello', () => {
    const { endpoint, shadow } = reconnecting();
    endpoint.arrive(shadow.begun!.hello, PEER);
    expect(shadow.association.received).toEqual([shadow.begun!.hello]);
    expect(endpoint.opened).toHaveLength(2);
  });
});
