import { describe, expect, it } from 'vitest';
import { bytes, fakeSocketIn, settled } from '../../test/fake-socket.ts';
import type { Address } from '../contract/address.ts';

describe('send', () => {
  it('hands the bytes on at once, uncopied, and costs no promise of its own', async () => {
    const { socket, operations } = await fakeSocketIn('connected');
    const sent: Uint8Array[] = [];
    operations.send = (data) => void sent.push(data);
    const data = bytes(1, 2);
    const first = socket.send(data);
    expect(sent[0]).toBe(data);
    expect(socket.send(data)).toBe(first);
    await first;
    expect(socket.stats()).toMatchObject({ messagesSent: 2, bytesSent: 4 });
  });

  it('waits where the backend has to, and counts when it is done', async () => {
    const { socket, operations } = await fakeSocketIn('connected', { type: 'tcp' });
    let taken = (): void => {};
    operations.send = () =>
      new Promise((resolve) => {
        taken = resolve;
      });
    const sending = socket.send(bytes(1));
    await settled();
    expect(socket.stats().messagesSent).toBe(0);
    taken();
    await sending;
    expect(socket.stats()).toMatchObject({ messagesSent: 1, bytesSent: 1 });
  });

  it.each<[string, (error: Error) => Promise<void>]>([
    [
      'throws',
      (error) => {
        throw error;
      },
    ],
    ['rejects', (error) => Promise.reject(error)],
  ])('is a NetError when the backend %s', async (_, fail) => {
    const { socket, operations } = await fakeSocketIn('connected');
    const cause = Object.assign(new Error('sendmsg EPERM'), { code: 'EPERM' });
    operations.send = () => fail(cause);
    await expect(socket.send(bytes(1))).rejects.toMatchObject({
      name: 'NetError',
      code: 'EPERM',
      operation: 'send',
      backend: 'fake-udp',
      cause,
    });
    expect(socket.state).toBe('connected');
  });

  it('gives errors that the backend makes meanwhile its name', async () => {
    const { socket, operations, host } = await fakeSocketIn('connected');
    operations.send = () => {
      throw host.error({ code: 'EMSGSIZE', message: 'at most 1443 bytes fit the path' });
    };
    await expect(socket.send(bytes(1))).rejects.toMatchObject({ code: 'EMSGSIZE', operation: 'send' });
    expect(host.error({ code: 'EIO', message: 'later' }).operation).toBe('receive');
  });
});

describe('sendTo', () => {
  it('sends to literals at once and resolves names', async () => {
    const { socket, operations, calls } = await fakeSocketIn('bound');
    operations.resolve = async (host, port) => ({ host: host === 'device' ? '192.0.2.8' : '', port });
    await socket.sendTo(bytes(1), '192.0.2.7', 5683);
    await socket.sendTo(bytes(1, 2), '2001:db8::7', 5683);
    await socket.sendTo(bytes(1, 2, 3), 'device', 5684);
    expect(calls).toEqual(['bind', 'sendTo 192.0.2.7:5683', 'sendTo 2001:db8::7:5683', 'sendTo 192.0.2.8:5684']);
    expect(socket.stats()).toMatchObject({ messagesSent: 3, bytesSent: 6 });
  });

  it('reaches the backend before it returns', async () => {
    const { socket, calls } = await fakeSocketIn('bound');
    const sending = socket.sendTo(bytes(1), '192.0.2.7', 5683);
    expect(calls).toContain('sendTo 192.0.2.7:5683');
    await sending;
  });

  it('wants a literal where nobody resolves', async () => {
    const { socket, calls } = await fakeSocketIn('bound');
    await expect(socket.sendTo(bytes(1), 'device', 5683)).rejects.toMatchObject({
      code: 'EINVAL',
      operation: 'sendTo',
      message: expect.stringContaining('host must be an IP literal'),
    });
    expect(calls).toEqual(['bind']);
  });

  it('does not send when the socket was closed during the resolution', async () => {
    const { socket, operations, calls } = await fakeSocketIn('bound');
    let answer: (address: Address) => void = () => {};
    operations.resolve = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const refused = expect(socket.sendTo(bytes(1), 'device', 5683)).rejects.toMatchObject({ code: 'ENOTCONN' });
    await socket.close();
    answer({ host: '192.0.2.8', port: 5683 });
    await refused;
    expect(calls).toEqual(['bind', 'close']);
  });

  it.each<[string, () => Promise<void>]>([
    [
      'throws',
      () => {
        throw Object.assign(new Error('no route'), { code: 'ENETUNREACH' });
      },
    ],
    ['rejects', () => Promise.reject(Object.assign(new Error('no route'), { code: 'ENETUNREACH' }))],
  ])('is a NetError when the backend %s', async (_, fail) => {
    const { socket, operations } = await fakeSocketIn('bound');
    operations.sendTo = fail;
    await expect(socket.sendTo(bytes(1), '::1', 1)).rejects.toMatchObject({
      name: 'NetError',
      code: 'ENETUNREACH',
      operation: 'sendTo',
    });
    expect(socket.stats().messagesSent).toBe(0);
  });
});
