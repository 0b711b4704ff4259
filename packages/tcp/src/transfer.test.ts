import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { bytes, closeAll, makePair, makeServer, read } from '../test/fake-host.ts';

afterEach(closeAll);

describe('send', () => {
  it('has taken the bytes when it returns', async () => {
    const { client, peer } = await makePair();
    const message = new Uint8Array(10);
    for (const digit of '0123456789') {
      client.socket.send(message.fill(digit.charCodeAt(0)));
      message.fill(0x2a);
    }
    expect(await read(peer, 100)).toBe([...'0123456789'].map((digit) => digit.repeat(10)).join(''));
  });

  it('has taken the bytes also when the peer does not read', async () => {
    const { client, peer } = await makePair();
    peer.socket.pause();
    const message = new Uint8Array(50_000);
    let waiting: undefined | Promise<void>;
    let count = 0;
    while (count < 250) {
      waiting = client.socket.send(message.fill(48 + (count % 10))) as undefined | Promise<void>;
      message.fill(0x2a);
      count++;
    }
    expect(waiting).toBeInstanceOf(Promise);
    peer.socket.resume();
    let received = 0;
    while (received < count * message.length) {
      for (const byte of await peer.host.pieces.next()) {
        if (byte !== 48 + (Math.floor(received / message.length) % 10)) throw new Error(`byte ${received} is ${byte}`);
        received++;
      }
    }
    await waiting;
  });

  it('refuses with ENOBUFS what nobody waited for', async () => {
    const { client, peer } = await makePair();
    peer.socket.pause();
    const flood = (): void => {
      for (let n = 0; n < 1000; n++) client.socket.send(new Uint8Array(60_000));
    };
    expect(flood).toThrow(expect.objectContaining({ code: 'ENOBUFS', operation: 'send', backend: 'tcp' }));
  });

  it('carries a message larger than any buffer', async () => {
    const { client, peer } = await makePair();
    const message = new Uint8Array(3_000_000).map((_, index) => 97 + (index % 26));
    const expected = new TextDecoder().decode(message);
    const sent = client.socket.send(message);
    message.fill(0);
    expect((await read(peer, 3_000_000)) === expected).toBe(true);
    await sent;
  });

  it('asks a caller who runs ahead to wait', async () => {
    const { client } = await makePair();
    const results = Array.from({ length: 64 }, () => client.socket.send(bytes('x')));
    expect(results[0]).toBeUndefined();
    expect(results[63]).toBeInstanceOf(Promise);
    await results[63];
    expect(client.socket.send(bytes('x'))).toBeUndefined();
  });

  it('sends nothing for no bytes', async () => {
    const { client, peer } = await makePair();
    client.socket.send(new Uint8Array());
    client.socket.send(bytes('x'));
    expect(await peer.host.pieces.next()).toHaveLength(1);
  });
});

describe('pause', () => {
  it('keeps bytes away until resume', async () => {
    const { client, peer } = await makePair();
    client.socket.send(bytes('one'));
    expect(await read(peer, 3)).toBe('one');
    peer.socket.pause();
    client.socket.send(bytes('two'));
    await client.socket.shutdown('write');
    peer.socket.send(bytes('turn'));
    expect(await read(client, 4)).toBe('turn');
    expect(peer.host.pieces.total).toBe(1);
    peer.socket.resume();
    expect(await read(peer, 3)).toBe('two');
    await peer.host.ends.next();
  });
});

describe('the end', () => {
  it('of one direction leaves the other one open', async () => {
    const { client, peer } = await makePair();
    client.socket.send(bytes('last words'));
    await client.socket.shutdown('write');
    expect(await read(peer, 10)).toBe('last words');
    await peer.host.ends.next();
    peer.socket.send(bytes('answer'));
    expect(await read(client, 6)).toBe('answer');
    await peer.socket.shutdown('write');
    await client.host.ends.next();
    expect(client.host.failures.total + peer.host.failures.total).toBe(0);
  });

  it('of both directions drops what still comes, and keeps the addresses', async () => {
    const { client, peer } = await makePair();
    const local = client.socket.local();
    await client.socket.shutdown('both');
    await peer.host.ends.next();
    peer.socket.send(bytes('late'));
    await peer.socket.shutdown('write');
    expect(client.host.pieces.total).toBe(0);
    expect(client.socket.local()).toEqual(local);
    await client.socket.shutdown('both');
  });

  it('close sends what was taken before, also a lot of it', async () => {
    const { client, peer } = await makePair();
    client.socket.send(new Uint8Array(2_000_000).fill(120));
    const closing = client.socket.close();
    expect(await read(peer, 2_000_000)).toHaveLength(2_000_000);
    await peer.host.ends.next();
    await closing;
    await client.socket.close();
    expect(client.host.clock.timers.size).toBe(0);
  });

  it('close does not wait for ever for a peer that takes nothing', async () => {
    const { client, peer } = await makePair();
    peer.socket.pause();
    const sent = client.socket.send(new Uint8Array(20_000_000));
    const closing = client.socket.close();
    client.host.clock.fire(5_000);
    await closing;
    await sent;
  });

  it('close while shutdown waits ends both', async () => {
    const { client, peer } = await makePair();
    peer.socket.pause();
    client.socket.send(new Uint8Array(20_000_000));
    const shutdown = client.socket.shutdown('write');
    const closing = client.socket.close();
    client.host.clock.fire(5_000);
    await Promise.all([shutdown, closing]);
  });

  it('a reset is a failure in words', async () => {
    const server = await makeServer('127.0.0.1');
    const client = connect(server.port, '127.0.0.1');
    const { host, operations } = await server.host.peers.next();
    client.resetAndDestroy();
    expect(await host.failures.next()).toMatchObject({
      code: 'ECONNRESET',
      operation: 'receive',
      backend: 'tcp',
      message: expect.stringContaining('gave the connection up'),
    });
    expect(host.ends.total).toBe(0);
    await operations.close();
  });
});
