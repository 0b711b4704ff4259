import { type EventEmitter, once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { bytes, fakeSocketIn, PEER, settled } from '../../test/fake-socket.ts';

describe('message listeners', () => {
  it('get what is unread first, in order, but not from inside on()', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    const received: unknown[] = [];
    host.deliver(bytes(1), PEER);
    host.deliver(bytes(2), PEER);
    socket.on('message', (data, from) => received.push([data[0], from]));
    expect(received).toEqual([]);
    host.deliver(bytes(3), PEER);
    await Promise.resolve();
    expect(received).toEqual([1, 2, 3].map((value) => [value, PEER]));
  });

  it('are called straight from the transport when nothing is unread', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    const received: unknown[] = [];
    socket.on('message', (data) => received.push(data));
    const data = bytes(1);
    host.deliver(data);
    expect(received[0]).toBe(data);
    expect(socket.stats().messagesReceived).toBe(1);
  });

  it('may be several, are called in order, and can be taken back', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    const order: string[] = [];
    const first = () => order.push('first');
    const second = () => order.push('second');
    socket.on('message', first).on('message', second).on('message', first);
    host.deliver(bytes(1));
    socket.off('message', first).off('message', () => {});
    host.deliver(bytes(2));
    expect(order).toEqual(['first', 'second', 'first', 'first', 'second']);
  });

  it('may take themselves back while they are called', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    const other = vi.fn();
    const self = (): void => void socket.off('message', self);
    socket.on('message', self).on('message', other);
    host.deliver(bytes(1));
    host.deliver(bytes(2));
    expect(other).toHaveBeenCalledTimes(2);
  });

  it('leave the rest to receive when the last is gone', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    for (const value of [1, 2, 3]) host.deliver(bytes(value));
    const [data] = await once(socket as unknown as EventEmitter, 'message');
    expect(data).toEqual(bytes(1));
    await expect(socket.receive()).resolves.toEqual(bytes(2));
    socket.once('message', () => {});
    await settled();
    host.deliver(bytes(4));
    await expect(socket.receive()).resolves.toEqual(bytes(4));
  });

  it('stay over close and connect', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    const message = vi.fn();
    socket.on('message', message);
    await socket.close();
    await socket.connect(PEER.host, PEER.port);
    host.deliver(bytes(1));
    expect(message).toHaveBeenCalledOnce();
  });

  it('and receive at once are EBUSY, whoever was first', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    const receiving = socket.receive();
    for (const how of ['on', 'once'] as const) {
      expect(() => socket[how]('message', () => {})).toThrow(
        expect.objectContaining({ code: 'EBUSY', operation: how, message: expect.stringContaining('receive()') }),
      );
    }
    host.deliver(bytes(1));
    await receiving;
    const listener = (): void => {};
    socket.on('message', listener);
    const busy = { code: 'EBUSY', message: expect.stringContaining("'message' listeners") };
    await expect(socket.receive()).rejects.toMatchObject(busy);
    await expect(socket.receiveFrom()).rejects.toMatchObject(busy);
    await expect(socket[Symbol.asyncIterator]().next()).rejects.toMatchObject(busy);
    socket.off('message', listener);
    host.deliver(bytes(2));
    await expect(socket.receive()).resolves.toEqual(bytes(2));
  });

  it('that throw do it outside of the transport, and keep nobody else from listening', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    const other = vi.fn();
    const thrown: unknown[] = [];
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error) => thrown.push(error));
    socket.on('message', () => {
      throw new Error('of the listener');
    });
    socket.on('message', other);
    host.deliver(bytes(1));
    expect(thrown).toEqual([]);
    await settled();
    for (const listener of listeners) process.on('uncaughtException', listener);
    expect(thrown).toEqual([new Error('of the listener')]);
    expect(other).toHaveBeenCalledOnce();
  });
});

describe('pause', () => {
  it('keeps messages from the listeners, up to the bound', async () => {
    const { socket, host } = await fakeSocketIn('connected', { configuration: { receiveQueue: { messages: 2 } } });
    const received: unknown[] = [];
    socket.on('message', (data) => received.push(data[0])).pause();
    for (const value of [1, 2, 3]) host.deliver(bytes(value));
    await settled();
    expect(received).toEqual([]);
    socket.resume();
    await settled();
    host.deliver(bytes(4));
    expect(received).toEqual([1, 2, 4]);
    expect(socket.stats().dropped).toEqual({ queueFull: 1 });
  });

  it('works from inside a listener', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    const received: unknown[] = [];
    for (const value of [1, 2, 3]) host.deliver(bytes(value));
    socket.on('message', (data) => {
      received.push(data[0]);
      socket.pause();
    });
    await settled();
    expect(received).toEqual([1]);
    socket.resume();
    await settled();
    expect(received).toEqual([1, 2]);
  });

  it('pauses a stream below when enough is unread', async () => {
    const { socket, host, calls } = await fakeSocketIn('connected', {
      type: 'tcp',
      configuration: { receiveQueue: { messages: 2 } },
    });
    const received: unknown[] = [];
    socket.on('message', (data) => received.push(data[0])).pause();
    for (const value of [1, 2, 3]) host.deliver(bytes(value));
    expect(calls).toEqual(['connect', 'pause']);
    socket.resume();
    await settled();
    expect(received).toEqual([1, 2, 3]);
    expect(calls).toEqual(['connect', 'pause', 'resume']);
  });
});

describe('other events', () => {
  it('end and error come after everything that arrived before', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    const events: unknown[] = [];
    host.deliver(bytes(1));
    host.failed(host.error({ code: 'ECONNRESET', message: 'gone' }));
    socket.on('message', (data) => events.push(data[0]));
    socket.on('error', ({ code }) => events.push(code));
    expect(events).toEqual([]);
    await settled();
    expect(events).toEqual([1, 'ECONNRESET']);
    await socket.close();
    await socket.connect(PEER.host, PEER.port);
    socket.on('end', () => events.push('end'));
    host.deliver(bytes(2));
    host.end();
    expect(events).toEqual([1, 'ECONNRESET', 2, 'end']);
  });

  it('end is emitted in pull mode when the end is reached', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    const end = vi.fn();
    socket.on('end', end);
    host.deliver(bytes(1));
    host.end();
    expect(end).not.toHaveBeenCalled();
    await socket.receive();
    expect(end).toHaveBeenCalledOnce();
    await socket.receive();
    expect(end).toHaveBeenCalledOnce();
  });

  it('softError goes to its listeners in push mode, at once or with the flush', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    const events: unknown[] = [];
    host.softError(host.error({ code: 'ECONNREFUSED', message: 'first' }));
    socket.on('softError', ({ code }) => events.push(code)).on('message', (data) => events.push(data[0]));
    await settled();
    host.softError(host.error({ code: 'EHOSTUNREACH', message: 'second' }));
    host.deliver(bytes(1));
    expect(events).toEqual(['ECONNREFUSED', 'EHOSTUNREACH', 1]);
  });

  it('drop tells every reason', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    const reasons: string[] = [];
    socket.on('drop', (reason) => reasons.push(reason));
    host.dropped('replayed');
    host.dropped('replayed');
    expect(reasons).toEqual(['replayed', 'replayed']);
    expect(socket.stats().dropped).toEqual({ replayed: 2 });
  });

  it('once is once', async () => {
    const { socket } = await fakeSocketIn('connected');
    const close = vi.fn();
    socket.once('close', close);
    await socket.close();
    await socket.connect(PEER.host, PEER.port);
    await socket.close();
    expect(close).toHaveBeenCalledOnce();
  });
});
