/**
 * TLS through the public API over real tcp sockets on loopback, both ends ours: servers, decorate, streams, ends.
 */

import { type Configurations, createNet, type Net, type Socket } from '@avs-net/core';
import { psk, pskServer } from '@avs-net/credentials';
import { tcp } from '@avs-net/tcp';
import { tlsNode } from '@avs-net/tls-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let net: Net;
beforeEach(() => {
  net = createNet({ plugins: [tcp, tlsNode] });
});
afterEach(() => net.close());

const key = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const clientSecurity = psk({ identity: 'device', key });
const serverSecurity = pskServer({ identities: { device: key } });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function serve(change: Partial<Configurations['tls']> = {}, address = '127.0.0.1'): Promise<Socket> {
  const server = await net.createSocket('tls', { security: serverSecurity, ...change });
  await server.bind(address, 0);
  return server;
}

/** A client and the socket that a server accepted for it. */
async function connected(change: Partial<Configurations['tls']> = {}): Promise<{ client: Socket; peer: Socket }> {
  const server = await serve(change);
  const accepting = server.accept();
  const client = await net.createSocket('tls', { security: clientSecurity });
  await client.connect('127.0.0.1', server.localPort());
  return { client, peer: await accepting };
}

async function read(socket: Socket, length: number): Promise<string> {
  let text = '';
  while (text.length < length) text += new TextDecoder().decode((await socket.receive()) ?? undefined);
  return text;
}

describe('a server', () => {
  it.each(['127.0.0.1', '::1'])('on %s accepts a socket for every client', async (address) => {
    const server = await serve({}, address);
    const peers: Socket[] = [];
    const accepting = (async () => {
      for await (const peer of server.accepted()) if (peers.push(peer) === 3) break;
    })();
    const clients = await Promise.all(
      Array.from({ length: 3 }, () => net.createSocket('tls', { security: clientSecurity })),
    );
    await Promise.all(clients.map((client) => client.connect(address, server.localPort())));
    await accepting;
    expect(server.stats()).toMatchObject({ peers: 3, halfOpen: 0 });
    for (const peer of peers) {
      const client = clients.find((each) => each.localPort() === peer.remotePort())!;
      expect([client.state, peer.state, peer.remoteHost()]).toEqual(['connected', 'accepted', address]);
      await client.send(bytes(`from ${client.localPort()}`));
      expect(await read(peer, 6)).toMatch(`from ${client.localPort()}`);
      await peer.send(bytes('answer'));
      expect(await read(client, 6)).toBe('answer');
    }
  });

  it('drops who does not speak TLS, and goes on', async () => {
    const server = await serve();
    const accepting = server.accept();
    const stranger = await net.createSocket('tcp');
    await stranger.connect('127.0.0.1', server.localPort());
    await stranger.send(bytes('GET / HTTP/1.0\r\n\r\n'));
    for await (const _ of stranger) {
      // An alert, or nothing.
    }
    expect(server.stats().dropped).toEqual({ handshakeFailed: 1 });
    const client = await net.createSocket('tls', { security: clientSecurity });
    await client.connect('127.0.0.1', server.localPort());
    expect((await accepting).info()).toMatchObject({ pskIdentity: Uint8Array.from(Buffer.from('device')) });
  });

  it('drops who says nothing', async () => {
    const server = await serve({ server: { handshakeTimeout: 50 } });
    const accepting = expect(server.accept()).rejects.toMatchObject({ code: 'ECONNABORTED' });
    const stranger = await net.createSocket('tcp');
    await stranger.connect('127.0.0.1', server.localPort());
    expect(await stranger.receive()).toBeNull();
    expect(server.stats().dropped).toEqual({ handshakeTimeout: 1 });
    await server.close();
    await accepting;
  });

  it('takes its peers with it', async () => {
    const { client, peer } = await connected();
    await net.close();
    await expect(client.receive()).rejects.toMatchObject({ code: 'EBADF' });
    await expect(peer.receive()).rejects.toMatchObject({ code: 'EBADF' });
  });

  it('listens again after close', async () => {
    const server = await serve();
    const port = server.localPort();
    await server.close();
    await server.bind('127.0.0.1', port);
    const accepting = server.accept();
    const client = await net.createSocket('tls', { security: clientSecurity });
    await client.connect('127.0.0.1', port);
    await accepting;
  });
});

