import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { bytes, fakeSocket, fakeSocketIn, LOCAL, PEER } from '../../test/fake-socket.ts';
import type { SocketState } from '../contract/state.ts';
import type { Socket } from './socket.ts';

const questions: Readonly<Record<string, (socket: Socket) => unknown>> = {
  remoteHost: (socket) => socket.remoteHost(),
  remoteHostname: (socket) => socket.remoteHostname(),
  remotePort: (socket) => socket.remotePort(),
  localHost: (socket) => socket.localHost(),
  localPort: (socket) => socket.localPort(),
  interfaceName: (socket) => socket.interfaceName(),
};

describe('addresses', () => {
  it.each<[string, SocketState, unknown]>([
    ['remoteHost', 'closed', 'EBADF'],
    ['remoteHostname', 'closed', 'EBADF'],
    ['remotePort', 'closed', 'EBADF'],
    ['localHost', 'closed', 'EBADF'],
    ['localPort', 'closed', 'EBADF'],
    ['interfaceName', 'closed', 'EBADF'],
    ['remoteHostname', 'bound', 'ENOTCONN'],
    ['remotePort', 'bound', 'ENOTCONN'],
    ['localHost', 'bound', LOCAL.host],
    ['localPort', 'bound', LOCAL.port],
    ['interfaceName', 'bound', 'lo'],
    ['remoteHost', 'connected', PEER.host],
    ['remoteHostname', 'connected', PEER.host],
    ['remotePort', 'connected', PEER.port],
    ['localPort', 'connected', LOCAL.port],
    ['remotePort', 'shutdown', PEER.port],
    ['remoteHostname', 'accepted', PEER.host],
  ])('%s when %s: %s', async (question, state, expected) => {
    const { socket, operations } = await fakeSocketIn(state);
    operations.interfaceName = () => 'lo';
    const ask = (): unknown => questions[question]?.(socket);
    if (!String(expected).startsWith('E')) expect(ask()).toBe(expected);
    else expect(ask).toThrow(expect.objectContaining({ code: expected, operation: question }));
  });

  it('are ENOTCONN where the backend knows of no peer', async () => {
    const { socket, operations } = await fakeSocketIn('bound');
    operations.remote = () => undefined;
    expect(() => socket.remoteHost()).toThrow(expect.objectContaining({ code: 'ENOTCONN' }));
  });

  it('keep the name that was given to connect', async () => {
    const { socket } = fakeSocket();
    await socket.connect('device.example', 5684);
    expect([socket.remoteHost(), socket.remoteHostname()]).toEqual([PEER.host, 'device.example']);
    await socket.close();
    expect(() => socket.remoteHostname()).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });

  it.each(['remoteHost', 'localHost', 'localPort', 'interfaceName'])(
    '%s is ENOTSUP where the backend cannot tell',
    async (question) => {
      const { socket, operations } = await fakeSocketIn('connected');
      for (const name of ['remote', 'local', 'interfaceName'] as const) delete operations[name];
      expect(() => questions[question]?.(socket)).toThrow(
        expect.objectContaining({ code: 'ENOTSUP', message: expect.stringContaining(question) }),
      );
    },
  );

  it('turn what the backend throws into a NetError', async () => {
    const { socket, operations } = await fakeSocketIn('connected');
    operations.interfaceName = () => {
      throw Object.assign(new Error('gone'), { code: 'ENODEV' });
    };
    expect(() => socket.interfaceName()).toThrow(expect.objectContaining({ name: 'NetError', code: 'ENODEV' }));
  });

  it('getSystem is what the backend says, or undefined', async () => {
    const { socket, operations } = await fakeSocketIn('connected');
    expect(socket.getSystem()).toBeUndefined();
    operations.getSystem = () => 17;
    expect(socket.getSystem()).toBe(17);
  });
});

describe('info and stats', () => {
  it('join what the guard and the backend know', async () => {
    const { socket, host, operations } = await fakeSocketIn('connected', { type: 'dtls' });
    operations.info = () => ({ version: 'DTLSv1.2', resumed: false });
    operations.stats = () => ({ retransmissions: 2, messagesSent: 99 });
    await socket.send(bytes(1, 2));
    host.deliver(bytes(1));
    host.dropped('replayed');
    expect(socket.info()).toEqual({
      type: 'dtls',
      backend: 'fake-dtls',
      state: 'connected',
      local: LOCAL,
      remote: PEER,
      version: 'DTLSv1.2',
      resumed: false,
    });
    expect(socket.stats()).toEqual({
      messagesSent: 1,
      bytesSent: 2,
      messagesReceived: 1,
      bytesReceived: 1,
      dropped: { replayed: 1 },
      retransmissions: 2,
    });
  });

  it('stats are never reset', async () => {
    const { socket } = await fakeSocketIn('connected');
    await socket.send(bytes(1));
    await socket.close();
    await socket.dispose();
    expect(socket.stats().messagesSent).toBe(1);
  });
});

describe('inspect and JSON', () => {
  it('show type, backend, state and addresses, and nothing of the configuration', async () => {
    const secret = 'correct horse battery staple';
    const { socket, operations } = await fakeSocketIn('connected', {
      configuration: { recvTimeout: 5, psk: secret } as { recvTimeout: number },
    });
    Object.assign(operations, { key: secret, info: () => ({ key: secret }) });
    const json = { type: 'udp', backend: 'fake-udp', state: 'connected', local: LOCAL, remote: PEER };
    expect(JSON.parse(JSON.stringify(socket))).toEqual(json);
    const shown = inspect(socket, { showHidden: true, depth: 9, getters: true });
    expect(shown).toMatch(/^Socket \{\s+type: 'udp',\s+backend: 'fake-udp',\s+state: 'connected'/);
    expect(shown).not.toContain('horse');
    expect(Object.keys(socket)).toEqual([]);
  });

  it('work on a fresh socket, a disposed one, and where the backend throws', async () => {
    const { socket, operations } = fakeSocket();
    expect(JSON.parse(JSON.stringify(socket))).toEqual({ type: 'udp', backend: 'fake-udp', state: 'closed' });
    await socket.connect('a', 1);
    operations.local = () => {
      throw new Error('no');
    };
    expect(inspect(socket)).toContain('connected');
    await socket.dispose();
    expect(inspect({ socket })).toContain("state: 'closed'");
  });
});
