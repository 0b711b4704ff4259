/**
 * Names of a server by function: at once and later, while everybody else goes on; what throws, hangs or gives something
 * else; who is told that a peer has gone; what is kept of it.
 */

import { createNetwork, type Network } from '@avs-net/conformance/network';
import {
  type CertificateServerInfo,
  createNet,
  type HandshakeTimeouts,
  type Net,
  type NetOptions,
  type ServerNameLookup,
  type Socket,
  systemClock,
} from '@avs-net/core';
import { liveObjects } from '@avs-net/dtls-openssl';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { presenting, trusting } from '../packages/dtls-openssl/test/certificates.ts';
import { servers } from './backends.ts';
import type { Authority } from './pki.ts';
import { pkiStage } from './pki-stage.ts';

const SERVER = '192.0.2.1';
const PORT = 5_684;
/** For handshakes that fail. */
const SHORT: HandshakeTimeouts = { min: 30, max: 60 };

let root: Authority;
let everybody: CertificateServerInfo;
let network: Network;
let net: Net;
let traced: NetOptions['trace'];
pkiStage((pki) => {
  root = pki.authority('root');
  everybody = presenting(root.issue('everybody', { key: 'p256', names: ['*.gate.example'] }));
});
beforeEach(() => {
  network = createNetwork({ clock: systemClock });
});
afterEach(async () => {
  await net.close();
  expect(liveObjects()).toEqual({ contexts: 0, connections: 0, bios: 0, associations: 0 });
});

describe.each(servers.filter(({ claims }) => claims.server?.sni && claims.server.asyncLookup))(
  'a server of $name',
  (backend) => {
    async function serve(
      names: ServerNameLookup,
      handshakeTimeout: number = 30_000,
      dtlsHandshakeTimeouts?: HandshakeTimeouts,
    ): Promise<Socket> {
      traced = undefined;
      net = createNet({ plugins: [network.plugin({ host: SERVER }), backend], trace: (event) => traced?.(event) });
      const server = await net.createSocket('dtls', {
        security: everybody,
        server: { names, handshakeTimeout },
        ...(dtlsHandshakeTimeouts && { dtlsHandshakeTimeouts }),
      });
      await server.bind(SERVER, PORT);
      return server;
    }

    async function connect(name: string, timeouts?: HandshakeTimeouts): Promise<Socket> {
      const client = await net.createSocket('dtls', {
        security: trusting([root]),
        serverNameIndication: name,
        ...(timeouts && { dtlsHandshakeTimeouts: timeouts }),
      });
      await client.connect(SERVER, PORT);
      return client;
    }

    it('serves others while one waits for its credential', async () => {
      let give!: (value: CertificateServerInfo) => void;
      const slow = new Promise<CertificateServerInfo>((resolve) => {
        give = resolve;
      });
      const server = await serve((name) => (name === 'slow.gate.example' ? slow : everybody));
      const waiting = connect('slow.gate.example');
      for (let count = 0; count < 3; count++) await connect(`quick-${count}.gate.example`);
      expect(server.stats()).toMatchObject({ peers: 3, halfOpen: 1 });
      give(everybody);
      await waiting;
      expect(server.stats()).toMatchObject({ peers: 4, halfOpen: 0 });
    });

    it('repeats its flight to a client that has fallen silent, by the schedule', async () => {
      const fresh = root.issue('a.gate.example', { key: 'p256' });
      await serve(async () => presenting(fresh), 30_000, { min: 30, max: 120 });
      // The hello, and the same with a cookie, but nothing that would make the server repeat itself.
      network.rule((_datagram, index, direction) => (direction === 'forth' && index > 1 ? 'drop' : undefined));
      const flights: unknown[] = [];
      const repeated = new Promise<void>((resolve) => {
        traced = ({ type, attempt, waitMs, peer }) => {
          if (type === 'flight' && peer !== undefined && flights.push([attempt, waitMs]) === 3) resolve();
        };
      });
      const refused = expect(connect('a.gate.example')).rejects.toThrow();
      await repeated;
      expect(flights).toEqual([
        [1, 30],
        [2, 60],
        [3, 120],
      ]);
      await net.close();
      await refused;
    });

    it('makes one context of one credential, for all its names', async () => {
      await serve(async () => everybody);
      const before = liveObjects().contexts;
      for (const name of ['a.gate.example', 'b.gate.example', 'c.gate.example']) await (await connect(name)).dispose();
      // Its own, and that of the server for all three names.
      expect(liveObjects().contexts - before).toBe(1);
    });

    it.each<[string, ServerNameLookup]>([
      [
        'throws',
        () => {
          throw new Error('no database');
        },
      ],
      ['rejects', () => Promise.reject(new Error('no database'))],
      ['gives a text', () => 'a.pem' as never],
      ['gives the credential of keys', () => ({ mode: 'psk', lookup: () => undefined }) as never],
      ['gives a file that is not there', async () => ({ ...everybody, serverKey: nowhere('privateKey') })],
      ['gives a key of somebody else', () => presenting(mixedUp())],
    ])('refuses a name whose look-up %s, counts it, and goes on', async (_what, names) => {
      const server = await serve((name, signal) => (name === 'good.gate.example' ? everybody : names(name, signal)));
      const refused = { code: 'EPROTO', alert: { description: 112, origin: 'peer' } };
      await expect(connect('bad.gate.example', SHORT)).rejects.toMatchObject(refused);
      await connect('good.gate.example');
      const stats = server.stats();
      // An alert is not authenticated, so that a client asks once more before it believes it.
      expect(stats.dropped['lookupFailed']).toBe(stats['failed.unrecognized_name']);
      expect(stats).toMatchObject({ handshakesFinished: 1, 'failed.unrecognized_name': expect.any(Number) });
    });

    it('counts an unknown name as refused, and not as a failure of the look-up', async () => {
      const server = await serve(async () => undefined);
      await expect(connect('a.gate.example', SHORT)).rejects.toMatchObject({ alert: { name: 'unrecognized_name' } });
      expect(server.stats()).toMatchObject({ 'failed.unrecognized_name': expect.any(Number) });
      expect(server.stats().dropped).not.toHaveProperty('lookupFailed');
    });

    it('takes back the look-up of a peer that has gone', async () => {
      const gone: Promise<unknown>[] = [];
      const server = await serve((_name, signal) => {
        gone.push(new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true })));
        return new Promise(() => {});
      }, 100);
      await expect(connect('one.gate.example', SHORT)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      await expect(connect('two.gate.example', SHORT)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      await server.close();
      expect(gone).toHaveLength(2);
      await Promise.all(gone);
    });

    it('asks nothing for a client that wants no name', async () => {
      const asked: string[] = [];
      await serve((name) => void asked.push(name));
      const client = await net.createSocket('dtls', { security: trusting([root]) });
      // It is shown the credential of the server, which bears no address.
      await expect(client.connect(SERVER, PORT)).rejects.toMatchObject({ library: { code: 'IP_ADDRESS_MISMATCH' } });
      expect(asked).toEqual([]);
    });
  },
);

function nowhere<T extends 'privateKey'>(type: T) {
  return { type, source: 'file', filename: '/nowhere/a.key' } as const;
}

function mixedUp(): { chain: Buffer; key: Buffer } {
  const [one, other] = ['bad.gate.example', 'good.gate.example'].map((name) => root.issue(name, { key: 'p256' }));
  return { chain: one!.chain, key: other!.key };
}
