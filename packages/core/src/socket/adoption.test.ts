import { describe, expect, it } from 'vitest';
import { bytes, type Fake, fakeSocket, fakeSocketIn, LOCAL, PEER, settled } from '../../test/fake-socket.ts';
import { adopt } from './adoption.ts';
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
