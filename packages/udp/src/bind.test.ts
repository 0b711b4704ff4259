import type { AddressFamily } from '@avs-net/core/plugin';
import { afterEach, describe, expect, it } from 'vitest';
import { lookupTable } from '../../../test/lookup-table.ts';
import { bytes, closeAll, makeBound, makeSocket, text, unaborted } from '../test/fake-host.ts';

afterEach(closeAll);

describe('bind', () => {
  const WILDCARDS: readonly [AddressFamily, AddressFamily, string][] = [
    ['unspec', 'unspec', '::'],
    ['inet6', 'unspec', '::'],
    ['inet4', 'unspec', '0.0.0.0'],
    ['unspec', 'inet4', '0.0.0.0'],
    ['inet4', 'inet6', '::'],
  ];
  it.each(WILDCARDS)('preferred %s, forced %s: the wildcard is %s', async (preferredFamily, addressFamily, host) => {
    const { socket, port } = await makeBound('', { preferredFamily, addressFamily });
    expect(socket.local()).toEqual({ host, port });
    expect(port).toBeGreaterThan(0);
    expect(socket.getOption('addrFamily')).toBe(host === '::' ? 'inet6' : 'inet4');
  });

  it.each(['127.0.0.1', '::1'])('a wildcard socket shows a datagram of %s under that address', async (address) => {
    const { host, port } = await makeBound('');
    const client = await makeSocket();
    await client.socket.connect(address, port, unaborted());
    client.socket.send(bytes('hello'));
    expect((await host.messages.next()).from).toEqual(client.socket.local());
  });

  it('keeps IPv4 away when only IPv6 is allowed', async () => {
    const server = await makeBound('', { addressFamily: 'inet6' });
    const stranger = await makeBound('127.0.0.1');
    stranger.socket.sendTo(bytes('stranger'), { host: '127.0.0.1', port: server.port });
    const client = await makeSocket();
    await client.socket.connect('::1', server.port, unaborted());
    client.socket.send(bytes('client'));
    expect(text((await server.host.messages.next()).data)).toBe('client');
  });

  it('resolves a name, in the order of the families', async () => {
    const { lookup, asked } = lookupTable({ 'here/4': ['127.0.0.1'] });
    const { socket } = await makeSocket({}, { lookup });
    await socket.bind('here', 0);
    expect(socket.local()?.host).toBe('127.0.0.1');
    expect(asked).toEqual(['here/6', 'here/4']);
  });

  const REFUSED: readonly [string, string, AddressFamily, string][] = [
    ['an unknown name', 'nowhere.example', 'unspec', 'EINVAL'],
    ['an address of a family that is not allowed', '127.0.0.1', 'inet6', 'EINVAL'],
    ['an address of another machine', '192.0.2.1', 'unspec', 'EADDRNOTAVAIL'],
  ];
  it.each(REFUSED)('refuses %s', async (_name, host, addressFamily, code) => {
    const { socket } = await makeSocket({ addressFamily }, lookupTable({}));
    await expect(socket.bind(host, 0)).rejects.toMatchObject({ code, operation: 'bind', backend: 'udp' });
    expect(socket.local()).toBeUndefined();
    await socket.bind('127.0.0.1', 0).catch(() => socket.bind('::1', 0));
  });

  it('refuses a port that is in use, and does not take half of it', async () => {
    const { port } = await makeBound('');
    const { socket } = await makeSocket();
    await expect(socket.bind('', port)).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: expect.stringContaining(`[::]:${port} is in use`),
    });
  });

  it('shares a port only if both sockets have reuseAddress', async () => {
    const { port } = await makeBound('127.0.0.1', { reuseAddress: true });
    const one = await makeSocket({ reuseAddress: true });
    await one.socket.bind('127.0.0.1', port);
    const other = await makeSocket();
    await expect(other.socket.bind('127.0.0.1', port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('closed while the name is resolved, stays closed', async () => {
    let answer = (): void => {};
    const { socket } = await makeSocket(
      { preferredFamily: 'inet4' },
      {
        lookup: (_name, _options, found) => {
          answer = () => found(null, [{ address: '127.0.0.1' }]);
        },
      },
    );
    const binding = socket.bind('here', 0);
    await Promise.resolve();
    await socket.close();
    answer();
    await expect(binding).rejects.toMatchObject({ code: 'ECONNABORTED' });
    expect(socket.local()).toBeUndefined();
  });

  it('frees the port when close resolves', async () => {
    const { socket, port } = await makeBound('127.0.0.1');
    await socket.close();
    await socket.bind('127.0.0.1', port);
  });

  it('has no interface while bound to all of them', async () => {
    const { socket } = await makeBound('');
    expect(() => socket.interfaceName()).toThrow(expect.objectContaining({ code: 'ENODEV' }));
  });

  it('drops what comes after shutdown, and keeps its address', async () => {
    const { socket, host, port } = await makeBound('127.0.0.1');
    await socket.shutdown('both');
    const stranger = await makeBound('127.0.0.1');
    stranger.socket.sendTo(bytes('late'), { host: '127.0.0.1', port });
    expect(await host.dropArrivals.next()).toBe('afterEnd');
    expect(socket.local()?.port).toBe(port);
  });
});

describe('bind, then connect', () => {
  const PAIRS: readonly [string, string, string, string][] = [
    ['0.0.0.0', '127.0.0.1', '127.0.0.1', 'inet4'],
    ['::', '::1', '::1', 'inet6'],
    ['0.0.0.0', '::1', '::1', 'inet6'],
    ['::', '127.0.0.1', '127.0.0.1', 'inet6'],
    ['', '127.0.0.1', '127.0.0.1', 'inet6'],
    ['127.0.0.1', '127.0.0.1', '127.0.0.1', 'inet4'],
    ['::1', '::1', '::1', 'inet6'],
  ];
  it.each(PAIRS)('from %j to %s keeps the port', async (from, to, local, family) => {
    const server = await makeBound(to);
    const { socket, host, port } = await makeBound(from);
    await socket.connect(to, server.port, unaborted());
    expect(socket.local()).toEqual({ host: local, port });
    expect(socket.getOption('addrFamily')).toBe(family);
    expect(socket.remote()).toEqual({ host: to, port: server.port });
    socket.send(bytes('question'));
    expect((await server.host.messages.next()).from).toEqual({ host: local, port });
    server.socket.sendTo(bytes('answer'), { host: to, port });
    expect((await host.messages.next()).from).toEqual({ host: to, port: server.port });
  });

  it('switches to IPv4 also from a socket that knows nothing but IPv6', async () => {
    const { socket, port } = await makeBound('::', { addressFamily: 'inet6' });
    socket.setOption('forcedAddrFamily', 'unspec');
    await socket.connect('127.0.0.1', 5683, unaborted());
    expect(socket.local()).toEqual({ host: '127.0.0.1', port });
    expect(socket.getOption('addrFamily')).toBe('inet4');
  });

  it.each([
    ['127.0.0.1', '::1'],
    ['::1', '127.0.0.1'],
  ])('from %s to %s is refused, and the socket stays bound', async (from, to) => {
    const { socket, host, port } = await makeBound(from);
    await expect(socket.connect(to, 5683, unaborted())).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
    const stranger = await makeBound(from);
    stranger.socket.sendTo(bytes('still here'), { host: from, port });
    expect(text((await host.messages.next()).data)).toBe('still here');
  });

  it('stays bound when the port is taken in the other family', async () => {
    const { socket, port } = await makeBound('0.0.0.0');
    const other = await makeSocket({ addressFamily: 'inet6' });
    await other.socket.bind('::', port);
    await expect(socket.connect('::1', 5683, unaborted())).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(socket.local()).toEqual({ host: '0.0.0.0', port });
  });

  it('drops what a stranger sent before, if it waits in the system', async () => {
    const server = await makeBound('127.0.0.1');
    const { socket, host, port } = await makeBound('127.0.0.1');
    const stranger = await makeBound('127.0.0.1');
    stranger.socket.sendTo(bytes('stranger'), { host: '127.0.0.1', port });
    // On loopback the datagram is in the other socket's buffer when the system call returns; it is read a turn later.
    await socket.connect('127.0.0.1', server.port, unaborted());
    server.socket.sendTo(bytes('peer'), { host: '127.0.0.1', port });
    expect(text((await host.messages.next()).data)).toBe('peer');
    expect(host.drops).toEqual(['notPeer']);
  });
});
