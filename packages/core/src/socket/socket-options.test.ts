import { describe, expect, it } from 'vitest';
import { bytes, fakeSocket, fakeSocketIn } from '../../test/fake-socket.ts';
import type { SocketType } from '../contract/configuration.ts';
import { OPTIONS, type OptionKey, type TlsaRecord } from '../contract/options.ts';
import type { SocketState } from '../contract/state.ts';

const types: readonly SocketType[] = ['udp', 'tcp', 'dtls', 'tls'];
const every = Object.keys(OPTIONS) as OptionKey[];
const claimed = { options: { readable: every, writable: every } };

/** What a read gives on udp, tcp, dtls, tls with a backend that claims nothing, fresh and closed. */
type Row = readonly [udp: unknown, tcp: unknown, dtls: unknown, tls: unknown];

const unclaimed: Readonly<Record<OptionKey, Row>> = {
  recvTimeout: [30_000, 30_000, 30_000, 30_000],
  state: ['closed', 'closed', 'closed', 'closed'],
  addrFamily: ['ENOTSUP', 'ENOTSUP', 'below', 'below'],
  mtu: ['ENOTSUP', 'ENOTSUP', 'below', 'below'],
  innerMtu: ['ENOTSUP', 'ENOTSUP', 'ENOTSUP', 'ENOTSUP'],
  sessionResumed: ['EINVAL', 'EINVAL', false, false],
  bytesSent: [0, 0, 'below', 'below'],
  bytesReceived: [0, 0, 'below', 'below'],
  daneTlsaArray: ['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL'],
  hasBufferedData: [false, false, false, false],
  dtlsHandshakeTimeouts: ['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL'],
  connectionIdResumed: ['EINVAL', 'EINVAL', false, false],
  preferredAddrFamily: ['ENOTSUP', 'ENOTSUP', 'below', 'below'],
  forcedAddrFamily: ['ENOTSUP', 'ENOTSUP', 'below', 'below'],
};

const values: Readonly<Record<OptionKey, unknown>> = {
  recvTimeout: 5,
  state: 'closed',
  addrFamily: 'inet4',
  mtu: 1500,
  innerMtu: 1472,
  sessionResumed: true,
  bytesSent: 0,
  bytesReceived: 0,
  daneTlsaArray: [],
  hasBufferedData: true,
  dtlsHandshakeTimeouts: { min: 1_000, max: 60_000 },
  connectionIdResumed: true,
  preferredAddrFamily: 'inet6',
  forcedAddrFamily: 'inet4',
};

/** What a write gives: every backend claims everything. */
const writes: Readonly<Record<OptionKey, Row>> = {
  recvTimeout: ['guard', 'guard', 'guard', 'guard'],
  state: ['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL'],
  addrFamily: ['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL'],
  mtu: ['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL'],
  innerMtu: ['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL'],
  sessionResumed: ['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL'],
  bytesSent: ['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL'],
  bytesReceived: ['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL'],
  daneTlsaArray: ['EINVAL', 'EINVAL', 'below', 'below'],
  hasBufferedData: ['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL'],
  dtlsHandshakeTimeouts: ['EINVAL', 'EINVAL', 'below', 'EINVAL'],
  connectionIdResumed: ['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL'],
  preferredAddrFamily: ['below', 'below', 'below', 'below'],
  forcedAddrFamily: ['below', 'below', 'below', 'below'],
};

const cells = (table: Readonly<Record<OptionKey, Row>>) =>
  every.flatMap((key) => types.map((type, index) => [key, type, table[key][index]] as const));

describe('reading, nothing claimed', () => {
  it.each(cells(unclaimed))('%s on %s: %o', (key, type, expected) => {
    const { socket } = fakeSocket({ type, operations: { getOption: () => 'below' as never } });
    if (typeof expected !== 'string' || !expected.startsWith('E')) {
      expect(socket.getOption(key)).toBe(expected);
      return;
    }
    expect(() => socket.getOption(key)).toThrow(expect.objectContaining({ code: expected, operation: 'getOption' }));
    if (expected === 'ENOTSUP') expect(() => socket.getOption(key)).toThrow(`options.readable "${key}"`);
  });
});

