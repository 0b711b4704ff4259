/**
 * Options and configurations of the transports through the public API: the matrix of the avs reference (9.1) for udp
 * and tcp, on a bound socket and after close, and every field of the configuration.
 */

import { createNet, type Net, OPTIONS, type OptionKey, type Socket, type TransportConfiguration } from '@avs-net/core';
import { tcp } from '@avs-net/tcp';
import { udp } from '@avs-net/udp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let net: Net;
beforeEach(() => {
  net = createNet({ plugins: [udp, tcp] });
});
afterEach(() => net.close());

type Outcome = 'S' | 'F';

/** Bound and after close: S succeeds, F fails. */
const READ: readonly [OptionKey, `${Outcome}/${Outcome}`, `${Outcome}/${Outcome}`][] = [
  ['recvTimeout', 'S/S', 'S/S'],
  ['state', 'S/S', 'S/S'],
  ['addrFamily', 'S/S', 'S/S'],
  ['mtu', 'F/F', 'F/F'],
  ['innerMtu', 'S/F', 'F/F'],
  ['sessionResumed', 'F/F', 'F/F'],
  ['bytesSent', 'S/S', 'S/S'],
  ['bytesReceived', 'S/S', 'S/S'],
  ['daneTlsaArray', 'F/F', 'F/F'],
  ['hasBufferedData', 'S/S', 'S/S'],
  ['dtlsHandshakeTimeouts', 'F/F', 'F/F'],
  ['connectionIdResumed', 'F/F', 'F/F'],
  ['preferredAddrFamily', 'S/S', 'S/S'],
  ['forcedAddrFamily', 'S/S', 'S/S'],
];

const WRITTEN: Readonly<Partial<Record<OptionKey, unknown>>> = {
  recvTimeout: 1000,
  preferredAddrFamily: 'inet4',
  forcedAddrFamily: 'inet6',
};

describe.each(['udp', 'tcp'] as const)('options of a %s socket', (type) => {
  async function boundSocket(): Promise<Socket> {
    const socket = await net.createSocket(type);
    await socket.bind('127.0.0.1', 0);
    return socket;
  }

  it.each(READ)('reading %s (udp %s, tcp %s)', async (key, onUdp, onTcp) => {
    const socket = await boundSocket();
    const whenBound = outcome(() => socket.getOption(key));
    await socket.close();
    const whenClosed = outcome(() => socket.getOption(key));
    expect(`${whenBound}/${whenClosed}`).toBe(type === 'udp' ? onUdp : onTcp);
  });

  it.each(READ)('writing %s', async (key) => {
    const socket = await boundSocket();
    const write = (): Outcome => outcome(() => socket.setOption(key, (WRITTEN[key] ?? 1) as never));
    const whenBound = write();
    await socket.close();
    expect([whenBound, write()]).toEqual(key in WRITTEN ? ['S', 'S'] : ['F', 'F']);
  });

  it('count payload bytes, also over close', async () => {
    const server = await boundSocket();
    const client = await net.createSocket(type);
    for (const total of [5, 10]) {
      await client.connect('127.0.0.1', server.localPort());
      await client.send(new Uint8Array(5));
      const peer = await server.accept();
      expect(await peer.receive()).toHaveLength(5);
      expect(peer.getOption('bytesReceived')).toBe(5);
      await client.close();
      expect(client.getOption('bytesSent')).toBe(total);
    }
  });

  const REFUSED: readonly [string, unknown, string][] = [
    ['dscp', 10, 'ENOTSUP'],
    ['priority', 3, 'ENOTSUP'],
    ['transparent', true, 'ENOTSUP'],
    ['interfaceName', 'lo', 'ENOTSUP'],
    ['dscp', 64, 'EINVAL'],
    ['priority', 8, 'EINVAL'],
    ['reuseAddress', 1, 'EINVAL'],
    ['forcedMtu', -1, 'EINVAL'],
    ['addressFamily', 'ipv4', 'EINVAL'],
    ['preferredFamily', 6, 'EINVAL'],
    ['preferredEndpoint', null, 'EINVAL'],
    ['adressFamily', 'inet4', 'EINVAL'],
  ];
  it.each(REFUSED)('configuration %s: %j is %s by name', async (field, value, code) => {
    const configuration = { [field]: value } as TransportConfiguration;
    const refused = net.createSocket(type, configuration);
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(field) });
  });

  it('configuration: the zero-filled structure of avs_net', async () => {
    const neutral = { dscp: 0, priority: 0, transparent: false, interfaceName: '', reuseAddress: false } as const;
    await net.createSocket(type, { ...neutral, addressFamily: 'unspec', preferredFamily: 'unspec', forcedMtu: 0 });
  });

  it('configuration: the preferred endpoint that the caller holds is filled', async () => {
    const server = await boundSocket();
    const preferredEndpoint = {};
    const client = await net.createSocket(type, { preferredEndpoint });
    await client.connect('127.0.0.1', server.localPort());
    expect(preferredEndpoint).toEqual({ address: { host: '127.0.0.1', port: server.localPort() } });
  });
});

it('the matrix has every option', () => {
  expect(READ.map(([key]) => key)).toEqual(Object.keys(OPTIONS));
});

function outcome(ask: () => unknown): Outcome {
  try {
    ask();
    return 'S';
  } catch (error) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^(ENOTSUP|EINVAL|EBADF)$/) });
    return 'F';
  }
}
