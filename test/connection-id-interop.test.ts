/** Connection ids (RFC 9146) with Mbed TLS 3 in both roles: lengths, moving peers, resumption, and whoever has none. */

import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type ConnectionIdRules, createNet, memorySessionStore, type Socket, type SocketInfo } from '@avs-net/core';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { udp } from '@avs-net/udp';
import { beforeEach, describe, expect, it } from 'vitest';
import { IDENTITY, KEY, needsMbedtls3, startMbedtls } from './mbedtls-id-peer.ts';

type Wanted = boolean | ConnectionIdRules;

/** Ours, Mbed TLS', and the lengths that come of it, as [what it puts on its records, what we put on ours]. */
const CASES: [string, Wanted, string, [number, number] | undefined][] = [
  ['one way', { length: 0 }, 'a1b2c3d4', [0, 4]],
  ['the other way', { length: 20 }, 'empty', [20, 0]],
  ['both ways', { length: 5 }, 'beef', [5, 2]],
  ['both ways, as long as Mbed TLS takes them', { length: 32 }, 'ab'.repeat(32), [32, 32]],
  ['of one byte', { length: 1 }, '7f', [1, 1]],
  ['that Mbed TLS does not know', { length: 8 }, 'none', undefined],
  ['that we do not know', false, 'a1b2c3d4', undefined],
];

beforeEach((context) => needsMbedtls3(context));

describe('connection ids with a server on Mbed TLS', () => {
  it.each(CASES)('%s', async (_which, connectionId, id, lengths) => {
    await using server = startMbedtls('server', id);
    const [, port] = await server.line(/^PORT (\d+)/);
    await using net = createNet({ plugins: [udp, dtlsOpenssl] });
    const socket = await net.createSocket('dtls', { ...client, connectionId });
    await socket.connect('127.0.0.1', Number(port), PATIENCE);
    const info = socket.info().connectionId;
    expectIds(socket.info(), lengths, id);
    await talk(socket, 3);
    await socket.close();
    const [, seen] = await server.line(/^CONNECTED .* id=(.*)$/);
    const own = Buffer.from(info?.own ?? []).toString('hex');
    expect(seen).toBe(info === undefined ? 'none' : own === '' ? 'empty' : own);
  });

  it('go on from another address, with the first datagram from there', async () => {
    await using server = startMbedtls('server', 'a1b2c3d4');
    const [, port] = await server.line(/^PORT (\d+)/);
    await using path = await changingPath(Number(port));
    await using net = createNet({ plugins: [udp, dtlsOpenssl] });
    const socket = await net.createSocket('dtls', { ...client, connectionId: true });
    await socket.connect('127.0.0.1', path.port, PATIENCE);
    await talk(socket, 2);
    await path.change();
    await talk(socket, 2);
    await socket.close();
    expect((await server.line(/^CLOSED after (\d+) moves/))[1]).toBe('1');
  });

  it('are made anew when a session is resumed', async () => {
    await using server = startMbedtls('server', 'a1b2c3d4');
    const [, port] = await server.line(/^PORT (\d+)/);
    await using net = createNet({ plugins: [udp, dtlsOpenssl] });
    const session = memorySessionStore();
    const ids: string[] = [];
    for (const resumed of [false, true]) {
      const socket = await net.createSocket('dtls', { ...client, session, connectionId: { length: 6 } });
      await socket.connect('127.0.0.1', Number(port), PATIENCE);
      expect(socket.info().resumed).toBe(resumed);
      expectIds(socket.info(), [6, 4], 'a1b2c3d4');
      ids.push(Buffer.from(socket.info().connectionId!.own).toString('hex'));
      await talk(socket, 2);
      await socket.close();
    }
    expect(new Set(ids).size).toBe(2);
  });
}, 60_000);

describe('connection ids with a client on Mbed TLS', () => {
  it.each(CASES)('%s', async (_which, connectionId, id, lengths) => {
    await using served = await serve(connectionId);
    await using peer = startMbedtls('client', id, String(served.port));
    await peer.line(/^DONE/);
    expectEchoes(peer.output(), 3);
    expectIds(served.infos[0]!, lengths, id);
  });

  it('go on from another address, and are answered there', async () => {
    await using served = await serve(true);
    await using peer = startMbedtls('client', 'beef', String(served.port), 'move');
    await peer.line(/^DONE/);
    expectEchoes(peer.output(), 3);
    expect(served.moves()).toBe(1);
  });

  it('are negotiated when a session is resumed', async () => {
    await using served = await serve({ length: 6 });
    await using peer = startMbedtls('client', 'beef', String(served.port), 'resume');
    await peer.line(/^DONE/);
    expectEchoes(peer.output(), 6);
    expect(served.infos.map(({ resumed }) => resumed)).toEqual([false, true]);
    for (const info of served.infos) expectIds(info, [6, 2], 'beef');
  });
}, 60_000);

function expectIds(info: SocketInfo, lengths: [number, number] | undefined, id: string): void {
  const { connectionId } = info;
  if (lengths === undefined) {
    expect(connectionId).toBeUndefined();
    return;
  }
  expect([connectionId!.own.length, connectionId!.peer.length]).toEqual(lengths);
  expect(Buffer.from(connectionId!.peer).toString('hex')).toBe(id === 'empty' ? '' : id);
}

function expectEchoes(output: string, count: number): void {
  expect(output.match(/^ECHO message \d$/gm)).toHaveLength(count);
}

async function talk(socket: Socket, count: number): Promise<void> {
  for (let number = 0; number < count; number++) {
    await socket.send(Buffer.from(`there and back ${number}`));
    const received = await socket.receive(PATIENCE);
    expect(Buffer.from(received ?? []).toString()).toBe(`there and back ${number}`);
  }
}

interface Served extends AsyncDisposable {
  readonly port: number;
  readonly infos: SocketInfo[];
  moves(): number;
}

/** Echoes. */
async function serve(connectionId: Wanted): Promise<Served> {
  const net = createNet({ plugins: [udp, dtlsOpenssl] });
  const server = await net.createSocket('dtls', { security: { mode: 'psk', lookup: () => KEY }, connectionId });
  await server.bind('127.0.0.1', 0);
  const infos: SocketInfo[] = [];
  server.on('connection', (peer) => {
    infos.push(peer.info());
    peer.on('message', (data) => void peer.send(data));
  });
  return {
    port: server.localPort(),
    infos,
    moves: () => Number(server.stats()['peersMoved']),
    [Symbol.asyncDispose]: () => net[Symbol.asyncDispose](),
  };
}

/** A network address translator that forgets what it had. */
async function changingPath(to: number): Promise<AsyncDisposable & { port: number; change(): Promise<void> }> {
  const front = await bound();
  let from = 0;
  let back = await fresh();
  async function fresh(): Promise<DatagramSocket> {
    const socket = await bound();
    return socket.on('message', (data) => front.send(data, from, '127.0.0.1'));
  }
  front.on('message', (data, { port }) => {
    from = port;
    back.send(data, to, '127.0.0.1');
  });
  return {
    port: (front.address() as AddressInfo).port,
    async change() {
      back.close();
      back = await fresh();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of [front, back]) socket.close();
    },
  };
}

async function bound(): Promise<DatagramSocket> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

const PATIENCE = { timeout: 20_000 };
const client = {
  security: {
    mode: 'psk',
    key: { type: 'pskKey', source: 'buffer', buffer: KEY },
    identity: { type: 'pskIdentity', source: 'buffer', buffer: Buffer.from(IDENTITY) },
  },
} as const;
