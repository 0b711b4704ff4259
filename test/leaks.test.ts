/**
 * What a thousand connections leave behind: nothing. Counted are the native objects of the backend on OpenSSL and the
 * handles and timers that keep node's event loop alive.
 */

import { type Clock, createNet, type Net, systemClock } from '@avs-net/core';
import { psk, pskServer } from '@avs-net/credentials';
import { dtlsOpenssl, type LiveObjects, liveObjects } from '@avs-net/dtls-openssl';
import { udp } from '@avs-net/udp';
import { describe, expect, it } from 'vitest';

const CYCLES = 1_000;
const identity = 'dev-1';
const key = new TextEncoder().encode('correct horse battery staple');
const clientSecurity = psk({ identity, key });
const serverSecurity = pskServer({ identities: { [identity]: key } });
const NOTHING: LiveObjects = { contexts: 0, connections: 0, bios: 0, associations: 0 };

describe('after a thousand cycles', () => {
  it.each<[string, (net: Net, server: Server) => Promise<void>]>([
    ['of one client that connects and closes', reuseOne],
    ['of clients that are made and disposed', makeMany],
    ['of handshakes that are given up', giveUp],
  ])('%s, objects and handles are back at their start', { timeout: 120_000 }, async (_, cycles) => {
    const handles = await settledHandles();
    expect(liveObjects()).toEqual(NOTHING);
    const timers = new Set<object>();
    const net = createNet({ plugins: [udp, dtlsOpenssl], clock: counted(timers) });
    const server = await listen(net);
    await cycles(net, server);
    await net.close();
    expect(liveObjects()).toEqual(NOTHING);
    expect(await settledHandles()).toEqual(handles);
    expect(timers.size).toBe(0);
  });
});

describe('a peer that has ended', () => {
  it('holds nothing natively, even if nobody disposes it', async () => {
    await using net = createNet({ plugins: [udp, dtlsOpenssl] });
    const server = await net.createSocket('dtls', { security: serverSecurity });
    await server.bind('127.0.0.1', 0);
    const accepting = server.accept();
    const client = await net.createSocket('dtls', { security: clientSecurity });
    await client.connect('127.0.0.1', server.localPort());
    const peer = await accepting;
    await client.send(Uint8Array.of(7));
    await client.dispose();
    expect(await peer.receive()).toEqual(Uint8Array.of(7));
    expect(await peer.receive()).toBeNull();
    expect(liveObjects()).toMatchObject({ contexts: 1, connections: 0, bios: 0, associations: 0 });
    // What was negotiated may still be asked for.
    expect(peer.info()).toMatchObject({ version: 'DTLSv1.2', pskIdentity: new TextEncoder().encode(identity) });
    await expect(peer.send(Uint8Array.of(8))).rejects.toMatchObject({ code: 'EPIPE' });
    await peer.dispose();
  });
});

/** Serves every peer with its own messages and disposes it when it has ended. */
interface Server {
  readonly port: number;
  /** Resolves when the peer that comes next has ended and is disposed. */
  gone(): Promise<void>;
}

async function listen(net: Net): Promise<Server> {
  const waiting: (() => void)[] = [];
  const socket = await net.createSocket('dtls', { security: serverSecurity });
  await socket.bind('127.0.0.1', 0);
  socket.on('connection', (peer) => {
    peer.on('message', (data) => void peer.send(data));
    peer.on('end', () => void peer.dispose().then(() => waiting.shift()?.()));
  });
  return { port: socket.localPort(), gone: () => new Promise((resolve) => waiting.push(resolve)) };
}

async function reuseOne(net: Net, { port, gone }: Server): Promise<void> {
  const client = await net.createSocket('dtls', { security: clientSecurity });
  for (let cycle = 0; cycle < CYCLES; cycle += 1) {
    const left = gone();
    await client.connect('127.0.0.1', port);
    await client.send(Uint8Array.of(cycle & 0xff));
    expect(await client.receive()).toEqual(Uint8Array.of(cycle & 0xff));
    await client.close();
    await left;
  }
}

async function makeMany(net: Net, { port, gone }: Server): Promise<void> {
  for (let cycle = 0; cycle < CYCLES; cycle += 1) {
    const left = gone();
    const client = await net.createSocket('dtls', { security: clientSecurity });
    await client.connect('127.0.0.1', port);
    await client.dispose();
    await left;
  }
}

/** At every stage, as fast as the handshake gets there. */
async function giveUp(net: Net, { port }: Server): Promise<void> {
  for (let cycle = 0; cycle < CYCLES; cycle += 1) {
    const client = await net.createSocket('dtls', { security: clientSecurity });
    const connecting = client.connect('127.0.0.1', port).catch(() => {});
    for (let turn = cycle % 10; turn > 0; turn -= 1) await turnOfTheLoop();
    await client.dispose();
    await connecting;
  }
}

/**
 * Sockets, look-ups, pipes …; the system closes them at the end of a turn of the event loop. Timers are not all ours.
 */
async function settledHandles(): Promise<string[]> {
  for (let turn = 0; turn < 3; turn += 1) await turnOfTheLoop();
  return process
    .getActiveResourcesInfo()
    .filter((name) => name !== 'Timeout')
    .sort();
}

/** `running` holds every timer that has neither run nor been cancelled. */
function counted(running: Set<object>): Clock {
  return {
    now: () => systemClock.now(),
    timer(ms, run) {
      const mark = {};
      running.add(mark);
      const timer = systemClock.timer(ms, () => {
        running.delete(mark);
        run();
      });
      return {
        cancel() {
          running.delete(mark);
          timer.cancel();
        },
      };
    },
  };
}

function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
