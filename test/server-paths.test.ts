/**
 * What a dtls server can stand on, and what it says of addresses: a bound socket that is decorated, several local
 * addresses, both IP versions on one socket.
 */

import { networkInterfaces } from 'node:os';
import { createNet, type Net, type SecureConfiguration, type Socket } from '@avs-net/core';
import { psk, pskServer } from '@avs-net/credentials';
import { udp } from '@avs-net/udp';
import { afterEach, describe, expect, it } from 'vitest';
import { servers } from './backends.ts';

const key = new Uint8Array(16).fill(0x5a);
const identity = 'device';
const configuration: SecureConfiguration = { security: pskServer({ lookup: () => key }) };
const mine = Object.values(networkInterfaces())
  .flatMap((addresses = []) => addresses)
  .filter(({ address }) => !address.startsWith('fe80:'))
  .map(({ address }) => address);

let net: Net;
afterEach(() => net.close());

describe.each(servers)('a server of $name', (backend) => {
  async function serve(more: Partial<SecureConfiguration> = {}): Promise<Socket> {
    net = createNet({ plugins: [udp, backend] });
    const server = await net.createSocket('dtls', { ...configuration, ...more });
    await server.bind('', 0);
    return server;
  }

  async function client(): Promise<Socket> {
    return net.createSocket('dtls', { security: psk({ identity, key }) });
  }

  it('serves through a bound socket that it was put over, also who came before', async () => {
    net = createNet({ plugins: [udp, backend] });
    const lower = await net.createSocket('udp');
    await lower.bind('127.0.0.1', 0);
    const port = lower.localPort();
    const early = await client();
    const connecting = early.connect('127.0.0.1', port);
    while (lower.stats().messagesReceived === 0) await new Promise(setImmediate);
    const server = await net.decorate('dtls', lower, configuration);
    expect([server.state, server.localPort()]).toEqual(['bound', port]);
    await connecting;
    const late = await client();
    await late.connect('127.0.0.1', port);
    const peers = [await server.accept(), await server.accept()];
    await echo(early, peers[0]!);
    await echo(late, peers[1]!);
    await server.close();
    expect(await late.receive()).toBeNull();
  });

  it.each(['127.0.0.1', '::1'])('shows a client that comes to %s as what it is', async (host) => {
    const server = await serve();
    const one = await client();
    await one.connect(host, server.localPort());
    const peer = await server.accept();
    expect([peer.remoteHost(), peer.remotePort()]).toEqual([host, one.localPort()]);
    await echo(one, peer);
  });

  it.each(mine)('answers from %s when it was asked there, and says so', async (host) => {
    const server = await serve({ backendConfiguration: { replyFromAskedAddress: true } });
    const one = await client();
    // From another address than the one that is asked, where the machine has one of that version.
    const other = mine.find((address) => address !== host && address.includes(':') === host.includes(':'));
    if (other !== undefined) await one.bind(other, 0);
    await one.connect(host, server.localPort());
    const peer = await server.accept();
    expect([peer.localHost(), peer.localPort()]).toEqual([host, server.localPort()]);
    await echo(one, peer);
    expect(peer.info().remote).toEqual({ host: one.localHost(), port: one.localPort() });
  });
});

async function echo(one: Socket, other: Socket): Promise<void> {
  await one.send(Uint8Array.of(1));
  expect(await other.receive({ timeout: 5_000 })).toEqual(Uint8Array.of(1));
  await other.send(Uint8Array.of(2));
  expect(await one.receive({ timeout: 5_000 })).toEqual(Uint8Array.of(2));
}
