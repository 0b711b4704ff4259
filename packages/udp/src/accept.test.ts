import { afterEach, describe, expect, it } from 'vitest';
import {
  type AcceptedPeer,
  type BoundSocket,
  bytes,
  closeAll,
  makeBound,
  makeSocket,
  text,
} from '../test/fake-host.ts';

afterEach(closeAll);

describe('accept', () => {
  it('tells peers of both families apart, each with its first datagram', async () => {
    const server = await makeServer();
    const clients = await Promise.all(['127.0.0.1', '127.0.0.1', '::1', '::1'].map((address) => makeBound(address)));
    const accepted = new Map<number, AcceptedPeer>();
    for (const client of clients) {
      greet(server, client, `hello from ${client.port}`);
      const peer = await server.host.peers.next();
      expect(peer.address).toEqual(client.socket.local());
      expect(peer.operations.remote?.()).toEqual(client.socket.local());
      expect(peer.operations.local?.()?.port).toBe(server.port);
      accepted.set(client.port, peer);
    }
    expect(server.socket.stats()).toMatchObject({ peers: 4 });
    for (const client of clients) {
      const peer = accepted.get(client.port)!;
      expect(text((await peer.host.messages.next()).data)).toBe(`hello from ${client.port}`);
      peer.operations.send!(bytes(`hello ${client.port}`));
      expect(text((await client.host.messages.next()).data)).toBe(`hello ${client.port}`);
      greet(server, client, 'again');
      expect(await peer.host.messages.next()).toEqual({ data: Buffer.from('again'), from: peer.address });
    }
    expect(server.host.peers.total).toBe(4);
    expect(server.host.messages.total).toBe(0);
  });

  it('counts a v4-mapped peer of an IPv6 socket as IPv4', async () => {
    const server = await makeServer();
    greet(server, await makeBound('127.0.0.1'), 'hello');
    const { operations } = await server.host.peers.next();
    expect(operations.getOption?.('addrFamily')).toBe('inet6');
    expect(operations.getOption?.('innerMtu')).toBe(548);
    expect(() => operations.send?.(new Uint8Array(65_508))).toThrow(expect.objectContaining({ code: 'EMSGSIZE' }));
  });

  it.each(['127.0.0.1', '::1'])('makes peers of datagrams of %s that came before', async (address) => {
    const server = await makeSocket();
    await server.socket.bind('', 0);
    const bound = { ...server, port: server.socket.local()!.port };
    const client = await makeBound(address);
    greet(bound, client, 'early');
    const { data, from } = await server.host.messages.next();
    server.socket.listen([{ data, from: from! }]);
    greet(bound, client, 'late');
    const peer = await server.host.peers.next();
    expect(peer.address).toEqual(client.socket.local());
    expect(text((await peer.host.messages.next()).data)).toBe('early');
    expect(text((await peer.host.messages.next()).data)).toBe('late');
    expect(server.host.peers.total).toBe(1);
  });

  it.each(['close', 'shutdown'] as const)(
    'forgets a peer at its %s: the same address comes back as a new one',
    async (end) => {
      const server = await makeServer();
      const client = await makeBound('127.0.0.1');
      greet(server, client, 'first');
      const first = await server.host.peers.next();
      if (end === 'close') await first.operations.close();
      else await first.operations.shutdown?.('both');
      expect(server.socket.stats()).toMatchObject({ peers: 0 });
      greet(server, client, 'second');
      const second = await server.host.peers.next();
      expect(text((await second.host.messages.next()).data)).toBe('second');
      expect(first.host.messages.total).toBe(1);
      // A late close of the old socket does not forget the new one.
      await first.operations.close();
      expect(server.socket.stats()).toMatchObject({ peers: 1 });
    },
  );

  it('a peer whose writing was shut down still receives', async () => {
    const server = await makeServer();
    const client = await makeBound('127.0.0.1');
    greet(server, client, 'first');
    const peer = await server.host.peers.next();
    await peer.operations.shutdown?.('write');
    greet(server, client, 'second');
    await peer.host.messages.next();
    expect(text((await peer.host.messages.next()).data)).toBe('second');
  });

  it('ends its peers when it is closed', async () => {
    const server = await makeServer();
    greet(server, await makeBound('127.0.0.1'), 'hello');
    const peer = await server.host.peers.next();
    await server.socket.close();
    expect(await peer.host.failures.next()).toMatchObject({ code: 'ECONNABORTED' });
    expect(() => peer.operations.send?.(bytes('late'))).toThrow(expect.objectContaining({ code: 'EBADF' }));
    await peer.operations.close();
    expect(peer.operations.remote?.()).toBeUndefined();
  });

  it('refuses to connect while it accepts', async () => {
    const { socket } = await makeServer();
    const { signal } = new AbortController();
    await expect(socket.connect('127.0.0.1', 5683, { signal })).rejects.toMatchObject({ code: 'EISCONN' });
  });
});

describe('the number of peers', () => {
  it('is kept by giving up the oldest that has no answer', async () => {
    const server = await makeServer(2);
    const [answered, waiting, third] = await Promise.all(Array.from({ length: 3 }, () => makeBound('127.0.0.1')));
    greet(server, answered!, 'hello');
    (await server.host.peers.next()).operations.send?.(bytes('welcome'));
    greet(server, waiting!, 'hello');
    const evicted = await server.host.peers.next();
    greet(server, third!, 'hello');
    expect((await server.host.peers.next()).address).toEqual(third!.socket.local());
    expect(await evicted.host.failures.next()).toMatchObject({ code: 'ECONNABORTED', operation: 'accept' });
    expect(server.host.drops).toEqual(['peerEvicted']);
    expect(server.socket.stats()).toMatchObject({ peers: 2 });
  });

  it('is kept by dropping the newcomer when every peer has an answer', async () => {
    const server = await makeServer(1);
    const [first, second] = await Promise.all([makeBound('127.0.0.1'), makeBound('127.0.0.1')]);
    greet(server, first, 'hello');
    (await server.host.peers.next()).operations.send?.(bytes('welcome'));
    greet(server, second, 'hello');
    expect(await server.host.dropArrivals.next()).toBe('peerLimit');
    greet(server, first, 'still here');
    expect(server.host.peers.total).toBe(1);
  });

  it('does not grow by peers that core refuses', async () => {
    const server = await makeServer();
    server.host.backlog = 0;
    const [client, last] = await Promise.all([makeBound('127.0.0.1'), makeBound('127.0.0.1')]);
    greet(server, client, 'hello');
    await server.host.refused.next();
    expect(server.socket.stats()).toMatchObject({ peers: 0 });
    server.host.backlog = 1;
    greet(server, last, 'hello');
    expect((await server.host.peers.next()).address).toEqual(last.socket.local());
  });
});

/** Bound to every address of both families and listening. */
async function makeServer(peerLimit?: number): Promise<BoundSocket> {
  const made = await makeSocket({}, peerLimit === undefined ? {} : { peerLimit });
  await made.socket.bind('', 0);
  made.socket.listen([]);
  return { ...made, port: made.socket.local()!.port };
}

function greet(server: BoundSocket, client: BoundSocket, greeting: string): void {
  client.socket.sendTo(bytes(greeting), { host: client.socket.local()!.host, port: server.port });
}