describe('decorate', () => {
  async function plain(): Promise<[Socket, Socket]> {
    const listener = await net.createSocket('tcp');
    await listener.bind('127.0.0.1', 0);
    const socket = await net.createSocket('tcp');
    await socket.connect('127.0.0.1', listener.localPort());
    return [socket, await listener.accept()];
  }

  it('puts TLS over connected and accepted sockets, also later', async () => {
    const [socket, accepted] = await plain();
    await socket.send(bytes('STARTTLS'));
    expect(await read(accepted, 8)).toBe('STARTTLS');
    const [client, peer] = await Promise.all([
      net.decorate('tls', socket, { security: clientSecurity }),
      net.decorate('tls', accepted, { security: serverSecurity }),
    ]);
    await client.send(bytes('secret'));
    expect(await read(peer, 6)).toBe('secret');
    expect([client.state, peer.state]).toEqual(['connected', 'accepted']);
    await expect(socket.send(bytes('x'))).rejects.toMatchObject({ code: 'EBUSY' });
    await client.dispose();
    expect(await peer.receive()).toBeNull();
  });

  it('serves over a bound socket', async () => {
    const listener = await net.createSocket('tcp');
    await listener.bind('127.0.0.1', 0);
    const port = listener.localPort();
    const server = await net.decorate('tls', listener, { security: serverSecurity });
    const accepting = server.accept();
    const client = await net.createSocket('tls', { security: clientSecurity });
    await client.connect('127.0.0.1', port);
    await client.send(bytes('hello'));
    expect(await read(await accepting, 5)).toBe('hello');
  });

  it('over TLS is TLS twice', async () => {
    const { client, peer } = await connected();
    const [inner, other] = await Promise.all([
      net.decorate('tls', client, { security: clientSecurity }),
      net.decorate('tls', peer, { security: serverSecurity }),
    ]);
    await inner.send(bytes('wrapped'));
    expect(await read(other, 7)).toBe('wrapped');
    await other.send(new Uint8Array(100_000));
    expect(await read(inner, 100_000)).toHaveLength(100_000);
  });

  it('gives the socket back when the handshake fails', async () => {
    const [socket, accepted] = await plain();
    const wrong = psk({ identity: 'device', key: Buffer.alloc(16, 9) });
    const client = net.decorate('tls', socket, { security: wrong });
    const server = net.decorate('tls', accepted, { security: serverSecurity });
    await Promise.all([
      expect(client).rejects.toMatchObject({ code: 'EPROTO', alert: { origin: 'peer' }, backend: 'tls-node' }),
      expect(server).rejects.toMatchObject({ code: 'EPROTO', alert: { origin: 'local' } }),
    ]);
    expect([socket.state, accepted.state]).toEqual(['connected', 'accepted']);
    await socket.send(bytes('plain again'));
    expect(await read(accepted, 11)).toBe('plain again');
  });

  it('is given up by a signal, and leaves the socket alone', async () => {
    const [socket, accepted] = await plain();
    const controller = new AbortController();
    const decorating = net.decorate('tls', socket, { security: clientSecurity }, { signal: controller.signal });
    expect((await accepted.receive())?.length).toBeGreaterThan(40);
    controller.abort();
    await expect(decorating).rejects.toMatchObject({ name: 'AbortError', code: 'ECONNABORTED' });
    await socket.send(bytes('still mine'));
    expect(await read(accepted, 10)).toBe('still mine');
  });
});

