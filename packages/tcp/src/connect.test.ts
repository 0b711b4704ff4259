import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { lookupTable } from '../../../test/lookup-table.ts';
import { bytes, closeAll, makePair, makeServer, makeSocket, read, unaborted } from '../test/fake-host.ts';

afterEach(closeAll);

describe('connect', () => {
  it.each(['127.0.0.1', '::1'])('to %s carries bytes both ways and knows the addresses', async (address) => {
    const { client, peer, server } = await makePair(address);
    client.socket.send(bytes('question'));
    expect(await read(peer, 8)).toBe('question');
    peer.socket.send(bytes('answer'));
    expect(await read(client, 6)).toBe('answer');
    expect(client.socket.remote()).toEqual({ host: address, port: server.port });
    expect(peer.socket.remote()).toEqual(client.socket.local());
    expect(peer.socket.local()).toEqual(client.socket.remote());
    expect(client.socket.interfaceName()).toBe('lo');
    expect(peer.socket.interfaceName()).toBe('lo');
    expect(client.socket.getOption('addrFamily')).toBe(address === '::1' ? 'inet6' : 'inet4');
  });

  it('goes on to the next address, and to the other family, when one refuses', async () => {
    const server = await makeServer('127.0.0.1');
    const { lookup, asked } = lookupTable({ 'device/6': ['::1'], 'device/4': ['127.0.0.9', '127.0.0.1'] });
    const preferredEndpoint = {};
    const { socket } = await makeSocket({ preferredEndpoint }, { lookup });
    await socket.connect('device', server.port, unaborted());
    expect(asked).toEqual(['device/6', 'device/4']);
    expect(socket.remote()?.host).toBe('127.0.0.1');
    expect(preferredEndpoint).toEqual({ address: { host: '127.0.0.1', port: server.port } });
  });

  it('tries the preferred endpoint first', async () => {
    const server = await makeServer('0.0.0.0');
    const preferredEndpoint = { address: { host: '127.0.0.3', port: server.port } };
    const { lookup } = lookupTable({ 'device/4': ['127.0.0.2', '127.0.0.3'] });
    const { socket } = await makeSocket({ preferredEndpoint, addressFamily: 'inet4' }, { lookup });
    await socket.connect('device', server.port, unaborted());
    expect(socket.remote()?.host).toBe('127.0.0.3');
  });

  it('says ECONNREFUSED in words, and can be used again', async () => {
    const server = await makeServer('127.0.0.1');
    await server.socket.close();
    const { socket } = await makeSocket();
    await expect(socket.connect('127.0.0.1', server.port, unaborted())).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      operation: 'connect',
      backend: 'tcp',
      message: expect.stringContaining(`nothing listens at 127.0.0.1:${server.port}`),
    });
    expect(socket.remote()).toBeUndefined();
    await server.socket.bind('127.0.0.1', server.port);
    await socket.connect('127.0.0.1', server.port, unaborted());
  });

  it('says what the resolver said when there is no address', async () => {
    const { socket } = await makeSocket({}, lookupTable({}));
    await expect(socket.connect('nowhere.example', 5683, unaborted())).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
      library: { code: 'ENOTFOUND' },
    });
  });

  it('gives an address that does not answer 10 s', async () => {
    const { socket, host } = await makeSocket();
    // The timer stands before the system can have answered.
    const connecting = socket.connect('127.0.0.1', (await makeServer('127.0.0.1')).port, unaborted());
    const started = host.clock.started.next();
    await started;
    host.clock.fire(10_000);
    await expect(connecting).rejects.toMatchObject({ code: 'ETIMEDOUT', message: expect.stringContaining('10 s') });
    expect(host.clock.timers.size).toBe(0);
  });

  it('is given up by its signal, at once and without leaving a listener or timer', async () => {
    const server = await makeServer('127.0.0.1');
    const controller = new AbortController();
    const { socket, host } = await makeSocket();
    const connecting = socket.connect('127.0.0.1', server.port, controller);
    await host.clock.started.next();
    controller.abort(new Error('enough'));
    await expect(connecting).rejects.toMatchObject({ name: 'AbortError', cause: new Error('enough') });
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    expect(host.clock.timers.size).toBe(0);
    expect(socket.remote()).toBeUndefined();
  });

  it('does not start with an aborted signal', async () => {
    const { socket } = await makeSocket();
    const failed = socket.connect('127.0.0.1', 9, { signal: AbortSignal.abort() });
    await expect(failed).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('leaves no listener or timer behind when it succeeds', async () => {
    const server = await makeServer('127.0.0.1');
    const controller = new AbortController();
    const { socket, host } = await makeSocket();
    await socket.connect('127.0.0.1', server.port, controller);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    expect(host.clock.timers.size).toBe(0);
  });
});
