import { describe, expect, it } from 'vitest';
import { bytes, type Fake, fakeSocket, fakeSocketIn, LOCAL, PEER, settled } from '../test/fake-socket.ts';
import { type Adopted, adopt } from './adoption.ts';
import type { LowerSink } from './backend.ts';
import type { Socket } from './socket.ts';

const attempt = { signal: new AbortController().signal };

describe('a socket that is adopted', () => {
  it.each<[string, (socket: Socket) => Promise<unknown>]>([
    ['connect', (socket) => socket.connect('a', 1)],
    ['bind', (socket) => socket.bind()],
    ['accept', (socket) => socket.accept()],
    ['accepted', (socket) => socket.accepted().next()],
    ['send', (socket) => socket.send(bytes(1))],
    ['sendTo', (socket) => socket.sendTo(bytes(1), PEER.host, 1)],
    ['receive', (socket) => socket.receive()],
    ['receiveFrom', (socket) => socket.receiveFrom()],
    ['shutdown', (socket) => socket.shutdown()],
    ['close', (socket) => socket.close()],
    ['dispose', (socket) => socket.dispose()],
    ['on', async (socket) => socket.on('message', () => {})],
    ['once', async (socket) => socket.once('close', () => {})],
    ['pause', async (socket) => socket.pause()],
    ['resume', async (socket) => socket.resume()],
  ])('answers EBUSY to %s and names its owner', async (operation, call) => {
    const { socket, calls } = await fakeSocketIn('connected');
    const adopted = adopt(socket, 'a dtls socket');
    calls.length = 0;
    await expect(call(socket)).rejects.toMatchObject({
      code: 'EBUSY',
      operation,
      message: expect.stringContaining('in use by a dtls socket'),
    });
    expect(calls).toEqual([]);
    adopted.release();
    await socket.send(bytes(1));
  });

  it('still tells its options, addresses and counters', async () => {
    const { socket } = await fakeSocketIn('connected');
    adopt(socket, 'a dtls socket').lower.send(bytes(1, 2));
    socket.setOption('recvTimeout', 5);
    expect([socket.state, socket.getOption('recvTimeout'), socket.getOption('bytesSent')]).toEqual(['connected', 5, 2]);
    expect([socket.remoteHost(), socket.localPort(), socket.info().backend]).toEqual([
      PEER.host,
      LOCAL.port,
      'fake-udp',
    ]);
    expect(socket.off('message', () => {})).toBe(socket);
  });

  it.each<[string, (fake: Fake) => unknown, string]>([
    ['adopted', ({ socket }) => adopt(socket, 'another'), 'in use by another'],
    ['waiting for a message', ({ socket }) => void socket.receive().catch(() => {}), 'a receive() is waiting'],
    ['pushing', ({ socket }) => socket.on('message', () => {}), "has a 'message' listener"],
  ])('was not %s before: EBUSY', async (_, use, message) => {
    const fake = await fakeSocketIn('connected');
    use(fake);
    expect(() => adopt(fake.socket, 'one')).toThrow(
      expect.objectContaining({ code: 'EBUSY', message: expect.stringContaining(message) }),
    );
  });

  it('did not accept peers before and was not connecting: EBUSY', async () => {
    const bound = await fakeSocketIn('bound');
    await bound.socket.accept({ timeout: 0 }).catch(() => {});
    expect(() => adopt(bound.socket, 'one')).toThrow('it accepts peers');
    const fresh = fakeSocket({ operations: { connect: () => new Promise(() => {}) } });
    const connecting = fresh.socket.connect('a', 1).catch(() => {});
    expect(() => adopt(fresh.socket, 'one')).toThrow('connect is still under way');
    await fresh.socket.close();
    await connecting;
  });

  it('was not disposed before: EBADF', async () => {
    const { socket } = fakeSocket();
    await socket.dispose();
    expect(() => adopt(socket, 'one')).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });
});