describe('a stream', () => {
  it('holds up a sender when nobody reads, and loses nothing', async () => {
    const { client, peer } = await connected({ receiveQueue: { messages: 4, bytes: 100_000 } });
    const total = 24_000_000;
    const block = new Uint8Array(60_000);
    let sent = 0;
    const sending = (async () => {
      for (let value = 0; sent < total; value++) {
        await client.send(block.fill(value));
        sent += block.length;
      }
      await client.shutdown('write');
    })();
    const first = await peer.receive();
    expect(sent).toBeLessThan(total);
    let received = first?.length ?? 0;
    for await (const piece of peer) {
      const wrong = piece.findIndex((byte, index) => byte !== Math.floor((received + index) / block.length) % 256);
      if (wrong >= 0) throw new Error(`byte ${received + wrong} is ${piece[wrong]}`);
      received += piece.length;
    }
    expect(received).toBe(total);
    expect(peer.stats().dropped).toEqual({});
    await sending;
  });

  it('lets timers run while somebody sends in a loop', async () => {
    const { client, peer } = await connected();
    peer.on('message', () => {});
    let fired = false;
    setImmediate(() => {
      fired = true;
    });
    let count = 0;
    while (!fired && count < 5_000) {
      await client.send(bytes('x'.repeat(100)));
      count += 1;
    }
    expect(count).toBeLessThan(5_000);
  });

  it('ends direction by direction', async () => {
    const { client, peer } = await connected();
    await peer.send(new Uint8Array(200_000));
    await client.send(bytes('last'));
    await client.shutdown('write');
    expect(await read(client, 200_000)).toHaveLength(200_000);
    expect(await read(peer, 4)).toBe('last');
    expect(await peer.receive()).toBeNull();
    expect(await client.receive()).toBeNull();
    await expect(client.send(bytes('x'))).rejects.toMatchObject({ code: 'EPIPE' });
    await expect(peer.send(bytes('x'))).rejects.toMatchObject({ code: 'EPIPE' });
  });

  it('says what was sent before it is closed, then close_notify, and can be used again', async () => {
    const server = await serve();
    const client = await net.createSocket('tls', { security: clientSecurity });
    for (let round = 0; round < 3; round += 1) {
      const accepting = server.accept();
      await client.connect('127.0.0.1', server.localPort());
      const peer = await accepting;
      for (let count = 0; count < 20; count += 1) void client.send(new Uint8Array(20_000));
      await client.close();
      let received = 0;
      for await (const piece of peer) received += piece.length;
      expect(received).toBe(400_000);
      await peer.close();
    }
    expect(server.stats()).toMatchObject({ peers: 0, halfOpen: 0, dropped: {} });
  });

  it('that is cut is ECONNRESET and no end', async () => {
    const listener = await net.createSocket('tcp');
    await listener.bind('127.0.0.1', 0);
    const client = await net.createSocket('tls', { security: clientSecurity });
    const connecting = client.connect('127.0.0.1', listener.localPort());
    const accepted = await listener.accept();
    const other = await net.createSocket('tcp');
    const server = await serve();
    const accepting = server.accept();
    await other.connect('127.0.0.1', server.localPort());
    // A relay that stops in the middle.
    accepted.on('message', (data) => void other.send(data));
    other.on('message', (data) => void accepted.send(data));
    await connecting;
    const peer = await accepting;
    await Promise.all([accepted.dispose(), other.dispose()]);
    for (const cut of [client, peer]) {
      await expect(cut.receive()).rejects.toMatchObject({
        code: 'ECONNRESET',
        message: expect.stringMatching(/without close_notify/),
      });
    }
  });

  it('says when nobody listens', async () => {
    const server = await serve();
    const port = server.localPort();
    await server.close();
    const client = await net.createSocket('tls', { security: clientSecurity });
    await expect(client.connect('127.0.0.1', port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(client.state).toBe('closed');
  });
});