describe('writing, everything claimed', () => {
  it.each(cells(writes))('%s on %s: %s', (key, type, expected) => {
    const written: unknown[] = [];
    const { socket } = fakeSocket({
      type,
      claims: claimed,
      operations: { setOption: (name, value) => void written.push([name, value]) },
    });
    const write = (): void => socket.setOption(key, values[key] as never);
    if (String(expected).startsWith('E')) {
      expect(write).toThrow(expect.objectContaining({ code: expected, operation: 'setOption' }));
    } else write();
    expect(written).toEqual(expected === 'below' ? [[key, values[key]]] : []);
  });

  it.each(['daneTlsaArray', 'dtlsHandshakeTimeouts'] as const)('%s unclaimed is ENOTSUP with the claim', (key) => {
    const { socket } = fakeSocket({ type: 'dtls', operations: { setOption: () => {} } });
    expect(() => socket.setOption(key, values[key] as never)).toThrow(
      expect.objectContaining({ code: 'ENOTSUP', message: expect.stringContaining(`options.writable "${key}"`) }),
    );
  });

  it.each(['preferredAddrFamily', 'forcedAddrFamily'] as const)('%s unclaimed on udp is ENOTSUP', (key) => {
    const { socket } = fakeSocket({ operations: { setOption: () => {} } });
    expect(() => socket.setOption(key, 'inet4')).toThrow(expect.objectContaining({ code: 'ENOTSUP' }));
  });

  it('claimed without an operation behind it is ENOTSUP', () => {
    const { socket } = fakeSocket({ claims: claimed });
    expect(() => socket.getOption('mtu')).toThrow(expect.objectContaining({ code: 'ENOTSUP' }));
    expect(() => socket.setOption('forcedAddrFamily', 'inet4')).toThrow(expect.objectContaining({ code: 'ENOTSUP' }));
  });

  it('is what errors of the operations belong to, even while something else is under way', async () => {
    const fake = fakeSocket({
      claims: claimed,
      operations: {
        connect: () => new Promise(() => {}),
        getOption: () => refuse(),
        setOption: () => refuse(),
      },
    });
    const refuse = (): never => {
      throw fake.host.error({ code: 'EINVAL', message: 'not like this' });
    };
    const { socket } = fake;
    const refused = (operation: string) => expect.objectContaining({ code: 'EINVAL', operation });
    for (const _ of ['closed', 'connecting']) {
      expect(() => socket.getOption('mtu')).toThrow(refused('getOption'));
      expect(() => socket.setOption('forcedAddrFamily', 'inet4')).toThrow(refused('setOption'));
      socket.connect('a', 1).catch(() => {});
    }
    expect(fake.host.error({ code: 'EPROTO', message: 'later' }).operation).toBe('connect');
    await socket.close();
    expect(fake.host.error({ code: 'EPROTO', message: 'later' }).operation).toBe('receive');
  });

  it('passes on what the backend refuses', () => {
    const refuse = (): never => {
      throw Object.assign(new Error('not connected'), { code: 'ENOTCONN' });
    };
    const { socket } = fakeSocket({ claims: claimed, operations: { getOption: refuse, setOption: refuse } });
    expect(() => socket.getOption('mtu')).toThrow(
      expect.objectContaining({ code: 'ENOTCONN', operation: 'getOption' }),
    );
    expect(() => socket.setOption('forcedAddrFamily', 'inet4')).toThrow(
      expect.objectContaining({ code: 'ENOTCONN', operation: 'setOption' }),
    );
  });
});

describe.each(['sessionResumed', 'connectionIdResumed'] as const)('%s', (key) => {
  it.each<[SocketState, boolean]>([
    ['closed', false],
    ['bound', false],
    ['connected', true],
    ['accepted', true],
    ['shutdown', false],
  ])('when %s of a session that was resumed: %s', async (state, expected) => {
    const { socket, operations } = await fakeSocketIn(state, { type: 'dtls', claims: claimed });
    operations.getOption = () => true as never;
    expect(socket.getOption(key)).toBe(expected);
  });

  it('is false where the backend cannot resume', async () => {
    const { socket } = await fakeSocketIn('connected', { type: 'dtls' });
    expect(socket.getOption(key)).toBe(false);
  });
});

describe('hasBufferedData', () => {
  it('tells of unread messages', async () => {
    const { socket, host } = await fakeSocketIn('connected', { type: 'dtls' });
    host.deliver(bytes(1));
    expect(socket.getOption('hasBufferedData')).toBe(true);
    await socket.receive();
    expect(socket.getOption('hasBufferedData')).toBe(false);
  });

  it('tells of what the backend holds', async () => {
    const { socket, operations } = await fakeSocketIn('connected', { type: 'tls', claims: claimed });
    operations.getOption = () => true as never;
    expect(socket.getOption('hasBufferedData')).toBe(true);
  });
});

