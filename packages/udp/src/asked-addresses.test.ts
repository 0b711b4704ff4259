import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import type { Address } from '@avs-net/core/plugin';
import { afterEach, describe, expect, it } from 'vitest';
import { bytes, closeAll, makeBound, makeSocket, text, unaborted } from '../test/fake-host.ts';
import { AskedAddresses, type AskedAddressesInit } from './asked-addresses.ts';
import { SystemSocket } from './system-socket.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  await closeAll();
  for (const each of open.splice(0)) await each.close();
});

const mine = Object.values(networkInterfaces())
  .flatMap((addresses = []) => addresses)
  .filter(({ address }) => !address.startsWith('fe80:'))
  .map(({ address }) => address);

describe('a socket that answers from where it was asked', () => {
  it.each(mine)('is asked at %s', async (address) => {
    const { host, port, socket } = await makeBound('', { replyFromAskedAddress: true });
    const client = await makeSocket();
    await client.socket.connect(address, port, unaborted());
    client.socket.send(bytes('who?'));
    const { from } = await host.messages.next();
    expect(from).toEqual({ ...client.socket.local(), local: { host: address, port } });
    socket.sendTo(bytes('me'), from!);
    expect(text((await client.host.messages.next()).data)).toBe('me');
    expect(socket.local()).toEqual({ host: '::', port });
  });

  it('takes who asks two addresses for two peers, and knows the local address of each', async () => {
    const { host, port, socket } = await makeBound('', { replyFromAskedAddress: true });
    socket.listen([]);
    const client = await plain('::');
    for (const address of ['::1', '::ffff:127.0.0.1']) client.send('who?', port, address);
    const peers = [await host.peers.next(), await host.peers.next()];
    expect(new Set(peers.map(({ operations }) => operations.local?.()?.host))).toEqual(new Set(['::1', '127.0.0.1']));
    for (const { operations } of peers) operations.send?.(bytes('me'));
    for (const _ of peers) expect(String((await once(client, 'message'))[0])).toBe('me');
  });

  it('serves only the versions that are allowed', async () => {
    const { port, socket, host } = await makeBound('', { replyFromAskedAddress: true, addressFamily: 'inet4' });
    expect(socket.local()).toEqual({ host: '0.0.0.0', port });
    // The same port is free over IPv6.
    await (await makeSocket()).socket.bind('::1', port);
    expect(() => socket.sendTo(bytes('x'), { host: '::1', port: 9 })).toThrow(
      expect.objectContaining({ code: 'EADDRNOTAVAIL' }),
    );
    expect(host.messages.total).toBe(0);
  });

  it('does not connect', async () => {
    const { socket } = await makeBound('', { replyFromAskedAddress: true });
    await expect(socket.connect('127.0.0.1', 9, unaborted())).rejects.toMatchObject({ code: 'ENOTSUP' });
  });

  it('is an ordinary socket where one address is named', async () => {
    const { socket, port } = await makeBound('127.0.0.1', { replyFromAskedAddress: true });
    expect(socket.local()).toEqual({ host: '127.0.0.1', port });
  });

  it('refuses a port that is taken at one of the addresses, and leaves the others free', async () => {
    const { port } = await makeBound('127.0.0.1');
    const { socket } = await makeSocket({ replyFromAskedAddress: true });
    await expect(socket.bind('', port)).rejects.toMatchObject({ code: 'EADDRINUSE', operation: 'bind' });
    await (await makeSocket()).socket.bind('::1', port);
  });
});

// Every address of 127/8 is local on Linux: two of them show from which one an answer leaves.
describe.runIf(process.platform === 'linux')('two addresses of one machine', () => {
  it('answer each for itself', async () => {
    const heard: { data: Uint8Array; from: Address }[] = [];
    const sockets = await bound({
      addresses: ['127.0.0.1', '127.0.0.2'],
      receive: (all, data, from) => {
        heard.push({ data, from });
        all.sender.send(bytes('me'), from);
      },
    });
    const client = await plain('127.0.0.1');
    client.send('who?', sockets.local().port, '127.0.0.2');
    const [, from] = (await once(client, 'message')) as [Buffer, RemoteInfo];
    expect(from.address).toBe('127.0.0.2');
    expect(heard.map(({ from: { local } }) => local?.host)).toEqual(['127.0.0.2']);
  });

  it('pass over an address that cannot be used', async () => {
    const sockets = await bound({ addresses: ['192.0.2.123', '127.0.0.2'] });
    expect(sockets.local().port).toBeGreaterThan(0);
    await expect(bound({ addresses: ['192.0.2.123'] })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });
});

async function bound(init: Partial<AskedAddressesInit>): Promise<AskedAddresses> {
  const sockets = await AskedAddresses.bind({
    ...{ backend: 'udp', versions: [4], port: 0, receive: () => {}, ...init },
    open: (version, message) =>
      new SystemSocket({
        ...{ version, ipv6Only: true, reuseAddress: false, reusePort: false, backend: 'udp', failed: () => {} },
        message: (_, data, info) => message(data, info),
      }),
  });
  open.push(sockets);
  return sockets;
}

async function plain(host: string): Promise<ReturnType<typeof createSocket>> {
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' });
  open.push(socket);
  socket.bind(0, host);
  await once(socket, 'listening');
  return socket;
}
