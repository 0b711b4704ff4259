/**
 * The udp transport through the public API on real loopback sockets: states, datagrams, errors, bind-then-connect,
 * accept. Options are in transport-options.test.ts.
 */

import { createNet, type Net, type Socket } from '@avs-net/core';
import { createUdp, udp } from '@avs-net/udp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let net: Net;
beforeEach(() => {
  net = createNet({ plugins: [udp] });
});
afterEach(() => net.close());

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array | null | undefined): string => new TextDecoder().decode(data ?? undefined);
const open = (configuration = {}): Promise<Socket> => net.createSocket('udp', configuration);

async function bound(address: string, configuration = {}): Promise<Socket> {
  const socket = await open(configuration);
  await socket.bind(address, 0);
  return socket;
}

describe('states', () => {
  it('closed, bound, connected, shutdown, closed', async () => {
    const server = await bound('127.0.0.1');
    const socket = await open();
    expect(socket.state).toBe('closed');
    await socket.bind('127.0.0.1', 0);
    expect(socket.state).toBe('bound');
    await expect(socket.bind('127.0.0.1', 0)).rejects.toMatchObject({ code: 'EISCONN' });
    await expect(socket.send(bytes('x'))).rejects.toMatchObject({
      code: expect.stringMatching(/EDESTADDRREQ|ENOTCONN/),
    });
    await socket.connect('127.0.0.1', server.localPort());
    expect(socket.state).toBe('connected');
    await expect(socket.connect('127.0.0.1', server.localPort())).rejects.toMatchObject({ code: 'EISCONN' });
    const port = socket.localPort();
    await socket.shutdown();
    expect(socket.state).toBe('shutdown');
    expect(socket.localPort()).toBe(port);
    expect(socket.remotePort()).toBe(server.localPort());
    expect(await socket.receive()).toBeNull();
    await expect(socket.send(bytes('x'))).rejects.toMatchObject({ code: 'EPIPE' });
    await socket.close();
    await socket.close();
    expect(socket.state).toBe('closed');
    expect(() => socket.localPort()).toThrow(expect.objectContaining({ code: 'EBADF' }));
    await socket.connect('127.0.0.1', server.localPort());
    await socket.dispose();
    await expect(socket.connect('127.0.0.1', server.localPort())).rejects.toMatchObject({ code: 'EBADF' });
  });

  it('a failed connect leaves the socket closed and usable', async () => {
    const socket = await open({ addressFamily: 'inet6' });
    await expect(socket.connect('127.0.0.1', 5683)).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
    expect(socket.state).toBe('closed');
    await socket.connect('::1', 5683);
  });

  it('close ends a connect that waits for the resolver', async () => {
    await using slow = createNet({ plugins: [createUdp({ lookup: () => {} })] });
    const socket = await slow.createSocket('udp');
    const connecting = expect(socket.connect('device.example', 5683)).rejects.toMatchObject({ code: 'ECONNABORTED' });
    await socket.close();
    await connecting;
    expect(socket.state).toBe('closed');
  });

  it('keeps no descriptor: node does not publish it', async () => {
    expect((await bound('127.0.0.1')).getSystem()).toBeUndefined();
  });
});

