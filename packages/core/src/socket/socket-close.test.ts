import { describe, expect, it, vi } from 'vitest';
import { bytes, fakeSocket, fakeSocketIn, PEER, settled } from '../../test/fake-socket.ts';

const connectTo = [PEER.host, PEER.port] as const;

describe('close', () => {
  it('does nothing twice, and nothing on a fresh socket', async () => {
    const { socket, calls } = await fakeSocketIn('connected');
    await Promise.all([socket.close(), socket.close()]);
    await socket.close();
    expect(calls).toEqual(['connect', 'close']);
    const fresh = fakeSocket();
    await fresh.socket.close();
    expect(fresh.calls).toEqual([]);
  });

  it('is closed at once and complete when it resolves', async () => {
    const { socket, operations } = await fakeSocketIn('connected');
    let finish = (): void => {};
    operations.close = () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    const closed = vi.fn();
    const closing = socket.on('close', closed).close();
    expect(socket.state).toBe('closed');
    await settled();
    expect(closed).not.toHaveBeenCalled();
    finish();
    await closing;
    expect(closed).toHaveBeenCalledOnce();
  });

  it('lets a connect that comes right behind it wait', async () => {
    const { socket, calls } = await fakeSocketIn('connected');
    const closing = socket.close();
    await socket.connect(...connectTo);
    await closing;
    expect(calls).toEqual(['connect', 'close', 'connect']);
    expect(socket.state).toBe('connected');
  });

  it('reports what the backend says, and is closed all the same', async () => {
    const { socket, operations } = await fakeSocketIn('connected');
    operations.close = () => Promise.reject(new Error('broken'));
    await expect(socket.close()).rejects.toMatchObject({ operation: 'close', backend: 'fake-udp' });
    expect(socket.state).toBe('closed');
    await socket.close();
  });

  it('rejects a pending receive and a pending accept: ECONNABORTED', async () => {
    const connected = await fakeSocketIn('connected');
    const receiving = expect(connected.socket.receive()).rejects.toMatchObject({
      code: 'ECONNABORTED',
      operation: 'receive',
    });
    const bound = await fakeSocketIn('bound');
    const accepting = expect(bound.socket.accept()).rejects.toMatchObject({
      code: 'ECONNABORTED',
      operation: 'accept',
    });
    await Promise.all([connected.socket.close(), bound.socket.close(), receiving, accepting]);
    expect(connected.clock.pending).toBe(0);
  });

  it('forgets what is unread, the peer and a failure', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    host.deliver(bytes(1));
    host.softError(host.error({ code: 'ECONNREFUSED', message: 'port unreachable' }));
    host.failed(host.error({ code: 'ECONNRESET', message: 'gone' }));
    await socket.close();
    await socket.connect('other.example', 1);
    await expect(socket.receive({ timeout: 0 })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(socket.getOption('hasBufferedData')).toBe(false);
    expect(socket.remoteHostname()).toBe('other.example');
    await socket.send(bytes(1));
  });

  it('does not wait for a bind that cannot be interrupted, but the next use does', async () => {
    const { socket, operations, calls } = fakeSocket();
    let finish = (): void => {};
    operations.bind = () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    const refused = expect(socket.bind()).rejects.toMatchObject({ code: 'ECONNABORTED', operation: 'bind' });
    await socket.close();
    await refused;
    operations.bind = async () => void calls.push('bind');
    const again = socket.bind();
    await settled();
    expect(calls).toEqual(['close']);
    finish();
    await again;
    expect(calls).toEqual(['close', 'close', 'bind']);
    expect(socket.state).toBe('bound');
  });

  it('drops what arrives afterwards', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    await socket.close();
    host.deliver(bytes(1));
    host.end();
    host.softError(host.error({ code: 'ECONNREFUSED', message: 'late' }));
    host.failed(host.error({ code: 'ECONNRESET', message: 'late' }));
    expect(socket.stats()).toMatchObject({ messagesReceived: 0, dropped: { closed: 1 } });
    await socket.connect(...connectTo);
    await expect(socket.receive({ timeout: 0 })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });
});

describe('dispose', () => {
  it('closes, then frees, once', async () => {
    const order: string[] = [];
    const { socket } = await fakeSocketIn('connected', {
      operations: { close: async () => void order.push('close') },
      disposed: async () => void order.push('disposed'),
    });
    await Promise.all([socket.dispose(), socket.dispose(), socket[Symbol.asyncDispose]()]);
    await socket.dispose();
    await socket.close();
    expect(order).toEqual(['close', 'disposed']);
    expect(socket.state).toBe('closed');
  });

  it('frees even if closing fails', async () => {
    const disposed = vi.fn();
    const { socket, operations } = await fakeSocketIn('connected', { disposed });
    operations.close = () => Promise.reject(new Error('broken'));
    await expect(socket.dispose()).rejects.toThrow('broken');
    expect(disposed).toHaveBeenCalledOnce();
  });

  it('frees a socket that was never used', async () => {
    const disposed = vi.fn();
    const { socket, calls } = fakeSocket({ disposed });
    await socket.dispose();
    expect(disposed).toHaveBeenCalledOnce();
    expect(calls).toEqual([]);
  });
});
