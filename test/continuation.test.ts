/**
 * Associations of dtls-openssl that go on elsewhere, over real sockets: after a sleep, at another address, in another
 * process, and after somebody pulled the plug.
 */

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNet, memoryAssociationStore, type Net, type Socket } from '@avs-net/core';
import { psk, pskServer } from '@avs-net/credentials';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { udp } from '@avs-net/udp';
import { afterEach, describe, expect, it } from 'vitest';
import { type Child, startChild } from './child.ts';
import { recordingRelay } from './recording-relay.ts';

const key = Buffer.from('secretPSK');
const keys = [randomBytes(32)];
const text = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString();
const nets: Net[] = [];
afterEach(async () => {
  for (const net of nets.splice(0)) await net.close();
});

function fresh(): Net {
  const net = createNet({ plugins: [udp, dtlsOpenssl] });
  nets.push(net);
  return net;
}

async function echoing(net: Net, options: object = {}): Promise<Socket> {
  const server = await net.createSocket('dtls', {
    security: pskServer({ lookup: () => key }),
    connectionId: true,
    ...options,
  });
  server.on('connection', (peer) => void peer.on('message', (data) => void peer.send(data)));
  await server.bind('127.0.0.1', 0);
  return server;
}

const device = (net: Net, store = memoryAssociationStore()): Promise<Socket> =>
  net.createSocket('dtls', {
    security: psk({ identity: 'dev-1', key }),
    connectionId: true,
    associations: { store, keys },
  });

describe('a device that sleeps', () => {
  it('goes on from another port with its first datagram', async () => {
    const store = memoryAssociationStore();
    const server = await echoing(fresh());
    const moves: number[][] = [];
    server.on('connection', (peer) => peer.on('peerMoved', (from, to) => moves.push([from.port, to.port])));
    const first = await device(fresh(), store);
    await first.connect('127.0.0.1', server.localPort());
    await first.send(Buffer.from('good night'));
    expect(text(await first.receive())).toBe('good night');
    const port = first.localPort();
    await first.exportAssociation('dev-1', { final: true });
    await first.dispose();

    const second = await device(fresh(), store);
    expect(await second.continueAssociation('dev-1')).toBe(second);
    expect(second.getOption('bytesSent')).toBe(0);
    expect([second.getOption('sessionResumed'), second.getOption('connectionIdResumed')]).toEqual([true, true]);
    const bytes = second.getOption('bytesSent');
    await second.send(Buffer.from('good morning'));
    expect(text(await second.receive())).toBe('good morning');
    expect(second.getOption('bytesSent')).toBeLessThan(bytes + 60);
    expect(moves).toEqual([[port, second.localPort()]]);
    expect(second.info()).toMatchObject({ continued: true, version: 'DTLSv1.2', connectionId: expect.anything() });
    expect(server.stats()).toMatchObject({ handshakesFinished: 1, peers: 1 });
  });
});

describe('somebody who records', () => {
  it('cannot bring back what came before the export, and what came after it once', async () => {
    const store = memoryAssociationStore();
    const server = await echoing(fresh());
    await using relay = await recordingRelay(server.localPort());
    const first = await device(fresh(), store);
    await first.connect('127.0.0.1', relay.port);
    const talk = async (socket: Socket, words: string): Promise<void> => {
      await socket.send(Buffer.from(words));
      expect(text(await socket.receive())).toBe(words);
    };
    await talk(first, 'before');
    const before = relay.fromServer.at(-1)!;
    await first.exportAssociation('dev-1');
    await talk(first, 'after');
    const after = relay.fromServer.at(-1)!;
    // As if the first one had crashed.
    const second = await device(fresh(), store);
    await second.continueAssociation('dev-1');
    for (const datagram of [before, after, before, after]) relay.replay(datagram, second.localPort());
    expect(text(await second.receive())).toBe('after');
    await talk(second, 'again');
    expect(second.stats().dropped).toEqual({ replayed: 3 });
    expect(relay.twice).toEqual([]);
  });
});

