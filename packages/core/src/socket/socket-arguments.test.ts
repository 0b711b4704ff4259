import { describe, expect, it } from 'vitest';
import { bytes, type Fake, fakeSocket, fakeSocketIn, PEER } from '../../test/fake-socket.ts';
import type { Claims } from '../contract/claims.ts';
import type { SocketType } from '../contract/configuration.ts';
import type { Socket } from './socket.ts';

const hosts: readonly [given: unknown, message: string][] = [
  ['', 'host must not be empty'],
  [undefined, 'host must be a string, received undefined'],
  [null, 'host must be a string, received null'],
  [17, 'host must be a string, received 17'],
  [{}, 'host must be a string, received an object (Object)'],
  ['a\0b', 'host must not hold NUL characters, received "a\\u0000b"'],
  ['[::1]', 'host must be an IPv6 literal without brackets, received "[::1]"'],
  ['a'.repeat(256), 'host must have at most 255 characters, received a string of 256 characters'],
];

const ports: readonly [given: unknown, message: string][] = [
  [-1, 'received -1'],
  [65_536, 'received 65536'],
  [1.5, 'received 1.5'],
  [Number.NaN, 'received NaN'],
  [Number.POSITIVE_INFINITY, 'received Infinity'],
  ['5684', 'received "5684"'],
  [undefined, 'received undefined'],
  [null, 'received null'],
  [10n, 'received 10n'],
  [[5684], 'received an object (Array)'],
];

describe('connect', () => {
  it.each(hosts)('host %o', async (host, message) => {
    await refuses(fakeSocket(), (socket) => socket.connect(host as string, 1), 'connect', message);
  });

  it.each([...ports, [0, 'port must be an integer from 1 to 65535, received 0'] as const])(
    'port %o',
    async (port, message) => {
      await refuses(fakeSocket(), (socket) => socket.connect('a', port as number), 'connect', message);
    },
  );
});

describe('bind', () => {
  it.each(hosts.filter(([host]) => host !== '' && host !== undefined))('host %o', async (host, message) => {
    await refuses(fakeSocket(), (socket) => socket.bind(host as string, 1), 'bind', message);
  });

  it.each(ports.filter(([port]) => port !== undefined))('port %o', async (port, message) => {
    await refuses(fakeSocket(), (socket) => socket.bind('', port as number), 'bind', message);
  });

  it('defaults to any address and any port', async () => {
    const bound: unknown[] = [];
    const { socket } = fakeSocket({ operations: { bind: async (...to) => void bound.push(to) } });
    await socket.bind();
    expect(bound).toEqual([['', 0]]);
  });
});

describe('sendTo', () => {
  it.each(hosts)('host %o', async (host, message) => {
    const fake = await fakeSocketIn('bound');
    await refuses(fake, (socket) => socket.sendTo(bytes(1), host as string, 1), 'sendTo', message);
  });

  it.each([...ports, [0, 'from 1 to 65535, received 0'] as const])('port %o', async (port, message) => {
    const fake = await fakeSocketIn('bound');
    await refuses(fake, (socket) => socket.sendTo(bytes(1), '::1', port as number), 'sendTo', message);
  });
});