describe('the life of an adopted socket', () => {
  it('is in the hands of its owner', async () => {
    const { socket, calls } = fakeSocket();
    const adopted = adopt(socket, 'one');
    expect(adopted.remote()).toBeUndefined();
    await adopted.bind('', 0);
    expect(adopted.state).toBe('bound');
    await adopted.connect('device.example', 5684, attempt);
    expect([adopted.state, adopted.remoteHostname()]).toEqual(['connected', 'device.example']);
    expect([adopted.remote(), adopted.local(), adopted.getSystem()]).toEqual([PEER, LOCAL, undefined]);
    await adopted.shutdown('both');
    await adopted.close();
    expect(socket.state).toBe('closed');
    await expect(socket.connect('a', 1)).rejects.toMatchObject({ code: 'EBUSY' });
    await adopted.connect('a', 1, attempt);
    await adopted.dispose();
    expect(calls).toEqual(['bind', 'connect', 'shutdown both', 'close', 'connect', 'close']);
    await expect(socket.send(bytes(1))).rejects.toMatchObject({ code: 'EBADF' });
    await socket.dispose();
  });

  it('hands on why the owner gave up', async () => {
    const { socket, host } = fakeSocket({ operations: { connect: () => new Promise(() => {}) } });
    const controller = new AbortController();
    const connecting = adopt(socket, 'one').connect('a', 1, controller);
    await settled();
    const reason = host.error({ code: 'ETIMEDOUT', message: 'the handshake took too long' });
    controller.abort(reason);
    await expect(connecting).rejects.toBe(reason);
  });

  it('answers options by the same rules', () => {
    const adopted = adopt(fakeSocket().socket, 'one');
    adopted.setOption('recvTimeout', 9);
    expect(adopted.getOption('recvTimeout')).toBe(9);
    expect(() => adopted.getOption('mtu')).toThrow(expect.objectContaining({ code: 'ENOTSUP' }));
    expect(() => adopted.interfaceName()).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });
});

