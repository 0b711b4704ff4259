import { describe, expect, it } from 'vitest';
import { bytes, fakeSocket, fakeSocketIn, PEER } from '../../test/fake-socket.ts';
import type { SocketType } from '../contract/configuration.ts';
import type { SocketState } from '../contract/state.ts';
import type { Socket } from './socket.ts';

const operations: Readonly<Record<string, (socket: Socket) => Promise<unknown>>> = {
  connect: (socket) => socket.connect('device.example', 5684),
  bind: (socket) => socket.bind('', 0),
  send: (socket) => socket.send(bytes(1)),
  sendTo: (socket) => socket.sendTo(bytes(1), PEER.host, PEER.port),
  receive: (socket) => socket.receive({ timeout: 0 }),
  receiveFrom: (socket) => socket.receiveFrom({ timeout: 0 }),
  accept: (socket) => socket.accept({ timeout: 0 }),
  shutdown: (socket) => socket.shutdown(),
  close: (socket) => socket.close(),
};

/** What follows: a state if it works, a code if it does not and the state stays. ETIMEDOUT means it was allowed. */
type Row = readonly [closed: string, bound: string, connected: string, accepted: string, shutdown: string];

const tables: Partial<Record<SocketType, Readonly<Record<string, Row>>>> = {
  udp: {
    connect: ['connected', 'connected', 'EISCONN', 'EISCONN', 'EISCONN'],
    bind: ['bound', 'EISCONN', 'EISCONN', 'EISCONN', 'EISCONN'],
    send: ['ENOTCONN', 'EDESTADDRREQ', 'connected', 'accepted', 'EPIPE'],
    sendTo: ['ENOTCONN', 'bound', 'connected', 'accepted', 'EPIPE'],
    receive: ['ENOTCONN', 'ETIMEDOUT', 'ETIMEDOUT', 'ETIMEDOUT', 'shutdown'],
    receiveFrom: ['ENOTCONN', 'ETIMEDOUT', 'ETIMEDOUT', 'ETIMEDOUT', 'shutdown'],
    accept: ['ENETDOWN', 'ETIMEDOUT', 'ENETDOWN', 'ENETDOWN', 'ENETDOWN'],
    shutdown: ['ENOTCONN', 'shutdown', 'shutdown', 'shutdown', 'shutdown'],
    close: ['closed', 'closed', 'closed', 'closed', 'closed'],
  },
  tcp: {
    connect: ['connected', 'EISCONN', 'EISCONN', 'EISCONN', 'EISCONN'],
    bind: ['bound', 'EISCONN', 'EISCONN', 'EISCONN', 'EISCONN'],
    send: ['ENOTCONN', 'ENOTCONN', 'connected', 'accepted', 'EPIPE'],
    receive: ['ENOTCONN', 'ENOTCONN', 'ETIMEDOUT', 'ETIMEDOUT', 'shutdown'],
    accept: ['ENETDOWN', 'ETIMEDOUT', 'ENETDOWN', 'ENETDOWN', 'ENETDOWN'],
    shutdown: ['ENOTCONN', 'shutdown', 'shutdown', 'shutdown', 'shutdown'],
    close: ['closed', 'closed', 'closed', 'closed', 'closed'],
  },
  dtls: {
    connect: ['connected', 'connected', 'EISCONN', 'EISCONN', 'EISCONN'],
    bind: ['bound', 'EISCONN', 'EISCONN', 'EISCONN', 'EISCONN'],
    send: ['ENOTCONN', 'ENOTCONN', 'connected', 'accepted', 'EPIPE'],
    receive: ['ENOTCONN', 'ENOTCONN', 'ETIMEDOUT', 'ETIMEDOUT', 'shutdown'],
    receiveFrom: ['ENOTSUP', 'ENOTSUP', 'ENOTSUP', 'ENOTSUP', 'ENOTSUP'],
    accept: ['ENETDOWN', 'ETIMEDOUT', 'ENETDOWN', 'ENETDOWN', 'ENETDOWN'],
    shutdown: ['ENOTCONN', 'shutdown', 'shutdown', 'shutdown', 'shutdown'],
    close: ['closed', 'closed', 'closed', 'closed', 'closed'],
  },
};

const states: readonly SocketState[] = ['closed', 'bound', 'connected', 'accepted', 'shutdown'];

