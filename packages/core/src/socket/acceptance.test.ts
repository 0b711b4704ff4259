import { describe, expect, it, vi } from 'vitest';
import { acceptFrom, bytes, type Fake, fakeOperations, fakeSocketIn, PEER, settled } from '../../test/fake-socket.ts';
import type { Socket } from './socket.ts';

const peerAt = (port: number) => ({ host: '192.0.2.7', port });

/** A bound socket that accepts. */
async function listening(init: Parameters<typeof fakeSocketIn>[1] = {}): Promise<Fake> {
  const fake = await fakeSocketIn('bound', init);
  await fake.socket.accept({ timeout: 0 }).catch(() => {});
  return fake;
}

describe('accept', () => {
  it('gives a socket of the same kind in state accepted', async () => {
    const { socket, calls } = await fakeSocketIn('accepted', { type: 'dtls' });
    expect(socket).toMatchObject({ type: 'dtls', backend: 'fake-dtls', state: 'accepted' });
    expect([socket.remoteHostname(), socket.remotePort()]).toEqual([PEER.host, PEER.port]);
    await socket.send(bytes(1));
    expect(calls).toEqual(['bind', 'listen', 'send']);
  });

  it('starts to listen at its first use, once per bind', async () => {
    const { socket, calls, clock } = await fakeSocketIn('bound');
    expect(calls).toEqual(['bind']);
    await socket.accept({ timeout: 0 }).catch(() => {});
    await socket.accept({ timeout: 0 }).catch(() => {});
    await socket.close();
    await socket.bind();
    await socket.accept({ timeout: 0 }).catch(() => {});
    expect(calls).toEqual(['bind', 'listen', 'close', 'bind', 'listen']);
    expect(clock.pending).toBe(0);
  });

  it('is the operation of what the backend says while it starts to listen', async () => {
    const { socket, host, operations } = await fakeSocketIn('bound');
    operations.listen = () => {
      throw host.error({ code: 'EINVAL', message: 'not with these credentials' });
    };
    await expect(socket.accept()).rejects.toMatchObject({ code: 'EINVAL', operation: 'accept' });
    expect(host.error({ code: 'EPROTO', message: 'later' }).operation).toBe('receive');
  });

  it('gives the listener what came before', async () => {
    const { socket, host, operations } = await fakeSocketIn('bound');
    const unread: unknown[] = [];
    operations.listen = (datagrams) => void unread.push(...datagrams);
    host.deliver(bytes(1), peerAt(1));
    host.deliver(bytes(2), peerAt(2));
    await socket.accept({ timeout: 0 }).catch(() => {});
    expect(unread).toEqual([
      { data: bytes(1), from: peerAt(1) },
      { data: bytes(2), from: peerAt(2) },
    ]);
    expect(socket.getOption('hasBufferedData')).toBe(false);
    await expect(socket.receive()).rejects.toMatchObject({
      code: 'EBUSY',
      message: expect.stringContaining('accept()'),
    });
  });

  it('serves concurrent calls in their order; one that gives up takes no peer', async () => {
    const fake = await listening();
    const controller = new AbortController();
    const calls = [
      fake.socket.accept({ signal: controller.signal }),
      fake.socket.accept({ timeout: 50 }),
      fake.socket.accept(),
      fake.socket.accept(),
    ].map((call) =>
      call.then(
        (peer) => peer.remotePort(),
        (error: Error) => error.name,
      ),
    );
    controller.abort();
    fake.clock.advance(50);
    acceptFrom(fake, peerAt(1));
    acceptFrom(fake, peerAt(2));
    await expect(Promise.all(calls)).resolves.toEqual(['AbortError', 'NetError', 1, 2]);
    await expect(fake.socket.accept({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('waits for ever by default', async () => {
    const { socket, clock } = await listening();
    const accepting = socket.accept();
    expect(clock.pending).toBe(0);
    await Promise.all([expect(accepting).rejects.toMatchObject({ code: 'ECONNABORTED' }), socket.close()]);
  });

  it('gives peers what they sent before they were accepted', async () => {
    const fake = await listening();
    const { host } = acceptFrom(fake, PEER);
    host.deliver(bytes(1));
    host.deliver(bytes(2));
    const peer = await fake.socket.accept();
    await expect(peer.receive()).resolves.toEqual(bytes(1));
    host.deliver(bytes(3));
    expect([await peer.receive(), await peer.receive()]).toEqual([bytes(2), bytes(3)]);
    expect(fake.socket.stats().messagesReceived).toBe(0);
  });

  it('gives peers the receive timeout of the socket that accepted them', async () => {
    const fake = await listening();
    fake.socket.setOption('recvTimeout', 7);
    acceptFrom(fake, PEER);
    const peer = await fake.socket.accept();
    expect(peer.getOption('recvTimeout')).toBe(7);
  });
});

describe('peers that nobody accepts', () => {
  it('are 1024 at most; the operations of a refused one are not made', async () => {
    const fake = await listening();
    for (let port = 1; port <= 1_024; port++) acceptFrom(fake, peerAt(port));
    const operations = vi.fn(() => fakeOperations([]));
    fake.host.accepted(peerAt(2_000), operations);
    expect(operations).not.toHaveBeenCalled();
    expect(fake.socket.stats().dropped).toEqual({ backlogFull: 1 });
    expect((await fake.socket.accept()).remotePort()).toBe(1);
    fake.host.accepted(peerAt(2_000), operations);
    expect(operations).toHaveBeenCalledOnce();
  });

  it.each([
    ['udp', 64],
    ['dtls', 256],
  ] as const)('on %s hold %i messages, and the configured number when they are accepted', async (type, kept) => {
    const fake = await listening({ type });
    const { host } = acceptFrom(fake, PEER);
    for (let index = 0; index < 300; index++) host.deliver(bytes(index & 0xff));
    const peer = await fake.socket.accept();
    expect(peer.stats().dropped).toEqual({ queueFull: 300 - kept });
    for (let index = 0; index < 256 - kept; index++) host.deliver(bytes(index));
    expect(peer.stats().dropped).toEqual({ queueFull: 300 - kept });
  });

  it('are closed when they fail, and make room', async () => {
    const fake = await listening();
    for (let port = 1; port <= 1_024; port++) {
      const { host } = acceptFrom(fake, peerAt(port));
      if (port === 1) host.failed(host.error({ code: 'ECONNABORTED', message: 'evicted' }));
    }
    await settled();
    expect(fake.calls.filter((call) => call === 'close')).toHaveLength(1);
    acceptFrom(fake, peerAt(3_000));
    expect((await fake.socket.accept()).remotePort()).toBe(2);
  });

  it('are closed with the socket, accepted ones are not', async () => {
    const fake = await listening();
    acceptFrom(fake, peerAt(1));
    acceptFrom(fake, peerAt(2));
    const peer = await fake.socket.accept();
    fake.calls.length = 0;
    await fake.socket.close();
    expect(fake.calls).toEqual(['close', 'close']);
    expect(peer.state).toBe('accepted');
    await peer.send(bytes(1));
    await peer.dispose();
    expect(fake.calls).toEqual(['close', 'close', 'send', 'close']);
  });

  it('are refused unless the socket accepts', async () => {
    const fake = await fakeSocketIn('bound');
    const operations = vi.fn(() => fakeOperations([]));
    fake.host.accepted(PEER, operations);
    await fake.socket.accept({ timeout: 0 }).catch(() => {});
    await fake.socket.close();
    fake.host.accepted(PEER, operations);
    expect(operations).not.toHaveBeenCalled();
    expect(fake.socket.stats().dropped).toEqual({ notListening: 2 });
  });
});

describe('accepted()', () => {
  it('gives every peer and ends when the socket is closed', async () => {
    const fake = await listening();
    const ports: number[] = [];
    const done = (async () => {
      for await (const peer of fake.socket.accepted()) ports.push(peer.remotePort());
    })();
    acceptFrom(fake, peerAt(1));
    await settled();
    acceptFrom(fake, peerAt(2));
    await settled();
    await fake.socket.close();
    await done;
    expect(ports).toEqual([1, 2]);
  });

  it('throws when its signal is aborted, when the socket fails, and on a socket that is not bound', async () => {
    const fake = await listening();
    const controller = new AbortController();
    const aborted = expect(fake.socket.accepted(controller).next()).rejects.toMatchObject({ name: 'AbortError' });
    await settled();
    controller.abort();
    await aborted;
    const failed = expect(fake.socket.accepted().next()).rejects.toMatchObject({ code: 'ENETDOWN' });
    await settled();
    fake.host.failed(fake.host.error({ code: 'ENETDOWN', message: 'gone' }));
    await failed;
    await fake.socket.close();
    await expect(fake.socket.accepted().next()).rejects.toMatchObject({ code: 'ENETDOWN', operation: 'accept' });
  });
});

describe('connection listeners', () => {
  it('get peers, those that wait first, and start to listen', async () => {
    const fake = await listening();
    acceptFrom(fake, peerAt(1));
    const ports: number[] = [];
    fake.socket.on('connection', (peer: Socket) => ports.push(peer.remotePort()));
    expect(ports).toEqual([]);
    await settled();
    acceptFrom(fake, peerAt(2));
    expect(ports).toEqual([1, 2]);
  });

  it('before bind: listening starts with it', async () => {
    const fake = await fakeSocketIn('closed');
    fake.socket.on('connection', () => {});
    await fake.socket.bind();
    expect(fake.calls).toEqual(['bind', 'listen']);
  });

  it('and accept at once are EBUSY, whoever was first', async () => {
    const fake = await listening();
    const accepting = fake.socket.accept();
    await settled();
    expect(() => fake.socket.on('connection', () => {})).toThrow(expect.objectContaining({ code: 'EBUSY' }));
    acceptFrom(fake, PEER);
    await accepting;
    fake.socket.on('connection', () => {});
    await expect(fake.socket.accept()).rejects.toMatchObject({ code: 'EBUSY', operation: 'accept' });
  });
});

describe('a bound datagram socket that is connected', () => {
  it('keeps what the peer sent and drops what strangers sent', async () => {
    const { socket, host } = await fakeSocketIn('bound');
    host.deliver(bytes(1), PEER);
    host.deliver(bytes(2), peerAt(9));
    host.deliver(bytes(3), PEER);
    await socket.connect(PEER.host, PEER.port);
    expect([await socket.receive(), await socket.receive()]).toEqual([bytes(1), bytes(3)]);
    expect(socket.stats().dropped).toEqual({ notPeer: 1 });
  });

  it('is refused while it accepts', async () => {
    const { socket } = await listening();
    await expect(socket.connect('a', 1)).rejects.toMatchObject({ code: 'EISCONN' });
  });
});
