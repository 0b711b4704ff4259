import { afterEach, describe, expect, it } from 'vitest';
import { closeAll, makeBound, makeSocket, unaborted } from '../test/fake-host.ts';
import { UDP_CLAIMS } from './claims.ts';

afterEach(closeAll);

describe('innerMtu', () => {
  const SIZES: readonly [string, string | undefined, number, number][] = [
    ['0.0.0.0', undefined, 0, 548],
    ['0.0.0.0', '127.0.0.1', 0, 548],
    ['::', undefined, 0, 1232],
    ['::', '::1', 0, 1232],
    ['::', '127.0.0.1', 0, 548],
    ['0.0.0.0', undefined, 1500, 1472],
    ['::', undefined, 1500, 1452],
    ['::', '127.0.0.1', 1500, 1472],
    ['0.0.0.0', undefined, 20, 0],
  ];
  it.each(SIZES)('bound to %s, peer %s, forcedMtu %i: %i', async (address, peer, forcedMtu, size) => {
    const { socket } = await makeBound(address, { forcedMtu });
    if (peer !== undefined) await socket.connect(peer, 5683, unaborted());
    expect(socket.getOption('innerMtu')).toBe(size);
  });
});

describe('getOption', () => {
  it.each(['mtu', 'innerMtu'] as const)('%s of a closed socket is EBADF', async (key) => {
    const { socket } = await makeSocket();
    expect(() => socket.getOption(key)).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });

  it('mtu is what was forced, else ENOTSUP with a way out', async () => {
    expect((await makeSocket({ forcedMtu: 1400 })).socket.getOption('mtu')).toBe(1400);
    const { socket } = await makeBound('127.0.0.1');
    expect(() => socket.getOption('mtu')).toThrow(
      expect.objectContaining({ code: 'ENOTSUP', message: expect.stringContaining('set forcedMtu') }),
    );
  });

  it('addrFamily is unspec while closed', async () => {
    const { socket } = await makeSocket();
    expect(socket.getOption('addrFamily')).toBe('unspec');
    await socket.bind('127.0.0.1', 0);
    expect(socket.getOption('addrFamily')).toBe('inet4');
    await socket.close();
    expect(socket.getOption('addrFamily')).toBe('unspec');
  });

  it('answers every option that it claims', async () => {
    const { socket } = await makeBound('127.0.0.1', { forcedMtu: 1500 });
    for (const key of UDP_CLAIMS.options?.readable ?? []) expect(socket.getOption(key)).toBeDefined();
  });

  it('knows no others', async () => {
    const { socket } = await makeSocket();
    expect(() => socket.getOption('sessionResumed')).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });
});

describe('setOption', () => {
  it('does not reach other sockets', async () => {
    const one = await makeSocket();
    one.socket.setOption('forcedAddrFamily', 'inet4');
    expect(one.socket.getOption('forcedAddrFamily')).toBe('inet4');
    expect((await makeSocket()).socket.getOption('forcedAddrFamily')).toBe('unspec');
  });
});

describe('claims', () => {
  it('hold nothing that node cannot do', () => {
    for (const feature of ['dscp', 'priority', 'interfaceName', 'transparent'] as const) {
      expect(UDP_CLAIMS.transport?.features).not.toContain(feature);
    }
  });

  it('promise no descriptor', async () => {
    expect((await makeSocket()).socket.getSystem).toBeUndefined();
  });
});
