/**
 * The tcp transport through the public API on real loopback sockets: states, streams, backpressure, the end. Options
 * are in transport-options.test.ts.
 */

import { createNet, type Net, type Socket } from '@avs-net/core';
import { createTcp, tcp } from '@avs-net/tcp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let net: Net;
beforeEach(() => {
  net = createNet({ plugins: [tcp] });
});
afterEach(() => net.close());

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A client and the socket that a server on `address` accepted for it. */
async function connected(address = '127.0.0.1', configuration = {}): Promise<{ client: Socket; peer: Socket }> {
  const server = await net.createSocket('tcp', configuration);
  await server.bind(address, 0);
  const client = await net.createSocket('tcp');
  await client.connect(address, server.localPort());
  return { client, peer: await server.accept() };
}

/** Exactly `length` bytes. */
async function read(socket: Socket, length: number): Promise<string> {
  let text = '';
  while (text.length < length) text += new TextDecoder().decode((await socket.receive()) ?? undefined);
  return text;
}

describe('a stream', () => {
  it.each(['127.0.0.1', '::1'])('to %s carries bytes both ways', async (address) => {
    const { client, peer } = await connected(address);
    expect([client.state, peer.state]).toEqual(['connected', 'accepted']);
    await client.send(bytes('question'));
    expect(await read(peer, 8)).toBe('question');
    await peer.send(bytes('answer'));
    expect(await read(client, 6)).toBe('answer');
    expect(peer.remotePort()).toBe(client.localPort());
    expect(peer.remoteHost()).toBe(address);
    expect(client.interfaceName()).toBe('lo');
  });

  it('ends direction by direction', async () => {
    const { client, peer } = await connected();
    await client.send(bytes('last'));
    await client.shutdown('write');
    expect(await read(peer, 4)).toBe('last');
    expect(await peer.receive()).toBeNull();
    await peer.send(bytes('answer'));
    expect(await read(client, 6)).toBe('answer');
    await peer.close();
    expect(await client.receive()).toBeNull();
    await expect(client.send(bytes('x'))).rejects.toMatchObject({ code: 'EPIPE' });
  });

  it('is iterated to its end', async () => {
    const { client, peer } = await connected();
    await peer.send(bytes('one two three'));
    await peer.dispose();
    let text = '';
    for await (const piece of client) text += new TextDecoder().decode(piece);
    expect(text).toBe('one two three');
  });

  it('holds up a sender when nobody reads, and loses nothing', async () => {
    const { client, peer } = await connected('127.0.0.1', { receiveQueue: { messages: 4, bytes: 100_000 } });
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
    // The first piece is there, nobody takes it, and the sender comes to a halt far from the end.
    const first = await peer.receive();
    expect(sent).toBeLessThan(total);
    let received = first?.length ?? 0;
    let value = first?.[0] ?? -1;
    expect(value).toBe(0);
    for await (const piece of peer) {
      for (const byte of piece) {
        value = Math.floor(received++ / block.length) % 256;
        if (byte !== value) throw new Error(`byte ${received - 1} is ${byte}, not ${value}`);
      }
    }
    expect(received).toBe(total);
    expect(peer.stats().dropped).toEqual({});
    await sending;
  });

  it('says when nobody listens, and the socket can be used again', async () => {
    const server = await net.createSocket('tcp');
    await server.bind('127.0.0.1', 0);
    const port = server.localPort();
    await server.close();
    const client = await net.createSocket('tcp');
    await expect(client.connect('127.0.0.1', port)).rejects.toMatchObject({ code: 'ECONNREFUSED', backend: 'tcp' });
    expect(client.state).toBe('closed');
    await server.bind('127.0.0.1', port);
    await client.connect('127.0.0.1', port);
  });
});

describe('states', () => {
  it('a bound socket accepts and does not connect', async () => {
    const server = await net.createSocket('tcp');
    await server.bind('127.0.0.1', 0);
    expect(server.state).toBe('bound');
    await expect(server.connect('127.0.0.1', 9)).rejects.toMatchObject({ code: 'EISCONN' });
    await expect(server.sendTo(bytes('x'), '127.0.0.1', 9)).rejects.toMatchObject({ code: 'ENOTSUP' });
  });

  it('close ends a connect that waits for the resolver', async () => {
    await using slow = createNet({ plugins: [createTcp({ lookup: () => {} })] });
    const socket = await slow.createSocket('tcp');
    const connecting = expect(socket.connect('device.example', 5683)).rejects.toMatchObject({ code: 'ECONNABORTED' });
    await socket.close();
    await connecting;
    expect(socket.state).toBe('closed');
  });

  it('close under a receive is ECONNABORTED, and the other side sees the end', async () => {
    const { client, peer } = await connected();
    const waiting = expect(client.receive()).rejects.toMatchObject({ code: 'ECONNABORTED' });
    await client.close();
    await waiting;
    expect(await peer.receive()).toBeNull();
  });
});
