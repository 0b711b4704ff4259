import { describe, expect, it } from 'vitest';
import { secureNet } from '../../test/secure-net.ts';
import type { OptionKey } from '../contract/options.ts';
import { withCoreOptions } from './secure-options.ts';

describe('options of a secure socket', () => {
  it.each<[OptionKey, unknown]>([
    ['addrFamily', 'unspec'],
    ['bytesSent', 0],
    ['bytesReceived', 0],
    ['mtu', 1280],
    ['preferredAddrFamily', 'inet4'],
    ['forcedAddrFamily', 'unspec'],
    ['sessionResumed', false],
    ['connectionIdResumed', false],
    ['hasBufferedData', false],
    ['state', 'closed'],
  ])('%s is %j before there is a lower socket', async (option, value) => {
    const { client } = await secureNet({ backendConfiguration: { forcedMtu: 1280, preferredFamily: 'inet4' } });
    expect(client.getOption(option)).toBe(value);
  });

  it.each<OptionKey>(['innerMtu', 'mtu'])('%s is ENOTCONN before anybody could know it', async (option) => {
    const { client } = await secureNet();
    expect(() => client.getOption(option)).toThrow(expect.objectContaining({ code: 'ENOTCONN' }));
    await client.bind('', 0);
    expect(() => client.getOption('innerMtu')).toThrow(expect.objectContaining({ code: 'ENOTCONN' }));
  });

  it('are those of the lowest socket where it knows better', async () => {
    const { client, connect, udp, peer } = await secureNet();
    await connect();
    expect(client.getOption('addrFamily')).toBe('inet4');
    expect(client.getOption('mtu')).toBe(128);
    await client.send(Buffer.from('four'));
    expect(client.getOption('bytesSent')).toBe('H192.0.2.1'.length + 'Mfour'.length);
    expect(client.getOption('bytesReceived')).toBe('W'.length);
    await peer().receive();
    expect(peer().getOption('bytesReceived')).toBe('H192.0.2.1'.length + 'Mfour'.length);
    expect(peer().getOption('bytesSent')).toBe('W'.length);
    await client.close();
    expect(client.getOption('bytesSent')).toBeGreaterThan(0);
    expect(udp.contexts).toBe(2);
  });

  it('families that were set before are those of the lower socket', async () => {
    const { client, connect } = await secureNet();
    client.setOption('preferredAddrFamily', 'inet6');
    expect(client.getOption('preferredAddrFamily')).toBe('inet6');
    await connect();
    expect(client.getOption('preferredAddrFamily')).toBe('inet6');
    client.setOption('preferredAddrFamily', 'inet4');
    expect(client.getOption('preferredAddrFamily')).toBe('inet4');
  });

  it('handshake timeouts count from the next handshake on', async () => {
    const { client, connect, dtls } = await secureNet({ dtlsHandshakeTimeouts: { min: 10, max: 20 } });
    await connect();
    const timeouts = { min: 30, max: 40 };
    client.setOption('dtlsHandshakeTimeouts', timeouts);
    timeouts.min = 1;
    await client.close();
    await connect();
    const seen = dtls.associations
      .filter(({ request }) => request.role === 'client')
      .map(({ request }) => request.handshakeTimeouts);
    expect(seen).toEqual([
      { min: 10, max: 20 },
      { min: 30, max: 40 },
    ]);
  });

  it('that the engine does not claim are refused', async () => {
    const { client } = await secureNet();
    expect(() => client.setOption('daneTlsaArray', [])).toThrow(expect.objectContaining({ code: 'ENOTSUP' }));
    expect(() => client.setOption('dtlsHandshakeTimeouts', { min: 2, max: 1 })).toThrow(
      expect.objectContaining({ code: 'EINVAL' }),
    );
  });

  it('are claimed by core for every engine as far as its features go', () => {
    const role = { security: [], versions: [], ciphersuites: [], sources: [], dane: true, resumption: true } as const;
    expect(withCoreOptions({ client: role, options: { readable: ['mtu'], writable: [] } }).options).toEqual({
      readable: ['mtu', 'innerMtu', 'sessionResumed'],
      writable: ['daneTlsaArray'],
    });
  });
});

describe('the largest message', () => {
  it('is what fits the path, and the error names it', async () => {
    const { client, connect, udp } = await secureNet();
    udp.limit = 21;
    await connect();
    expect(client.getOption('innerMtu')).toBe(20);
    await client.send(new Uint8Array(20).fill(65));
    await expect(client.send(new Uint8Array(21))).rejects.toMatchObject({
      code: 'EMSGSIZE',
      operation: 'send',
      message: expect.stringMatching(/21 bytes, but at most 20 fit/),
    });
  });

  it('follows a path that becomes wider', async () => {
    const { client, connect, udp } = await secureNet();
    udp.limit = 21;
    await connect();
    await expect(client.send(new Uint8Array(30))).rejects.toMatchObject({ code: 'EMSGSIZE' });
    udp.limit = 100;
    await client.send(new Uint8Array(30).fill(65));
  });

  it('is that of the protocol where the path is unknown', async () => {
    const { client, connect, udp } = await secureNet();
    udp.limit = undefined as never;
    await connect();
    expect(client.getOption('innerMtu')).toBe(40);
    await expect(client.send(new Uint8Array(41))).rejects.toMatchObject({ code: 'EMSGSIZE' });
  });
});
