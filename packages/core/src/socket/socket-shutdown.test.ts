import { describe, expect, it, vi } from 'vitest';
import { bytes, fakeSocket, fakeSocketIn, PEER, settled } from '../../test/fake-socket.ts';

describe('shutdown', () => {
  it('leaves a closed socket closed', async () => {
    const { socket, calls } = fakeSocket();
    await expect(socket.shutdown()).rejects.toMatchObject({ code: 'ENOTCONN', operation: 'shutdown' });
    expect(socket.state).toBe('closed');
    expect(calls).toEqual([]);
    await socket.connect(PEER.host, PEER.port);
    expect(socket.state).toBe('connected');
  });

  it('ends a receive that waits, and every later one, at once', async () => {
    const { socket, clock } = await fakeSocketIn('connected');
    const receiving = socket.receive();
    await socket.shutdown();
    await expect(receiving).resolves.toBeNull();
    await expect(socket.receive({ timeout: Number.POSITIVE_INFINITY })).resolves.toBeNull();
    await expect(socket.receiveFrom()).resolves.toBeNull();
    expect(clock.pending).toBe(0);
  });

  it('still gives what had arrived before', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    host.deliver(bytes(1));
    await socket.shutdown();
    host.deliver(bytes(2));
    await expect(socket.receive()).resolves.toEqual(bytes(1));
    await expect(socket.receive()).resolves.toBeNull();
    expect(socket.stats().dropped).toEqual({ afterEnd: 1 });
  });

  it('of sending only goes on receiving', async () => {
    const { socket, host, calls } = await fakeSocketIn('connected', { type: 'tcp' });
    await socket.shutdown('write');
    await expect(socket.send(bytes(1))).rejects.toMatchObject({ code: 'EPIPE' });
    host.deliver(bytes(1));
    await expect(socket.receive()).resolves.toEqual(bytes(1));
    await socket.shutdown('write');
    await socket.shutdown('both');
    await socket.shutdown('both');
    await expect(socket.receive()).resolves.toBeNull();
    expect(calls).toEqual(['connect', 'shutdown write', 'shutdown both']);
  });

  it('keeps the addresses', async () => {
    const { socket } = await fakeSocketIn('shutdown');
    expect(socket.remoteHost()).toBe(PEER.host);
    expect(socket.remotePort()).toBe(PEER.port);
    expect(socket.localPort()).toBe(40_000);
  });

  it('reports what the backend says, and is shut down all the same', async () => {
    const { socket, operations } = await fakeSocketIn('connected');
    operations.shutdown = () => Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNRESET' }));
    const receiving = socket.receive();
    await expect(socket.shutdown()).rejects.toMatchObject({ code: 'ECONNRESET', operation: 'shutdown' });
    expect(socket.state).toBe('shutdown');
    await expect(receiving).resolves.toBeNull();
  });

  it('is left by close', async () => {
    const { socket } = await fakeSocketIn('shutdown');
    await socket.close();
    await socket.connect(PEER.host, PEER.port);
    await socket.send(bytes(1));
    await expect(socket.receive({ timeout: 0 })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });

  it('emits end once', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    const end = vi.fn();
    socket.on('end', end);
    await socket.shutdown();
    host.end();
    await settled();
    expect(end).toHaveBeenCalledOnce();
  });

  it.each(['read', '', 2, null])('wants to know how: %o', async (how) => {
    const { socket } = await fakeSocketIn('connected');
    await expect(socket.shutdown(how as 'both')).rejects.toMatchObject({
      code: 'EINVAL',
      message: expect.stringContaining('how must be "both" or "write", received'),
    });
    expect(socket.state).toBe('connected');
  });
});

describe('a peer that ends', () => {
  it('gives null after what it sent, and takes what we send', async () => {
    const { socket, host } = await fakeSocketIn('connected', { type: 'tcp' });
    host.deliver(bytes(1));
    host.end();
    await expect(socket.receive()).resolves.toEqual(bytes(1));
    await expect(socket.receive()).resolves.toBeNull();
    await expect(socket.receive()).resolves.toBeNull();
    expect(socket.state).toBe('connected');
    await socket.send(bytes(1));
  });
});

describe('a socket that fails', () => {
  it('rejects who waits, and everybody later, until it is closed', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    const waiting = [socket.receive(), socket.receiveFrom()];
    const error = host.error({ code: 'ECONNRESET', message: 'gone' });
    host.failed(error);
    host.failed(host.error({ code: 'EIO', message: 'second' }));
    for (const call of [...waiting, socket.receive(), socket.send(bytes(1))]) await expect(call).rejects.toBe(error);
    await socket.close();
    await expect(socket.receive()).rejects.toMatchObject({ code: 'ENOTCONN' });
    await socket.connect(PEER.host, PEER.port);
    await socket.send(bytes(1));
  });

  it('gives what arrived before it failed', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    host.deliver(bytes(1));
    host.failed(host.error({ code: 'ECONNRESET', message: 'gone' }));
    host.deliver(bytes(2));
    await expect(socket.receive()).resolves.toEqual(bytes(1));
    await expect(socket.receive()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('emits error where somebody listens, and does no harm where nobody does', async () => {
    const silent = await fakeSocketIn('connected');
    silent.host.failed(silent.host.error({ code: 'ECONNRESET', message: 'gone' }));
    const { socket, host } = await fakeSocketIn('connected');
    const errors: unknown[] = [];
    socket.on('error', (error) => errors.push(error.code));
    host.failed(host.error({ code: 'ECONNRESET', message: 'gone' }));
    expect(errors).toEqual(['ECONNRESET']);
  });

  it('rejects accept', async () => {
    const { socket, host } = await fakeSocketIn('bound');
    const accepting = socket.accept();
    host.failed(host.error({ code: 'ENETDOWN', message: 'interface gone' }));
    await expect(accepting).rejects.toThrow('interface gone');
    await expect(socket.accept()).rejects.toThrow('interface gone');
  });
});
