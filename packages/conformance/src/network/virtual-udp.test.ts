import type { Address, OptionKey, SocketHost, SocketOperations, TransportConfiguration } from '@avs-net/core/plugin';
import { NetError } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { createNetwork, type NetworkInit } from './datagram-network.ts';
import { virtualClock } from './virtual-clock.ts';

interface Watched {
  readonly operations: SocketOperations;
  readonly got: string[];
  readonly errors: string[];
  readonly drops: string[];
  readonly accepted: { readonly peer: Address; readonly socket: Watched }[];
}

function setup(init: Omit<NetworkInit, 'clock'> = {}) {
  const clock = virtualClock();
  const network = createNetwork({ clock, ...init });
  const watch = (make: (host: SocketHost) => SocketOperations): Watched => {
    const seen = { got: [], errors: [], drops: [], accepted: [] } as Omit<Watched, 'operations'>;
    const host: SocketHost = {
      backend: 'udp-virtual',
      clock,
      error: (error) => new NetError({ ...error, operation: 'test' }),
      deliver: (data, from) => void seen.got.push(`${Buffer.from(data)} from ${from?.port}`),
      end: () => {},
      softError: (error) => void seen.errors.push(error.code),
      failed: (error) => void seen.errors.push(`failed ${error.code}`),
      accepted: (peer, operations) => {
        if (peer.port !== REFUSED) seen.accepted.push({ peer, socket: watch(operations) });
      },
      dropped: (reason) => void seen.drops.push(reason),
    };
    return { ...seen, operations: make(host) };
  };
  const socket = async (hostAddress: string, configuration: TransportConfiguration = {}) => {
    const plugin = network.plugin({ host: hostAddress });
    const contextHost = { backend: plugin.name, clock, error: (e: object) => new NetError(e as never) };
    const context = await (await plugin.load()).context(configuration, contextHost);
    return watch((host) => context.socket!(host));
  };
  return { clock, network, socket };
}

/** Port of a peer that is refused. */
const REFUSED = 13;
const attempt = { signal: new AbortController().signal };
const text = (value: string): Uint8Array => Buffer.from(value);