describe('a peer of a server', () => {
  it('goes on in another process with what is known of it', async () => {
    const associations = { store: memoryAssociationStore(), keys };
    const server = await echoing(fresh(), { associations });
    const client = await device(fresh());
    const accepted = new Promise<Socket>((resolve) => server.on('connection', resolve));
    await client.connect('127.0.0.1', server.localPort());
    const peer = await accepted;
    await peer.exportAssociation('dev-1', { final: true });
    const port = server.localPort();
    await server.dispose();
    const other = await fresh().createSocket('dtls', {
      security: pskServer({ lookup: () => key }),
      connectionId: true,
      associations,
    });
    await other.bind('127.0.0.1', port);
    const second = (await other.continueAssociation('dev-1'))!;
    expect(text(second.info().pskIdentity as Uint8Array)).toBe('dev-1');
    expect([second.state, second.remotePort()]).toEqual(['accepted', client.localPort()]);
    await client.send(Buffer.from('still here'));
    expect(text(await second.receive())).toBe('still here');
    await second.send(Buffer.from('so am I'));
    expect(text(await client.receive())).toBe('so am I');
    expect(second.exportKeyingMaterial('EXPORTER_x', 32)).toEqual(client.exportKeyingMaterial('EXPORTER_x', 32));
    expect(other.stats()).toMatchObject({ peersRestored: 1, peers: 1, handshakesFinished: 0 });
  });
});

describe('associations that cannot go on', () => {
  it('are those of suites that OpenSSL does by itself', async () => {
    const ciphersuites = ['TLS_PSK_WITH_AES_128_CBC_SHA256'];
    const server = await echoing(fresh(), { connectionId: false, ciphersuites });
    const socket = await fresh().createSocket('dtls', {
      security: psk({ identity: 'dev-1', key }),
      associations: { store: memoryAssociationStore(), keys },
      ciphersuites,
    });
    await socket.connect('127.0.0.1', server.localPort());
    await expect(socket.exportAssociation('dev-1')).rejects.toMatchObject({
      code: 'ENOTSUP',
      message: expect.stringContaining('TLS_PSK_WITH_AES_128_CBC_SHA256'),
    });
    await socket.send(Buffer.from('x'));
    expect(text(await socket.receive())).toBe('x');
  });
});

describe('processes that are killed at any moment', () => {
  let directory: string;
  const secret = randomBytes(32).toString('hex');
  const run = (role: string, port: number): Child =>
    startChild(process.execPath, [
      join(import.meta.dirname, 'continuing-process.mjs'),
      role,
      `${port}`,
      directory,
      secret,
    ]);
  const kill = async (child: Child): Promise<void> => {
    child.process.kill('SIGKILL');
    await child.ended;
  };

  it('go on as clients, from new ports, and use no number twice', async () => {
    directory = await mkdtemp(join(tmpdir(), 'avs-net-continuing-'));
    const server = await echoing(fresh());
    await using relay = await recordingRelay(server.localPort());
    const said: string[] = [];
    for (let round = 0; round < 4; round++) {
      const child = run('client', relay.port);
      said.push((await child.line(/^(connected|continued)/))[1]!);
      await relay.more('clients', 1 + 17 * round);
      await kill(child);
    }
    expect(said).toEqual(['connected', ...Array(3).fill('continued')]);
    expect(relay.twice).toEqual([]);
    expect(relay.seen.clients).toBeGreaterThan(100);
    expect(server.stats()).toMatchObject({ handshakesFinished: 1, peers: 1 });
    await rm(directory, { recursive: true });
  });

  it('go on as servers, and their clients do not notice', async () => {
    directory = await mkdtemp(join(tmpdir(), 'avs-net-continuing-'));
    let child = run('server', 0);
    const port = Number((await child.line(/^listening (\d+)/))[1]);
    await using relay = await recordingRelay(port);
    const client = await device(fresh());
    await client.connect('127.0.0.1', relay.port);
    await child.line(/^exported/);
    let echoes = 0;
    client.on('message', () => {
      echoes += 1;
    });
    let talking = true;
    const talk = (async () => {
      for (let count = 0; talking; count++) {
        await client.send(Buffer.from(`${count}`));
        await new Promise(setImmediate);
      }
    })();
    for (let round = 0; round < 3; round++) {
      await relay.more('server', 20 + 17 * round);
      await kill(child);
      child = run('server', port);
      expect((await child.line(/^(listening|continued)/))[1]).toBe('continued');
    }
    await relay.more('server', 20);
    talking = false;
    await talk;
    await kill(child);
    expect(relay.twice).toEqual([]);
    expect([relay.hellos, echoes > 100]).toEqual([2, true]);
    await rm(directory, { recursive: true });
  });
});
