/**
 * Look-ups of a PSK server: at once and later, while everybody else goes on; what throws, hangs, comes late
 * or is no key; who is told that a peer has gone; what a server that closes still says.
 */

import { createNetwork, type Network } from '@avs-net/conformance/network';
import {
  createNet,
  type HandshakeTimeouts,
  type Net,
  type SecureConfiguration,
  type Socket,
  systemClock,
} from '@avs-net/core';
import { type PskServerOptions, psk, pskServer } from '@avs-net/credentials';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { servers } from './backends.ts';

const SERVER = '192.0.2.1';
const PORT = 5_684;
const key = new Uint8Array(16).fill(0x5a);
/** For handshakes that fail. */
const SHORT: HandshakeTimeouts = { min: 30, max: 60 };
const name = (identity: Uint8Array): string => Buffer.from(identity).toString();

let network: Network;
let net: Net;
beforeEach(() => {
  network = createNetwork({ clock: systemClock });
});
afterEach(() => net.close());

describe.each(servers.filter(({ claims }) => claims.server?.asyncLookup))('a server of $name', (backend) => {
  async function serve(options: PskServerOptions, more: Partial<SecureConfiguration> = {}): Promise<Socket> {
    net = createNet({ plugins: [network.plugin({ host: SERVER }), backend] });
    const server = await net.createSocket('dtls', { security: pskServer(options), ...more });
    await server.bind(SERVER, PORT);
    return server;
  }

  async function connect(identity: string, timeouts?: HandshakeTimeouts): Promise<Socket> {
    const client = await net.createSocket('dtls', {
      security: psk({ identity, key }),
      ...(timeouts && { dtlsHandshakeTimeouts: timeouts }),
    });
    await client.connect(SERVER, PORT);
    return client;
  }

  it('asks in both ways, and says on the socket who came', async () => {
    const server = await serve({ lookup: (identity) => (name(identity) === 'soon' ? Promise.resolve(key) : key) });
    for (const identity of ['now', 'soon']) {
      await connect(identity);
      expect(name((await server.accept()).info().pskIdentity!)).toBe(identity);
    }
  });

  it('serves others while one waits for its key', async () => {
    let give!: (value: Uint8Array) => void;
    const slow = new Promise<Uint8Array>((resolve) => {
      give = resolve;
    });
    const server = await serve({ lookup: (identity) => (name(identity) === 'slow' ? slow : key) });
    const waiting = connect('slow');
    for (let count = 0; count < 3; count++) await connect(`quick-${count}`);
    expect(server.stats()).toMatchObject({ peers: 3, halfOpen: 1 });
    give(key);
    await waiting;
    expect(server.stats()).toMatchObject({ peers: 4, halfOpen: 0 });
  });

  it.each<[string, PskServerOptions['lookup']]>([
    ['knows nobody', () => undefined],
    [
      'throws',
      () => {
        throw new Error('no database');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no database'))],
    ['never answers', () => new Promise(() => {})],
    ['gives a text', () => 'key' as never],
    ['gives no bytes', () => new Uint8Array(0)],
    ['gives too many bytes', () => new Uint8Array(100_000)],
    ['gives something else', () => ({ key }) as never],
  ])('lets nobody in when its look-up %s, and goes on', async (_what, lookup) => {
    const server = await serve({
      lookup: (identity, signal) => (name(identity) === 'good' ? key : lookup!(identity, signal)),
    });
    await expect(connect('bad', SHORT)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    await connect('good');
    expect(name((await server.accept()).info().pskIdentity!)).toBe('good');
    expect(server.stats()).toMatchObject({ handshakesFinished: 1 });
  });

  it('takes back the look-up of a peer that has gone', async () => {
    const gone: Promise<unknown>[] = [];
    const server = await serve(
      {
        lookup: (_identity, signal) => {
          gone.push(new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true })));
          return new Promise(() => {});
        },
      },
      { server: { handshakeTimeout: 100 } },
    );
    await expect(connect('one', SHORT)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    await expect(connect('two', SHORT)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    await server.close();
    expect(gone).toHaveLength(2);
    await Promise.all(gone);
  });

  it('tells an unknown identity by alert where that is configured, and nothing otherwise', async () => {
    await serve({ lookup: async () => undefined, unknownIdentity: 'alert' });
    await expect(connect('nobody')).rejects.toMatchObject({ code: 'EPROTO', alert: { description: 115 } });
  });

  it('serves who came before it accepted, and nobody new while it is paused', async () => {
    const server = await serve({ lookup: () => key });
    const early = await connect('early');
    await early.send(Uint8Array.of(1));
    server.pause();
    await expect(connect('late', SHORT)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    const peer = await server.accept();
    expect(await peer.receive()).toEqual(Uint8Array.of(1));
    server.resume();
    await connect('late');
    expect(name((await server.accept()).info().pskIdentity!)).toBe('late');
    expect(server.stats()['dropped.notAdmitting']).toBeGreaterThan(0);
  });

  it('says goodbye to everybody when it closes', async () => {
    const server = await serve({ lookup: () => key });
    const clients = await Promise.all(Array.from({ length: 50 }, (_, index) => connect(`device-${index}`)));
    await server.close();
    expect(await Promise.all(clients.map((client) => client.receive()))).toEqual(clients.map(() => null));
    expect(server.stats()).toMatchObject({ handshakesFinished: 50, peers: 0, entries: 0 });
  });
});