describe.each(Object.entries(tables))('%s', (type, table) => {
  const cells = Object.entries(table).flatMap(([operation, row]) =>
    states.map((state, index) => [operation, state, row[index] as string] as const),
  );

  it.each(cells)('%s when %s: %s', async (operation, state, expected) => {
    const { socket } = await fakeSocketIn(state, { type: type as SocketType });
    expect(socket.state).toBe(state);
    const outcome = await operations[operation]?.(socket).catch((error: unknown) => error);
    if (expected.startsWith('E')) {
      expect(outcome).toMatchObject({ name: 'NetError', code: expected, operation, backend: `fake-${type}` });
      expect(socket.state).toBe(state);
    } else {
      expect(outcome).not.toBeInstanceOf(Error);
      expect(socket.state).toBe(expected);
    }
  });
});

describe('after dispose', () => {
  it.each(Object.keys(operations).filter((operation) => operation !== 'close'))('%s is EBADF', async (operation) => {
    const { socket, calls } = await fakeSocketIn('connected');
    await socket.dispose();
    calls.length = 0;
    await expect(operations[operation]?.(socket)).rejects.toMatchObject({ code: 'EBADF', operation });
    expect(calls).toEqual([]);
  });

  it.each<[string, (socket: Socket) => unknown]>([
    ['getOption', (socket) => socket.getOption('state')],
    ['setOption', (socket) => socket.setOption('recvTimeout', 1)],
    ['remoteHost', (socket) => socket.remoteHost()],
    ['remoteHostname', (socket) => socket.remoteHostname()],
    ['remotePort', (socket) => socket.remotePort()],
    ['localHost', (socket) => socket.localHost()],
    ['localPort', (socket) => socket.localPort()],
    ['interfaceName', (socket) => socket.interfaceName()],
    ['getSystem', (socket) => socket.getSystem()],
    ['on', (socket) => socket.on('message', () => {})],
    ['once', (socket) => socket.once('message', () => {})],
    ['pause', (socket) => socket.pause()],
    ['resume', (socket) => socket.resume()],
    ['info', (socket) => socket.info()],
  ])('%s is EBADF', async (operation, call) => {
    const { socket } = fakeSocket();
    await socket.dispose();
    expect(() => call(socket)).toThrow(expect.objectContaining({ code: 'EBADF', operation }));
  });
});

describe('an operation that the backend lacks', () => {
  it.each<[string, SocketState, SocketType, string]>([
    ['connect', 'closed', 'udp', 'transport.operations "connect"'],
    ['bind', 'closed', 'udp', 'transport.operations "bind"'],
    ['send', 'connected', 'udp', 'transport.operations "send"'],
    ['sendTo', 'bound', 'udp', 'transport.operations "sendTo"'],
    ['shutdown', 'connected', 'udp', 'transport.operations "shutdown"'],
    ['accept', 'bound', 'udp', 'transport.operations "accept"'],
    ['connect', 'closed', 'dtls', '"client"'],
    ['bind', 'closed', 'dtls', '"server"'],
    ['accept', 'bound', 'dtls', '"server"'],
    ['sendTo', 'connected', 'dtls', '"sendTo"'],
  ])('%s when %s on %s is ENOTSUP and names the claim', async (operation, state, type, claim) => {
    const { socket, operations: fake } = await fakeSocketIn(state, { type });
    delete fake[operation === 'accept' ? 'listen' : (operation as 'connect')];
    const message = expect.stringContaining(claim);
    await expect(operations[operation]?.(socket)).rejects.toMatchObject({ code: 'ENOTSUP', operation, message });
    expect(socket.state).toBe(state);
  });
});

describe('advice', () => {
  it.each<[string, SocketState, SocketType, string]>([
    ['send', 'closed', 'dtls', 'connect() it first'],
    ['receive', 'closed', 'dtls', 'connect() it first'],
    ['sendTo', 'closed', 'udp', 'bind() it first'],
    ['send', 'bound', 'udp', 'sendTo()'],
    ['send', 'bound', 'dtls', 'accept()'],
    ['receive', 'bound', 'tcp', 'accept()'],
    ['send', 'shutdown', 'udp', 'close() it'],
    ['connect', 'connected', 'udp', 'close() it'],
    ['bind', 'bound', 'udp', 'accept() them'],
    ['accept', 'connected', 'tcp', 'bind() it first'],
  ])('%s when %s on %s says %s', async (operation, state, type, advice) => {
    const { socket } = await fakeSocketIn(state, { type });
    await expect(operations[operation]?.(socket)).rejects.toThrow(advice);
  });
});
