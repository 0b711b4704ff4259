import { afterEach, describe, expect, it } from 'vitest';
import { closeAll, makePair, makeServer, makeSocket } from '../test/fake-host.ts';
import { TCP_CLAIMS } from './claims.ts';

afterEach(closeAll);

describe('getOption', () => {
  it('mtu is what was forced, else ENOTSUP, and EBADF while closed', async () => {
    const { socket } = await makeSocket();
    expect(() => socket.getOption('mtu')).toThrow(expect.objectContaining({ code: 'EBADF' }));
    const { client } = await makePair();
    expect(() => client.socket.getOption('mtu')).toThrow(expect.objectContaining({ code: 'ENOTSUP' }));
    expect((await makeServer('', { forcedMtu: 1400 })).socket.getOption('mtu')).toBe(1400);
  });

  it('answers every option that it claims, also on accepted sockets', async () => {
    const { client, peer, server } = await makePair();
    for (const { socket } of [client, peer, server]) {
      for (const key of TCP_CLAIMS.options?.readable ?? []) {
        if (key !== 'mtu') expect(socket.getOption(key)).toBeDefined();
      }
    }
  });

  it('addrFamily follows the socket', async () => {
    const { socket } = await makeSocket();
    expect(socket.getOption('addrFamily')).toBe('unspec');
    await socket.bind('127.0.0.1', 0);
    expect(socket.getOption('addrFamily')).toBe('inet4');
    await socket.close();
    expect(socket.getOption('addrFamily')).toBe('unspec');
  });
});

describe('setOption', () => {
  it('decides where the next bind goes, and of no other socket', async () => {
    const { socket } = await makeSocket();
    socket.setOption('forcedAddrFamily', 'inet4');
    await socket.bind('', 0);
    expect(socket.local()?.host).toBe('0.0.0.0');
    await socket.close();
    socket.setOption('forcedAddrFamily', 'unspec');
    socket.setOption('preferredAddrFamily', 'inet4');
    await socket.bind('', 0);
    expect(socket.local()?.host).toBe('0.0.0.0');
    expect((await makeServer('')).socket.local()?.host).toBe('::');
  });
});

describe('claims', () => {
  it('hold nothing that node cannot do', () => {
    for (const feature of ['dscp', 'priority', 'interfaceName', 'transparent'] as const) {
      expect(TCP_CLAIMS.transport?.features).not.toContain(feature);
    }
    expect(TCP_CLAIMS.options?.readable).not.toContain('innerMtu');
    expect(TCP_CLAIMS.transport?.operations).not.toContain('sendTo');
  });
});
