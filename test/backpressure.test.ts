/**
 * Who sends in a loop and awaits every `send` leaves the event loop to others: what the transport wants to be waited
 * for reaches the caller through every layer.
 */

import { createNet, type Net, type Plugin, type Socket } from '@avs-net/core';
import { psk, pskServer } from '@avs-net/credentials';
import { udp } from '@avs-net/udp';
import { afterEach, describe, expect, it } from 'vitest';
import { clients, servers } from './backends.ts';

const key = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
const open: Net[] = [];
afterEach(() => Promise.all(open.splice(0).map((net) => net.close())));

const named = (plugins: typeof clients) => plugins.map((plugin) => [plugin.name, plugin] as const);

describe('a loop of awaited sends', () => {
  it.each(named(clients))('on a dtls client of %s lets timers run', async (_name, plugin) => {
    const [client] = await connected(plugin, servers[0]!);
    expect(await sendsUntilTimer(client)).toBeLessThan(MANY);
  });

  it.each(named(servers))('on a peer of a dtls server of %s lets timers run', async (_name, plugin) => {
    const [, peer] = await connected(clients[0]!, plugin);
    expect(await sendsUntilTimer(peer)).toBeLessThan(MANY);
  });
});

/** A client, and the peer that a server has of it. */
async function connected(clientPlugin: Plugin, serverPlugin: Plugin): Promise<[Socket, Socket]> {
  const [clientNet, serverNet] = [clientPlugin, serverPlugin].map((plugin) => createNet({ plugins: [udp, plugin] }));
  open.push(clientNet!, serverNet!);
  const listener = await serverNet!.createSocket('dtls', { security: pskServer({ identities: { device: key } }) });
  await listener.bind('127.0.0.1', 0);
  const accepting = listener.accept();
  const client = await clientNet!.createSocket('dtls', { security: psk({ identity: 'device', key }) });
  await client.connect('127.0.0.1', listener.localPort());
  return [client, await accepting];
}

async function sendsUntilTimer(socket: Socket): Promise<number> {
  let fired = false;
  setImmediate(() => {
    fired = true;
  });
  let count = 0;
  while (!fired && count < MANY) {
    await socket.send(key);
    count += 1;
  }
  return count;
}

const MANY = 5_000;