describe('bytesSent and bytesReceived', () => {
  it('count payload on transports, over close', async () => {
    const { socket, host } = await fakeSocketIn('connected');
    await socket.send(bytes(1, 2, 3));
    await socket.sendTo(bytes(4), '192.0.2.9', 9);
    host.deliver(bytes(1, 2));
    await socket.close();
    expect([socket.getOption('bytesSent'), socket.getOption('bytesReceived')]).toEqual([4, 2]);
    await socket.connect('a', 1);
    await socket.send(bytes(1));
    expect([socket.getOption('bytesSent'), socket.getOption('bytesReceived')]).toEqual([5, 2]);
  });

  it('leave out what was not sent', async () => {
    const { socket, operations } = await fakeSocketIn('connected');
    operations.send = () => Promise.reject(new Error('no'));
    await socket.send(bytes(1)).catch(() => {});
    operations.send = () => {
      throw new Error('no');
    };
    await socket.send(bytes(1)).catch(() => {});
    expect(socket.getOption('bytesSent')).toBe(0);
  });
});

describe('values', () => {
  const record: TlsaRecord = { certificateUsage: 3, selector: 1, matchingType: 1, associationData: bytes(1) };

  it.each<[OptionKey, unknown, string]>([
    ['recvTimeout', -1, 'recvTimeout must be milliseconds from 0 to Infinity, received -1'],
    ['recvTimeout', Number.NaN, 'received NaN'],
    ['recvTimeout', '5', 'received "5"'],
    ['recvTimeout', undefined, 'received undefined'],
    ['preferredAddrFamily', 'ipv4', 'preferredAddrFamily must be "unspec", "inet4" or "inet6", received "ipv4"'],
    ['forcedAddrFamily', 4, 'received 4'],
    ['dtlsHandshakeTimeouts', undefined, 'dtlsHandshakeTimeouts.min must be whole milliseconds'],
    ['dtlsHandshakeTimeouts', 1_000, 'dtlsHandshakeTimeouts.min must be whole milliseconds'],
    ['dtlsHandshakeTimeouts', { min: 0, max: 5 }, 'received 0'],
    ['dtlsHandshakeTimeouts', { min: 1.5, max: 5 }, 'received 1.5'],
    ['dtlsHandshakeTimeouts', { min: 1 }, 'dtlsHandshakeTimeouts.max must be whole milliseconds'],
    ['dtlsHandshakeTimeouts', { min: 1, max: 2 ** 32 }, 'received 4294967296'],
    ['dtlsHandshakeTimeouts', { min: 6, max: 5 }, 'min must not be above dtlsHandshakeTimeouts.max (5), received 6'],
    ['daneTlsaArray', record, 'daneTlsaArray must be an array of TLSA records'],
    ['daneTlsaArray', [record, null], 'daneTlsaArray[1].certificateUsage must be 0, 1, 2 or 3, received undefined'],
    ['daneTlsaArray', [{ ...record, certificateUsage: 4 }], 'received 4'],
    ['daneTlsaArray', [{ ...record, selector: 2 }], 'daneTlsaArray[0].selector must be 0 or 1, received 2'],
    ['daneTlsaArray', [{ ...record, matchingType: '1' }], 'matchingType must be 0, 1 or 2, received "1"'],
    ['daneTlsaArray', [{ ...record, associationData: 'x' }], 'associationData must be a Uint8Array that is not empty'],
    ['daneTlsaArray', [{ ...record, associationData: bytes() }], 'associationData must be a Uint8Array'],
  ])('%s: %o', (key, value, message) => {
    const { socket, calls } = fakeSocket({ type: 'dtls', claims: claimed, operations: { setOption: () => {} } });
    expect(() => socket.setOption(key, value as never)).toThrow(
      expect.objectContaining({ code: 'EINVAL', message: expect.stringContaining(message) }),
    );
    expect(calls).toEqual([]);
  });

  it.each([0, 1, 1.5, Number.POSITIVE_INFINITY])('recvTimeout %s', (value) => {
    const { socket } = fakeSocket();
    socket.setOption('recvTimeout', value);
    expect(socket.getOption('recvTimeout')).toBe(value);
  });

  it('are copied', () => {
    const written: TlsaRecord[][] = [];
    const setOption = (_: OptionKey, value: unknown) => void written.push(value as TlsaRecord[]);
    const { socket } = fakeSocket({ type: 'dtls', claims: claimed, operations: { setOption } });
    const associationData = bytes(7);
    socket.setOption('daneTlsaArray', [{ ...record, associationData }]);
    associationData.fill(0);
    expect(written[0]?.[0]?.associationData).toEqual(bytes(7));
  });

  it.each(['nonsense', 'toString', '__proto__', undefined, 3])('unknown option %o', (key) => {
    const { socket } = fakeSocket();
    const refusal = expect.objectContaining({
      code: 'EINVAL',
      message: expect.stringContaining('option must be one of recvTimeout, state'),
    });
    expect(() => socket.getOption(key as 'mtu')).toThrow(refusal);
    expect(() => socket.setOption(key as 'mtu', 1)).toThrow(refusal);
  });
});