describe('data', () => {
  const wrong: readonly [given: unknown, message: string][] = [
    [undefined, 'data must be a Uint8Array, received undefined'],
    [null, 'data must be a Uint8Array, received null'],
    ['text', 'data must be a Uint8Array, received a string of 4 characters: use Buffer.from(text)'],
    [new ArrayBuffer(4), 'data must be a Uint8Array, received an object (ArrayBuffer)'],
    [new DataView(new ArrayBuffer(4)), 'received an object (DataView)'],
    [new Uint16Array(4), 'received an object (Uint16Array)'],
    [[1, 2], 'received an object (Array)'],
    [{ length: 2 }, 'received an object (Object)'],
    [() => 1, 'received a function'],
    [Symbol('s'), 'received Symbol(s)'],
    [Object.create(null), 'received an object'],
    [detached(), 'data is detached'],
  ];

  it.each(wrong)('%o', async (data, message) => {
    await refuses(await fakeSocketIn('connected'), (socket) => socket.send(data as Uint8Array), 'send', message);
    const send = (socket: Socket) => socket.sendTo(data as Uint8Array, PEER.host, PEER.port);
    await refuses(await fakeSocketIn('bound'), send, 'sendTo', message);
  });

  it('may be a Buffer, a subarray, and of another realm', async () => {
    const { socket, calls } = await fakeSocketIn('connected');
    const { runInNewContext } = await import('node:vm');
    for (const data of [Buffer.from('x'), new Uint8Array(8).subarray(2), runInNewContext('new Uint8Array(3)')]) {
      await socket.send(data as Uint8Array);
    }
    expect(calls).toEqual(['connect', 'send', 'send', 'send']);
    expect(socket.stats().bytesSent).toBe(10);
  });

  it.each<[SocketType, string]>([
    ['udp', 'sent'],
    ['dtls', 'EINVAL'],
    ['tls', 'EINVAL'],
  ])('that is empty on %s: %s', async (type, expected) => {
    const fake = await fakeSocketIn('connected', { type });
    if (expected !== 'sent') {
      await refuses(fake, (socket) => socket.send(bytes()), 'send', 'data must not be empty');
    } else {
      await fake.socket.send(bytes());
      expect(fake.calls).toContain('send');
    }
  });

  it.each<[string, SocketType, Claims]>([
    ['limits.message', 'dtls', { limits: { message: 100 } }],
    ['transport.message', 'udp', { transport: { operations: [], features: [], message: 100 } }],
  ])('above %s is EMSGSIZE with the limit', async (_, type, claims) => {
    const { socket, calls } = await fakeSocketIn('connected', { type, claims });
    await expect(socket.send(new Uint8Array(101))).rejects.toMatchObject({
      code: 'EMSGSIZE',
      message: expect.stringContaining('data has 101 bytes, but a message may have at most 100'),
    });
    expect(calls).not.toContain('send');
    await socket.send(new Uint8Array(100));
  });

  it.each(['secret', 'secret'.repeat(10)])('does not show what was to be sent: %s', async (secret) => {
    const { socket } = await fakeSocketIn('connected');
    const error: unknown = await socket.send(secret as unknown as Uint8Array).catch((reason: unknown) => reason);
    expect(String(error)).not.toContain('secret');
  });
});

describe('options of waiting', () => {
  const wrong: readonly [given: unknown, message: string][] = [
    [5, 'options must be an object, received 5'],
    [null, 'options must be an object, received null'],
    [{ timeout: -1 }, 'timeout must be milliseconds from 0 to Infinity, received -1'],
    [{ timeout: Number.NaN }, 'timeout must be milliseconds from 0 to Infinity, received NaN'],
    [{ timeout: '5' }, 'timeout must be milliseconds from 0 to Infinity, received "5"'],
    [{ timeout: null }, 'timeout must be milliseconds from 0 to Infinity, received null'],
    [{ signal: {} }, 'signal must be an AbortSignal, received an object (Object)'],
    [{ signal: new AbortController() }, 'signal must be an AbortSignal, received an object (AbortController)'],
    [{ signal: 'no' }, 'signal must be an AbortSignal, received "no"'],
  ];

  it.each(wrong)('%o', async (options, message) => {
    const given = options as { timeout: number };
    await refuses(fakeSocket(), (socket) => socket.connect('a', 1, given), 'connect', message);
    await refuses(await fakeSocketIn('connected'), (socket) => socket.receive(given), 'receive', message);
    await refuses(await fakeSocketIn('connected'), (socket) => socket.receiveFrom(given), 'receiveFrom', message);
    await refuses(await fakeSocketIn('bound'), (socket) => socket.accept(given), 'accept', message);
    await refuses(fakeSocket({ type: 'dtls' }), (socket) => socket.decorate(socket, given), 'decorate', message);
  });
});

describe('listeners', () => {
  it.each<[unknown, unknown, string]>([
    [
      'data',
      () => {},
      'event must be one of message, end, error, softError, close, connection, peerMoved, drop, received "data"',
    ],
    ['toString', () => {}, 'received "toString"'],
    [Symbol.iterator, () => {}, 'received Symbol(Symbol.iterator)'],
    ['message', undefined, 'listener must be a function, received undefined'],
    ['message', {}, 'listener must be a function, received an object (Object)'],
  ])('on(%o, %o)', (event, listener, message) => {
    const { socket } = fakeSocket();
    for (const how of ['on', 'once', 'off'] as const) {
      expect(() => socket[how](event as 'end', listener as () => void)).toThrow(
        expect.objectContaining({ code: 'EINVAL', operation: how, message: expect.stringContaining(message) }),
      );
    }
  });
});

/** EINVAL as a rejection, never a throw, and nothing reached the backend. */
async function refuses(
  { socket, calls }: Fake,
  call: (socket: Socket) => Promise<unknown>,
  operation: string,
  message: string,
): Promise<void> {
  calls.length = 0;
  const { state } = socket;
  await expect(call(socket)).rejects.toMatchObject({
    name: 'NetError',
    code: 'EINVAL',
    operation,
    message: expect.stringContaining(message),
  });
  expect(calls).toEqual([]);
  expect(socket.state).toBe(state);
}

function detached(): Uint8Array {
  const data = bytes(1, 2, 3);
  structuredClone(data.buffer, { transfer: [data.buffer as ArrayBuffer] });
  return data;
}
