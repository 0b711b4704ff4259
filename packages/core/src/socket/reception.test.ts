import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { bytes, fakeSocketIn, PEER, settled } from '../../test/fake-socket.ts';
import type { QueueLimits } from '../contract/configuration.ts';

describe('receive', () => {
  it('gives what waits, in order, and then what comes', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    host.deliver(bytes(1));
    host.deliver(bytes(2));
    const received = [socket.receive(), socket.receive(), socket.receive()];
    host.deliver(bytes(3));
    await expect(Promise.all(received)).resolves.toEqual([bytes(1), bytes(2), bytes(3)]);
  });

  it('serves concurrent calls in their order', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    const received = [socket.receive(), socket.receiveFrom(), socket.receive()];
    for (const value of [1, 2, 3]) host.deliver(bytes(value), PEER);
    await expect(Promise.all(received)).resolves.toEqual([bytes(1), { data: bytes(2), from: PEER }, bytes(3)]);
  });

  it('gives the bytes as they were handed over, not a copy', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    const data = bytes(1);
    host.deliver(data);
    expect(await socket.receive()).toBe(data);
  });

  it('gives an empty message, which is not the end', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    host.deliver(bytes());
    await expect(socket.receive()).resolves.toEqual(bytes());
  });

  it.each([
    [undefined, 30_000],
    [{ timeout: 70 }, 70],
  ])('%o waits %i ms', async (options, ms) => {
    const { socket, clock } = await fakeSocketIn('connected');
    const receiving = socket.receive(options);
    const refused = expect(receiving).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      operation: 'receive',
      message: expect.stringContaining(`${ms} ms`),
    });
    clock.advance(ms - 1);
    expect(clock.pending).toBe(1);
    clock.advance(1);
    await refused;
  });

  it('waits as long as the option says, and for ever if it says so', async () => {
    const { socket, clock, host } = await fakeSocketIn('connected', { configuration: { recvTimeout: 100 } });
    const first = expect(socket.receive()).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    clock.advance(100);
    await first;
    socket.setOption('recvTimeout', Number.POSITIVE_INFINITY);
    const second = socket.receive();
    expect(clock.pending).toBe(0);
    host.deliver(bytes(1));
    await expect(second).resolves.toEqual(bytes(1));
  });

  it('looks once with timeout 0, for what is there and for what the system holds', async () => {
    const { socket, host, clock } = await fakeSocketIn('connected');
    await expect(socket.receive({ timeout: 0 })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    host.deliver(bytes(1));
    await expect(socket.receive({ timeout: 0 })).resolves.toEqual(bytes(1));
    const polled = socket.receive({ timeout: 0 });
    await Promise.resolve();
    host.deliver(bytes(2));
    await expect(polled).resolves.toEqual(bytes(2));
    expect(clock.pending).toBe(0);
  });

  it('consumes nothing when it is out of time or aborted', async () => {
    const { socket, host, clock } = await fakeSocketIn('connected');
    const controller = new AbortController();
    const outcomes = [
      socket.receive({ timeout: 10 }),
      socket.receive({ signal: controller.signal }),
      socket.receive({ timeout: 20 }),
    ].map((call) => call.catch((error: { code: string; name: string }) => `${error.name} ${error.code}`));
    clock.advance(10);
    controller.abort();
    host.deliver(bytes(1));
    host.deliver(bytes(2));
    await expect(Promise.all(outcomes)).resolves.toEqual(['NetError ETIMEDOUT', 'AbortError ECONNABORTED', bytes(1)]);
    await expect(socket.receive({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    await expect(socket.receive()).resolves.toEqual(bytes(2));
  });

  it('leaves neither timers nor listeners behind', async () => {
    const { socket, host, clock } = await fakeSocketIn('connected');
    const { signal } = new AbortController();
    for (let count = 0; count < 20; count++) {
      const receiving = socket.receive({ signal });
      host.deliver(bytes(1));
      await receiving;
    }
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('reports a soft error once, and the socket lives', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    const error = host.error({ code: 'ECONNREFUSED', message: 'port unreachable' });
    expect(error).toMatchObject({ operation: 'receive', backend: 'fake-udp' });
    const waiting = [socket.receive(), socket.receive()];
    host.softError(error);
    await expect(waiting[0]).rejects.toBe(error);
    host.deliver(bytes(1));
    await expect(waiting[1]).resolves.toEqual(bytes(1));
    host.softError(error);
    host.softError(host.error({ code: 'EHOSTUNREACH', message: 'another' }));
    host.deliver(bytes(2));
    await expect(socket.receive()).rejects.toBe(error);
    await expect(socket.receive()).resolves.toEqual(bytes(2));
    await socket.send(bytes(1));
  });
});

describe('receiveFrom', () => {
  it('tells the sender, on a bound socket too', async () => {
    const { socket, host } = await fakeSocketIn('bound');
    host.deliver(bytes(1), { host: '2001:db8::1', port: 7 });
    await expect(socket.receiveFrom()).resolves.toEqual({ data: bytes(1), from: { host: '2001:db8::1', port: 7 } });
  });

  it('tells the peer of a stream', async () => {
    const { socket, host } = await fakeSocketIn('connected', { type: 'tcp' });
    host.deliver(bytes(1));
    await expect(socket.receiveFrom()).resolves.toEqual({ data: bytes(1), from: PEER });
  });
});

describe('iteration', () => {
  it('has no time limit and ends with the data', async () => {
    const { socket, host, clock } = await fakeSocketIn('connected');
    const received: unknown[] = [];
    const done = (async () => {
      for await (const data of socket) received.push(data);
    })();
    await settled();
    expect(clock.pending).toBe(0);
    host.deliver(bytes(1));
    await settled();
    host.deliver(bytes(2));
    host.deliver(bytes(3));
    host.end();
    await done;
    expect(received).toEqual([bytes(1), bytes(2), bytes(3)]);
  });

  it('throws a failure, and a soft error, after which it can go on', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    const next = () => socket[Symbol.asyncIterator]().next();
    host.softError(host.error({ code: 'ECONNREFUSED', message: 'port unreachable' }));
    await expect(next()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    host.deliver(bytes(1));
    await expect(next()).resolves.toEqual({ done: false, value: bytes(1) });
    const waiting = expect(next()).rejects.toMatchObject({ code: 'ECONNRESET' });
    await settled();
    host.failed(host.error({ code: 'ECONNRESET', message: 'gone' }));
    await waiting;
  });

  it('ends when the socket is closed, before or while it waits', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    const iterator = socket[Symbol.asyncIterator]();
    host.deliver(bytes(1));
    await iterator.next();
    const waiting = iterator.next();
    await settled();
    await socket.close();
    await expect(waiting).resolves.toEqual({ done: true, value: undefined });
    await expect(socket[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'ENOTCONN' });
  });

  it('can be left without losing what comes next', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    host.deliver(bytes(1));
    host.deliver(bytes(2));
    for await (const data of socket) {
      expect(data).toEqual(bytes(1));
      break;
    }
    await expect(socket.receive()).resolves.toEqual(bytes(2));
  });
});

describe('the queue of a datagram socket', () => {
  it.each<[QueueLimits | undefined, number, number, number]>([
    [undefined, 300, 1, 256],
    [undefined, 20, 65_000, 16],
    [{ messages: 3 }, 5, 10, 3],
    [{ bytes: 25 }, 5, 10, 2],
    [{ messages: Number.POSITIVE_INFINITY }, 300, 1, 300],
  ])('%o: of %i messages of %i bytes it keeps the first %i', async (receiveQueue, count, size, kept) => {
    const { socket, host, calls } = await fakeSocketIn('connected', { configuration: { receiveQueue } });
    const reasons: string[] = [];
    socket.on('drop', (reason) => reasons.push(reason));
    for (let index = 0; index < count; index++) host.deliver(new Uint8Array(size).fill(index));
    expect(socket.stats()).toMatchObject({
      messagesReceived: count,
      bytesReceived: count * size,
      dropped: count === kept ? {} : { queueFull: count - kept },
    });
    expect(reasons).toEqual(Array(count - kept).fill('queueFull'));
    for (let index = 0; index < kept; index++) expect((await socket.receive())?.[0]).toBe(index & 0xff);
    await expect(socket.receive({ timeout: 0 })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(calls).toEqual(['connect']);
  });

  it('has room again when something was taken', async () => {
    const { socket, host } = await fakeSocketIn('connected', { configuration: { receiveQueue: { messages: 1 } } });
    host.deliver(bytes(1));
    await socket.receive();
    host.deliver(bytes(2));
    await expect(socket.receive()).resolves.toEqual(bytes(2));
  });
});

describe('the queue of a stream', () => {
  it.each<[QueueLimits, number]>([
    [{ messages: 4 }, 4],
    [{ bytes: 40 }, 4],
  ])('%o pauses after %i pieces, drops nothing, and goes on at half', async (receiveQueue, high) => {
    const { socket, host, calls } = await fakeSocketIn('connected', { type: 'tcp', configuration: { receiveQueue } });
    calls.length = 0;
    for (let index = 0; index < high - 1; index++) host.deliver(new Uint8Array(10).fill(index));
    expect(calls).toEqual([]);
    for (let index = high - 1; index < 10; index++) host.deliver(new Uint8Array(10).fill(index));
    expect(calls).toEqual(['pause']);
    for (let index = 0; index < 10; index++) {
      expect(calls).toEqual(10 - index > high / 2 ? ['pause'] : ['pause', 'resume']);
      expect((await socket.receive())?.[0]).toBe(index);
    }
    expect(socket.stats().dropped).toEqual({});
  });
});