describe('datagrams', () => {
  it.each(['127.0.0.1', '::1'])('to and from %s', async (address) => {
    const server = await bound(address);
    const client = await open();
    await client.connect(address, server.localPort());
    await client.send(bytes('question'));
    const question = await server.receiveFrom();
    expect(text(question?.data)).toBe('question');
    expect(question?.from).toEqual({ host: address, port: client.localPort() });
    await server.sendTo(bytes('answer'), address, client.localPort());
    expect(text(await client.receive())).toBe('answer');
    await client.send(new Uint8Array());
    expect(await server.receive()).toHaveLength(0);
    expect(client.remoteHost()).toBe(address);
    expect(client.interfaceName()).toBe('lo');
  });

  it('to a name', async () => {
    const server = await bound('127.0.0.1');
    const sender = await bound('127.0.0.1');
    await sender.sendTo(bytes('hello'), 'localhost', server.localPort());
    expect(text(await server.receive())).toBe('hello');
    const client = await open({ addressFamily: 'inet4' });
    await client.connect('localhost', server.localPort());
    expect(client.remoteHostname()).toBe('localhost');
    expect(client.remoteHost()).toBe('127.0.0.1');
  });

  it.each(['127.0.0.1', '::1'])(
    'to a port of %s where nobody listens: ECONNREFUSED once, and life goes on',
    async (address) => {
      const gone = await bound(address);
      const port = gone.localPort();
      await gone.close();
      const client = await open();
      await client.connect(address, port);
      await client.send(bytes('anybody?'));
      await expect(client.receive()).rejects.toMatchObject({ code: 'ECONNREFUSED', backend: 'udp' });
      expect(client.state).toBe('connected');
      await gone.bind(address, port);
      await client.send(bytes('now'));
      expect(text(await gone.receive())).toBe('now');
    },
  );

  it('that are too large are EMSGSIZE with the limit', async () => {
    const client = await open();
    await client.connect('127.0.0.1', 9);
    await expect(client.send(new Uint8Array(65_508))).rejects.toMatchObject({
      code: 'EMSGSIZE',
      message: expect.stringContaining('65507'),
    });
  });

  it('sent in a loop that awaits leave room for others', async () => {
    const server = await bound('127.0.0.1');
    const client = await open();
    await client.connect('127.0.0.1', server.localPort());
    let arrived = 0;
    server.on('message', () => {
      arrived++;
    });
    let sent = 0;
    while (arrived === 0 && sent < 100_000) {
      await client.send(bytes('x'));
      sent++;
    }
    expect(arrived).toBeGreaterThan(0);
  });
});

describe('bind, then connect', () => {
  it.each([
    ['0.0.0.0', '::1'],
    ['::', '127.0.0.1'],
  ])('from %s to %s keeps the port', async (from, to) => {
    const server = await bound(to);
    const client = await bound(from);
    const port = client.localPort();
    await client.connect(to, server.localPort());
    expect(client.localPort()).toBe(port);
    expect(client.localHost()).toBe(to);
    await client.send(bytes('hello'));
    expect((await server.receiveFrom())?.from).toEqual({ host: to, port });
  });
});

describe('accept', () => {
  it('gives a socket for each peer of both families, with what it sent first', async () => {
    const server = await bound('');
    const clients = await Promise.all(
      ['127.0.0.1', '::1', '127.0.0.1', '::1'].map(async (address) => {
        const client = await open();
        await client.connect(address, server.localPort());
        await client.send(bytes(`from ${client.localPort()}`));
        return client;
      }),
    );
    for (let n = 0; n < clients.length; n++) {
      const peer = await server.accept();
      const client = clients.find((each) => each.localPort() === peer.remotePort())!;
      expect(peer.state).toBe('accepted');
      expect(peer.remoteHost()).toBe(client.localHost());
      expect(peer.remoteHostname()).toBe(peer.remoteHost());
      expect(text(await peer.receive())).toBe(`from ${client.localPort()}`);
      await peer.send(bytes(`to ${peer.remotePort()}`));
      expect(text(await client.receive())).toBe(`to ${client.localPort()}`);
      expect(peer.getOption('innerMtu')).toBe(peer.remoteHost() === '::1' ? 1232 : 548);
    }
    expect(server.stats()).toMatchObject({ peers: 4 });
  });

  it('forgets a closed peer, and ends its peers with itself', async () => {
    const server = await bound('127.0.0.1');
    const client = await open();
    await client.connect('127.0.0.1', server.localPort());
    await client.send(bytes('first'));
    await (await server.accept()).dispose();
    await client.send(bytes('second'));
    const again = await server.accept();
    expect(text(await again.receive())).toBe('second');
    const waiting = expect(again.receive()).rejects.toMatchObject({ code: 'ECONNABORTED' });
    await server.close();
    await waiting;
  });

  it('pushes', async () => {
    const server = await bound('127.0.0.1');
    server.on('connection', (peer) => {
      peer.on('message', (data) => void peer.send(data));
    });
    const client = await open();
    await client.connect('127.0.0.1', server.localPort());
    await client.send(bytes('echo'));
    expect(text(await client.receive())).toBe('echo');
  });

  it('needs a bound socket', async () => {
    await expect((await open()).accept()).rejects.toMatchObject({ code: 'ENETDOWN' });
  });
});