describe('virtual udp backend', () => {
  it('connects, binds, sends and answers by name', async () => {
    const { clock, socket } = setup({ names: { 'server.test': '192.0.2.2' } });
    const client = await socket('192.0.2.1');
    const server = await socket('192.0.2.2');
    await server.operations.bind!('', 5684);
    await client.operations.connect!('server.test', 5684, attempt);
    client.operations.send!(text('hello'));
    await clock.advance(0);
    expect(server.got).toEqual(['hello from 49152']);
    server.operations.sendTo!(text('welcome'), client.operations.local!()!);
    await clock.advance(0);
    expect(client.got).toEqual(['welcome from 5684']);
    expect(client.operations.remote!()).toEqual({ host: '192.0.2.2', port: 5684 });
    expect(await client.operations.resolve!('server.test', 1)).toEqual({ host: '192.0.2.2', port: 1 });
  });

  it('keeps its port from bind to connect and hears only the peer from then on', async () => {
    const { clock, network, socket } = setup();
    const client = await socket('192.0.2.1');
    await client.operations.bind!('0.0.0.0', 700);
    await client.operations.connect!('192.0.2.2', 5684, attempt);
    network.inject({ from: { host: '192.0.2.9', port: 1 }, to: { host: '192.0.2.1', port: 700 }, data: text('x') });
    await clock.advance(0);
    expect(client.got).toEqual([]);
    expect(client.drops).toEqual(['foreignAddress']);
    expect(client.operations.local!()).toEqual({ host: '192.0.2.1', port: 700 });
  });

  it('accepts peers with their first datagram, which outlive the listening socket', async () => {
    const { clock, network, socket } = setup();
    const server = await socket('192.0.2.2');
    await server.operations.bind!('192.0.2.2', 5684);
    const early = await socket('192.0.2.1');
    await early.operations.connect!('192.0.2.2', 5684, attempt);
    server.operations.listen!([{ data: text('early'), from: { host: '192.0.2.1', port: 49_152 } }]);
    const clients = [await socket('192.0.2.1'), await socket('192.0.2.1')];
    for (const [number, client] of clients.entries()) {
      await client.operations.connect!('192.0.2.2', 5684, attempt);
      client.operations.send!(text(`first of ${number}`));
      client.operations.send!(text(`second of ${number}`));
    }
    await clock.advance(0);
    expect(server.accepted.map(({ peer }) => peer.port)).toEqual([49_152, 49_153, 49_154]);
    const [, ...peers] = server.accepted.map((accepted) => accepted.socket);
    expect(server.accepted[0]?.socket.got).toEqual(['early from 49152']);
    expect(peers.map(({ got }) => got)).toEqual([
      ['first of 0 from 49153', 'second of 0 from 49153'],
      ['first of 1 from 49154', 'second of 1 from 49154'],
    ]);
    await server.operations.close();
    peers[1]!.operations.send!(text('still here'));
    await clock.advance(0);
    expect(clients[1]!.got).toEqual(['still here from 5684']);
    expect(peers[1]!.operations.getOption!('bytesReceived')).toBe('first of 1second of 1'.length);
    expect(peers[1]!.operations.getOption!('innerMtu')).toBe(1472);
    for (const { socket: peer } of server.accepted) await peer.operations.close();
    expect(network.ports.map(({ port }) => port)).toEqual([49_152, 49_153, 49_154]);
    expect(server.got).toEqual([]);
  });

  it('forgets a peer that is refused', async () => {
    const { clock, network, socket } = setup();
    const server = await socket('192.0.2.2');
    await server.operations.bind!('', 5684);
    server.operations.listen!([]);
    const to = { host: '192.0.2.2', port: 5684 };
    network.inject({ from: { host: '192.0.2.9', port: REFUSED }, to, data: text('x') });
    network.inject({ from: { host: '192.0.2.9', port: REFUSED }, to, data: text('x') });
    await clock.advance(0);
    expect(server.accepted).toEqual([]);
    expect(server.drops).toEqual(['noPeer', 'noPeer']);
    await server.operations.close();
    expect(network.ports).toEqual([]);
  });

  it('reports ICMP as a soft error of connected sockets', async () => {
    const { clock, socket } = setup();
    const client = await socket('127.0.0.1');
    await client.operations.connect!('localhost', 9, attempt);
    client.operations.send!(text('anybody?'));
    await clock.advance(0);
    expect(client.errors).toEqual(['ECONNREFUSED']);
  });

  it('answers the options of a UDP socket in each state', async () => {
    const { socket } = setup({ mtu: 1280 });
    const plain = await socket('192.0.2.1');
    const get = (key: OptionKey) => plain.operations.getOption!(key);
    expect(get('addrFamily')).toBe('unspec');
    expect(() => get('mtu')).toThrow(/EINVAL/);
    expect(() => get('innerMtu')).toThrow(/EBADF/);
    await plain.operations.bind!('', 0);
    expect(() => get('mtu')).toThrow(/ENOTCONN/);
    await plain.operations.connect!('192.0.2.2', 5, attempt);
    expect([get('addrFamily'), get('mtu'), get('innerMtu')]).toEqual(['inet4', 1280, 1252]);
    plain.operations.send!(text('12345'));
    await plain.operations.close();
    expect([get('bytesSent'), get('bytesReceived')]).toEqual([5, 0]);
    const forced = await socket('2001:db8::1', { forcedMtu: 600 });
    await forced.operations.connect!('2001:db8::2', 5, attempt);
    expect(['addrFamily', 'mtu', 'innerMtu'].map((key) => forced.operations.getOption!(key as OptionKey))).toEqual([
      'inet6',
      600,
      552,
    ]);
  });

  it('refuses with the code of the system', async () => {
    const { network, socket } = setup({ mtu: 128 });
    const first = await socket('192.0.2.1');
    const second = await socket('192.0.2.1', { addressFamily: 'inet6' });
    await first.operations.bind!('', 700);
    await expect(second.operations.bind!('', 700)).rejects.toThrow(/EADDRINUSE/);
    await expect(second.operations.connect!('192.0.2.2', 1, attempt)).rejects.toThrow(/inet6.*EADDRNOTAVAIL/);
    await expect(first.operations.connect!('nowhere.test', 1, attempt)).rejects.toThrow(/nowhere\.test.*EADDRNOTAVAIL/);
    await expect((await socket('192.0.2.3')).operations.bind!('192.0.2.4', 1)).rejects.toThrow(/EADDRNOTAVAIL/);
    expect(() => first.operations.send!(text('x'))).toThrow(/EDESTADDRREQ/);
    expect(() => first.operations.sendTo!(new Uint8Array(101), { host: '192.0.2.9', port: 1 })).toThrow(
      /takes 100 bytes, received 101.*EMSGSIZE/,
    );
    expect(network.log.length).toBe(0);
    expect(() => network.plugin({ host: 'name.test' })).toThrow(TypeError);
  });
});
