import { getEventListeners } from 'node:events';
import type { AddressFamily, PreferredEndpoint } from '@avs-net/core/plugin';
import { afterEach, describe, expect, it } from 'vitest';
import { lookupTable } from '../../../test/lookup-table.ts';
import { bytes, closeAll, makeBound, makeSocket, text, unaborted } from '../test/fake-host.ts';

afterEach(closeAll);

/** connect(2) refuses both at once: a broadcast address without permission, and a link-local one without its link. */
const REFUSED = { 4: '255.255.255.255', 6: 'fe80::1' };

describe('connect', () => {
  it.each(['127.0.0.1', '::1'])('exchanges datagrams with %s and knows both addresses', async (address) => {
    const server = await makeBound(address);
    const client = await makeSocket();
    await client.socket.connect(address, server.port, unaborted());
    client.socket.send(bytes('question'));
    const question = await server.host.messages.next();
    expect(text(question.data)).toBe('question');
    expect(question.from).toEqual(client.socket.local());
    server.socket.sendTo(bytes('answer'), client.socket.local()!);
    const answer = await client.host.messages.next();
    expect(text(answer.data)).toBe('answer');
    expect(answer.from).toEqual({ host: address, port: server.port });
    expect(client.socket.remote()).toEqual({ host: address, port: server.port });
    expect(client.socket.local()?.host).toBe(address);
    expect(client.socket.interfaceName()).toBe('lo');
  });

  const BOTH = { 'device/6': ['::1'], 'device/4': ['127.0.0.1'] };
  const IPV6_FAILS = { ...BOTH, 'device/6': [REFUSED[6]] };
  const ORDERS: readonly [string, AddressFamily, AddressFamily, Record<string, string[]>, string[], string][] = [
    ['IPv6 first', 'unspec', 'unspec', BOTH, ['device/6'], '::1'],
    ['IPv6 preferred', 'inet6', 'unspec', BOTH, ['device/6'], '::1'],
    ['IPv4 preferred', 'inet4', 'unspec', BOTH, ['device/4'], '127.0.0.1'],
    ['IPv4 forced', 'unspec', 'inet4', BOTH, ['device/4'], '127.0.0.1'],
    ['IPv6 forced over a preference', 'inet4', 'inet6', BOTH, ['device/6'], '::1'],
    ['no IPv6 address', 'unspec', 'unspec', { 'device/4': ['127.0.0.1'] }, ['device/6', 'device/4'], '127.0.0.1'],
    ['IPv6 address refused', 'unspec', 'unspec', IPV6_FAILS, ['device/6', 'device/4'], '127.0.0.1'],
    ['first refused', 'inet4', 'unspec', { 'device/4': [REFUSED[4], '127.0.0.1'] }, ['device/4'], '127.0.0.1'],
  ];
  it.each(ORDERS)('%s', async (_name, preferredFamily, addressFamily, table, questions, used) => {
    const { lookup, asked } = lookupTable(table);
    const { socket } = await makeSocket({ preferredFamily, addressFamily }, { lookup });
    await socket.connect('device', 5683, unaborted());
    expect(asked).toEqual(questions);
    expect(socket.remote()).toEqual({ host: used, port: 5683 });
  });

  it('uses a family that was set as an option at the next connect', async () => {
    const { lookup, asked } = lookupTable(BOTH);
    const { socket } = await makeSocket({}, { lookup });
    socket.setOption('preferredAddrFamily', 'inet4');
    await socket.connect('device', 5683, unaborted());
    expect(socket.getOption('addrFamily')).toBe('inet4');
    await socket.close();
    socket.setOption('forcedAddrFamily', 'inet6');
    await socket.connect('device', 5683, unaborted());
    expect(socket.getOption('addrFamily')).toBe('inet6');
    expect(asked).toEqual(['device/4', 'device/6']);
  });

  it('returns the last error when no address can be used', async () => {
    const { lookup } = lookupTable({ 'device/6': [REFUSED[6]], 'device/4': [REFUSED[4]] });
    const { socket } = await makeSocket({}, { lookup });
    const failed = socket.connect('device', 5683, unaborted());
    await expect(failed).rejects.toMatchObject({ code: 'EACCES', operation: 'connect', backend: 'udp' });
    expect(socket.local()).toBeUndefined();
  });

  it('says what the resolver said when there is no address', async () => {
    const { socket } = await makeSocket({}, lookupTable({}));
    await expect(socket.connect('nowhere.example', 5683, unaborted())).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
      message: expect.stringContaining('"nowhere.example" has no IPv6 or IPv4 address (ENOTFOUND)'),
      library: { code: 'ENOTFOUND', text: 'getaddrinfo ENOTFOUND nowhere.example' },
    });
  });

  it.each([
    ['127.0.0.1', 'inet6'],
    ['::1', 'inet4'],
  ] as const)('does not use %s when only %s is allowed', async (address, addressFamily) => {
    const { socket } = await makeSocket({ addressFamily });
    await expect(socket.connect(address, 5683, unaborted())).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });

  it('refuses port 0', async () => {
    const { socket } = await makeSocket();
    await expect(socket.connect('127.0.0.1', 0, unaborted())).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });

  it('can be used again after close', async () => {
    const server = await makeBound('127.0.0.1');
    const client = await makeSocket();
    for (const message of ['first', 'second']) {
      await client.socket.connect('127.0.0.1', server.port, unaborted());
      client.socket.send(bytes(message));
      expect(text((await server.host.messages.next()).data)).toBe(message);
      await client.socket.close();
      await client.socket.close();
      expect(client.socket.remote()).toBeUndefined();
    }
  });
});

