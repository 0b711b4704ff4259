import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { lookupTable } from '../../../test/lookup-table.ts';
import { bytes, closeAll, makeServer, makeSocket, read, unaborted } from '../test/fake-host.ts';

afterEach(closeAll);

describe('bind', () => {
  it.each([
    ['unspec', '::', 'inet6'],
    ['inet4', '0.0.0.0', 'inet4'],
  ] as const)('preferred family %s: the wildcard is %s', async (preferredFamily, host, family) => {
    const { socket, port } = await makeServer('', { preferredFamily });
    expect(socket.local()).toEqual({ host, port });
    expect(socket.getOption('addrFamily')).toBe(family);
  });

  const REFUSED: readonly [string, string, string][] = [
    ['an unknown name', 'nowhere.example', 'EINVAL'],
    ['an address of another machine', '192.0.2.1', 'EADDRNOTAVAIL'],
  ];
  it.each(REFUSED)('refuses %s', async (_name, host, code) => {
    const { socket } = await makeSocket({}, lookupTable({}));
    await expect(socket.bind(host, 0)).rejects.toMatchObject({ code, operation: 'bind', backend: 'tcp' });
    expect(socket.local()).toBeUndefined();
  });

  it('refuses a port that is in use, and frees it at close', async () => {
    const server = await makeServer('127.0.0.1');
    const { socket } = await makeSocket();
    await expect(socket.bind('127.0.0.1', server.port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await server.socket.close();
    await server.socket.close();
    await socket.bind('127.0.0.1', server.port);
  });

  it('keeps IPv4 away when only IPv6 is allowed', async () => {
    const { port } = await makeServer('', { addressFamily: 'inet6' });
    const { socket } = await makeSocket();
    await expect(socket.connect('127.0.0.1', port, unaborted())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('accept', () => {
  it('announces peers of both families by their own addresses', async () => {
    const server = await makeServer('');
    for (const address of ['127.0.0.1', '::1', '127.0.0.1']) {
      const client = await makeSocket();
      await client.socket.connect(address, server.port, unaborted());
      const peer = await server.host.peers.next();
      expect(peer.address).toEqual(client.socket.local());
      peer.operations.send?.(bytes('welcome'));
      expect(await read(client, 7)).toBe('welcome');
      await peer.operations.close();
      expect(peer.operations.remote?.()).toBeUndefined();
    }
  });

  it('keeps connections that come before, with what they sent', async () => {
    const server = await makeSocket();
    await server.socket.bind('127.0.0.1', 0);
    const client = await makeSocket();
    await client.socket.connect('127.0.0.1', server.socket.local()!.port, unaborted());
    client.socket.send(bytes('early'));
    await client.socket.shutdown('write');
    server.socket.listen([]);
    const { host, operations } = await server.host.peers.next();
    expect(await read({ host, socket: operations as never }, 5)).toBe('early');
    await host.ends.next();
  });

  it('ends a connection that core refuses', async () => {
    const server = await makeServer('127.0.0.1');
    server.host.backlog = 0;
    const client = await makeSocket();
    await client.socket.connect('127.0.0.1', server.port, unaborted());
    await Promise.race([client.host.ends.next(), client.host.failures.next()]);
    expect(server.host.peers.total).toBe(0);
  });

  it('lets accepted connections live on when the listening socket is closed, and ends those that wait', async () => {
    const server = await makeServer('127.0.0.1');
    const client = await makeSocket();
    await client.socket.connect('127.0.0.1', server.port, unaborted());
    const peer = await server.host.peers.next();
    await server.socket.close();
    client.socket.send(bytes('still here'));
    expect(await read({ host: peer.host, socket: client.socket }, 10)).toBe('still here');
    await peer.operations.close();
  });

  it('does not listen any more after shutdown, but keeps its address', async () => {
    const server = await makeServer('127.0.0.1');
    await server.socket.shutdown('both');
    expect(server.socket.local()?.port).toBe(server.port);
    const { socket } = await makeSocket();
    await expect(socket.connect('127.0.0.1', server.port, unaborted())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('holds no more than 1024 connections that nobody accepts', async () => {
    const server = await makeSocket();
    await server.socket.bind('127.0.0.1', 0);
    const { port } = server.socket.local()!;
    const clients = [];
    for (let n = 0; n < 1025; n++) {
      const client = connect(port, '127.0.0.1').on('error', () => {});
      await once(client, 'connect');
      clients.push(client);
    }
    expect(await server.host.dropArrivals.next()).toBe('backlogFull');
    await once(clients[1024]!.resume(), 'close');
    for (const client of clients) client.destroy();
  });
});