describe('the data path', () => {
  it('delivers what is unread first, not from inside start, then straight on', async () => {
    const { fake, adopted, sink, seen } = await adoptedFake();
    fake.host.deliver(bytes(1), PEER);
    adopted.lower.start(sink);
    fake.host.deliver(bytes(2), PEER);
    expect(seen).toEqual([]);
    await settled();
    expect(seen).toEqual(['1 from 5684', '2 from 5684']);
    fake.host.deliver(bytes(3), PEER);
    expect(seen).toHaveLength(3);
    expect(fake.socket.getOption('bytesReceived')).toBe(3);
  });

  it('sends uncopied, counts, and never delivers from inside send', async () => {
    const { fake, adopted, sink, seen } = await adoptedFake();
    adopted.lower.start(sink);
    fake.operations.send = (data) => fake.host.deliver(data, PEER);
    adopted.lower.send(bytes(7));
    expect(seen).toEqual([]);
    await settled();
    expect(seen).toEqual(['7 from 5684']);
    fake.operations.sendTo = (data, to) => fake.host.deliver(data, to);
    adopted.lower.sendTo?.(bytes(8), { host: PEER.host, port: 9 });
    expect(seen).toHaveLength(1);
    await settled();
    expect(seen).toEqual(['7 from 5684', '8 from 9']);
    expect(fake.socket.stats()).toMatchObject({ messagesSent: 2, bytesSent: 2 });
  });

  it('keeps its order when the sink sends while it is flushed', async () => {
    const { fake, adopted, sink, seen } = await adoptedFake();
    for (const value of [1, 2]) fake.host.deliver(bytes(value), PEER);
    fake.operations.send = (data) => fake.host.deliver(data, PEER);
    const { receive } = sink;
    sink.receive = (data, from) => {
      receive(data, from);
      if ((data[0] ?? 0) < 3) adopted.lower.send(bytes((data[0] ?? 0) + 10));
    };
    adopted.lower.start(sink);
    await settled();
    expect(seen).toEqual([1, 2, 11, 12].map((value) => `${value} from 5684`));
  });

  it('has sendTo only where the transport has it', () => {
    const { sendTo } = adopt(fakeSocket({ type: 'tcp' }).socket, 'one').lower;
    expect(sendTo).toBeTypeOf('function');
    const without = fakeSocket();
    delete without.operations.sendTo;
    expect(adopt(without.socket, 'one').lower).not.toHaveProperty('sendTo');
  });

  it('passes on the end, failures and soft errors, also those from before', async () => {
    const { fake, adopted, sink, seen } = await adoptedFake();
    const soft = fake.host.error({ code: 'ECONNREFUSED', message: 'port unreachable' });
    fake.host.softError(soft);
    adopted.lower.start(sink);
    await settled();
    fake.host.softError(soft);
    fake.host.deliver(bytes(1), PEER);
    fake.host.failed(fake.host.error({ code: 'ECONNRESET', message: 'gone' }));
    await settled();
    expect(seen).toEqual(['soft ECONNREFUSED', 'soft ECONNREFUSED', '1 from 5684', 'failed ECONNRESET']);
    adopted.release();
    await expect(fake.socket.receive()).rejects.toMatchObject({ code: 'ECONNRESET' });
    const second = await adoptedFake();
    second.fake.host.end();
    second.adopted.lower.start(second.sink);
    await settled();
    expect(second.seen).toEqual(['end']);
  });

  it('is silent towards listeners that the lower socket had', async () => {
    const fake = await fakeSocketIn('connected');
    const events: string[] = [];
    fake.socket.on('end', () => events.push('end')).on('error', () => events.push('error'));
    adopt(fake.socket, 'one');
    fake.host.end();
    expect(events).toEqual([]);
  });

  it('tells of datagrams that could not be sent, and fails a stream', async () => {
    for (const [type, expected] of [
      ['udp', 'soft EPERM'],
      ['tcp', 'failed EPERM'],
    ] as const) {
      const { fake, adopted, sink, seen } = await adoptedFake(type);
      adopted.lower.start(sink);
      fake.operations.send = () => Promise.reject(Object.assign(new Error('no'), { code: 'EPERM' }));
      adopted.lower.send(bytes(1));
      await settled();
      expect(seen).toEqual([expected]);
    }
  });

  it('throws what the transport throws, and when there is no way out', async () => {
    const { fake, adopted } = await adoptedFake();
    fake.operations.send = () => {
      throw fake.host.error({ code: 'EMSGSIZE', message: 'too large' });
    };
    expect(() => adopted.lower.send(bytes(1))).toThrow(expect.objectContaining({ code: 'EMSGSIZE' }));
    await adopted.close();
    expect(() => adopted.lower.send(bytes(1))).toThrow(expect.objectContaining({ code: 'ENOTCONN' }));
    expect(() => adopted.lower.sendTo?.(bytes(1), PEER)).toThrow(expect.objectContaining({ code: 'ENOTCONN' }));
    await adopted.bind('', 0);
    expect(() => adopted.lower.send(bytes(1))).toThrow(expect.objectContaining({ code: 'EDESTADDRREQ' }));
    adopted.release();
    expect(() => adopted.lower.send(bytes(1))).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });

  it('pauses and resumes', async () => {
    const { fake, adopted, sink, seen } = await adoptedFake('tcp');
    adopted.lower.start(sink);
    adopted.lower.pause();
    fake.host.deliver(bytes(1));
    await settled();
    expect(seen).toEqual([]);
    adopted.lower.resume();
    await settled();
    expect(seen).toEqual(['1 from undefined']);
  });

  it('knows the inner MTU of datagrams where somebody claims it', () => {
    const claims = { options: { readable: ['innerMtu' as const], writable: [] } };
    const operations = { getOption: () => 1472 as never };
    expect(adopt(fakeSocket({ claims, operations }).socket, 'one').lower.innerMtu()).toBe(1472);
    expect(adopt(fakeSocket({ operations }).socket, 'one').lower.innerMtu()).toBeUndefined();
    expect(adopt(fakeSocket({ type: 'tcp', claims, operations }).socket, 'one').lower.innerMtu()).toBeUndefined();
  });

  it('is over with release: nothing is delivered, nothing unread is lost, nothing is closed', async () => {
    const { fake, adopted, sink, seen } = await adoptedFake();
    adopted.lower.start(sink);
    adopted.lower.pause();
    fake.host.deliver(bytes(1), PEER);
    adopted.release();
    adopted.release();
    fake.host.deliver(bytes(2), PEER);
    adopted.lower.start(sink);
    adopted.lower.pause();
    await settled();
    expect(seen).toEqual([]);
    expect([await fake.socket.receive(), await fake.socket.receive()]).toEqual([bytes(1), bytes(2)]);
    expect(fake.calls).toEqual(['connect']);
    const again = adopt(fake.socket, 'another');
    adopted.release();
    await expect(fake.socket.send(bytes(1))).rejects.toMatchObject({ code: 'EBUSY' });
    again.release();
    await fake.socket.send(bytes(1));
  });
});

interface AdoptedFake {
  readonly fake: Fake;
  readonly adopted: Adopted;
  readonly sink: { -readonly [K in keyof LowerSink]: LowerSink[K] };
  readonly seen: string[];
}

async function adoptedFake(type: 'udp' | 'tcp' = 'udp'): Promise<AdoptedFake> {
  const fake = await fakeSocketIn('connected', { type });
  const seen: string[] = [];
  return {
    fake,
    adopted: adopt(fake.socket, 'one'),
    sink: {
      receive: (data, from) => void seen.push(`${data[0]} from ${from?.port}`),
      end: () => void seen.push('end'),
      softError: ({ code }) => void seen.push(`soft ${code}`),
      failed: ({ code }) => void seen.push(`failed ${code}`),
    },
    seen,
  };
}