describe('preferredEndpoint', () => {
  const table = { 'device/4': ['127.0.0.2', '127.0.0.3', '127.0.0.4'] };
  const CASES: readonly [string, PreferredEndpoint, string][] = [
    ['is filled', {}, '127.0.0.2'],
    ['goes first when it is among the resolved', { address: { host: '127.0.0.4', port: 5683 } }, '127.0.0.4'],
    ['is ignored with another port', { address: { host: '127.0.0.4', port: 5684 } }, '127.0.0.2'],
    ['is ignored when it was not resolved', { address: { host: '127.0.0.9', port: 5683 } }, '127.0.0.2'],
  ];
  it.each(CASES)('%s', async (_name, preferredEndpoint, used) => {
    const { socket } = await makeSocket({ preferredEndpoint, preferredFamily: 'inet4' }, lookupTable(table));
    await socket.connect('device', 5683, unaborted());
    expect(socket.remote()?.host).toBe(used);
    expect(preferredEndpoint.address).toEqual({ host: used, port: 5683 });
  });

  it('stays as it was when connect fails', async () => {
    const preferredEndpoint = { address: { host: '127.0.0.4', port: 5683 } };
    const { socket } = await makeSocket({ preferredEndpoint }, lookupTable({}));
    await expect(socket.connect('device', 5683, unaborted())).rejects.toThrow();
    expect(preferredEndpoint.address.host).toBe('127.0.0.4');
  });
});

describe('abort', () => {
  it('ends a name resolution that never answers, and leaves no listener behind', async () => {
    const controller = new AbortController();
    const { socket } = await makeSocket({}, { lookup: () => controller.abort(new Error('enough')) });
    await expect(socket.connect('device', 5683, controller)).rejects.toMatchObject({
      name: 'AbortError',
      code: 'ECONNABORTED',
      cause: new Error('enough'),
    });
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('leaves no listener behind when it did not happen', async () => {
    const controller = new AbortController();
    const { socket } = await makeSocket({}, lookupTable({ 'device/6': ['::1'] }));
    await socket.connect('device', 5683, controller);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('before anything', async () => {
    const { socket } = await makeSocket();
    const failed = socket.connect('127.0.0.1', 5683, { signal: AbortSignal.abort() });
    await expect(failed).rejects.toMatchObject({ name: 'AbortError' });
    expect(socket.local()).toBeUndefined();
  });

  it('leaves a bound socket bound and unconnected', async () => {
    const controller = new AbortController();
    const { socket, port } = await makeBound('127.0.0.1');
    const connecting = socket.connect('127.0.0.1', 5683, controller);
    queueMicrotask(() => controller.abort());
    await expect(connecting).rejects.toMatchObject({ name: 'AbortError' });
    expect(socket.local()?.port).toBe(port);
    expect(socket.remote()).toBeUndefined();
    await socket.connect('127.0.0.1', 5683, unaborted());
  });
});
