import { afterEach, describe, expect, it } from 'vitest';
import { lookupTable } from '../../../test/lookup-table.ts';
import { bytes, closeAll, makeBound, makeSocket, text, unaborted } from '../test/fake-host.ts';

afterEach(closeAll);

describe('send', () => {
  it('has taken the bytes when it returns', async () => {
    const server = await makeBound('127.0.0.1');
    const { socket } = await makeSocket();
    await socket.connect('127.0.0.1', server.port, unaborted());
    const message = new Uint8Array(1200);
    for (let n = 0; n < 32; n++) {
      socket.send(message.fill(n));
      message.fill(255);
    }
    for (let n = 0; n < 32; n++) {
      const { data } = await server.host.messages.next();
      expect(data.every((byte) => byte === n)).toBe(true);
    }
  });

  it('carries an empty datagram', async () => {
    const server = await makeBound('127.0.0.1');
    const { socket } = await makeSocket();
    await socket.connect('127.0.0.1', server.port, unaborted());
    socket.send(new Uint8Array());
    expect((await server.host.messages.next()).data).toHaveLength(0);
  });

  it.each([
    ['127.0.0.1', 65_507],
    ['::1', 65_527],
  ])('to %s takes no more than %i bytes', async (address, limit) => {
    const server = await makeBound(address);
    const { socket, host } = await makeSocket();
    await socket.connect(address, server.port, unaborted());
    expect(() => socket.send(new Uint8Array(limit + 1))).toThrow(
      expect.objectContaining({ code: 'EMSGSIZE', message: expect.stringContaining(`at most ${limit}`) }),
    );
    socket.send(new Uint8Array(limit).fill(7));
    const arrived = await Promise.race([server.host.messages.next(), host.softErrors.next()]);
    // An interface with a smaller MTU than loopback has would say EMSGSIZE by itself.
    expect(arrived).toMatchObject({ data: { length: limit } });
  });

  it.each(['127.0.0.1', '::1'])('reports that nothing listens at %s, and lives on', async (address) => {
    const gone = await makeBound(address);
    await gone.socket.close();
    const { socket, host } = await makeSocket();
    await socket.connect(address, gone.port, unaborted());
    socket.send(bytes('anybody?'));
    expect(await host.softErrors.next()).toMatchObject({
      code: 'ECONNREFUSED',
      backend: 'udp',
      message: expect.stringContaining('nothing listens at'),
      library: { code: 'ECONNREFUSED' },
    });
    await gone.socket.bind(address, gone.port);
    socket.send(bytes('now'));
    expect(text((await gone.host.messages.next()).data)).toBe('now');
  });

  it('reports and counts what the system refuses', async () => {
    const { socket, host } = await makeBound('0.0.0.0');
    socket.sendTo(bytes('to everybody'), { host: '255.255.255.255', port: 9 });
    expect(await host.softErrors.next()).toMatchObject({ code: 'EACCES', operation: 'send' });
    expect(socket.stats()).toMatchObject({ sendErrors: 1 });
  });

  it('asks a caller who runs ahead to wait, and then lets datagrams come in', async () => {
    const server = await makeBound('127.0.0.1');
    const { socket } = await makeSocket();
    await socket.connect('127.0.0.1', server.port, unaborted());
    // The first wait may end before the event loop looks for datagrams, the second one cannot.
    for (let round = 0; round < 2; round++) {
      const results = Array.from({ length: 64 }, (_, n) => socket.send(bytes(String(n))));
      expect(results.slice(0, 63)).toEqual(Array(63).fill(undefined));
      expect(results[63]).toBeInstanceOf(Promise);
      await results[63];
    }
    expect(server.host.messages.total).toBeGreaterThan(0);
    expect(socket.send(bytes('more'))).toBeUndefined();
  });

  it('releases who waits when it is closed', async () => {
    const { socket } = await makeBound('127.0.0.1');
    await socket.connect('127.0.0.1', 9, unaborted());
    const results = Array.from({ length: 64 }, () => socket.send(bytes('x')));
    await socket.close();
    expect(results[63]).toBeInstanceOf(Promise);
    await expect(results[63]).resolves.toBeUndefined();
  });

  it('needs an open socket and a peer', async () => {
    const { socket } = await makeSocket();
    expect(() => socket.send(bytes('x'))).toThrow(expect.objectContaining({ code: 'EBADF' }));
    await socket.bind('127.0.0.1', 0);
    expect(() => socket.send(bytes('x'))).toThrow(expect.objectContaining({ code: 'EDESTADDRREQ' }));
  });
});

describe('sendTo', () => {
  const REACHED: readonly [string, string][] = [
    ['0.0.0.0', '127.0.0.1'],
    ['::', '127.0.0.1'],
    ['::', '::1'],
    ['::1', '::1'],
  ];
  it.each(REACHED)('from %s to %s', async (from, to) => {
    const server = await makeBound(to);
    const client = await makeBound(from);
    client.socket.sendTo(bytes('hello'), { host: to, port: server.port });
    expect((await server.host.messages.next()).from).toEqual({ host: to, port: client.port });
  });

  const REFUSED: readonly [string, string, number, string][] = [
    ['IPv6 from an IPv4 socket', '::1', 9, 'EADDRNOTAVAIL'],
    ['port 0', '127.0.0.1', 0, 'EADDRNOTAVAIL'],
  ];
  it.each(REFUSED)('refuses %s', async (_name, host, port, code) => {
    const { socket } = await makeBound('0.0.0.0');
    expect(() => socket.sendTo(bytes('x'), { host, port })).toThrow(expect.objectContaining({ code }));
  });

  it('on a connected socket reaches only its peer', async () => {
    const server = await makeBound('127.0.0.1');
    const { socket } = await makeSocket();
    await socket.connect('127.0.0.1', server.port, unaborted());
    socket.sendTo(bytes('peer'), { host: '127.0.0.1', port: server.port });
    expect(text((await server.host.messages.next()).data)).toBe('peer');
    const other = { host: '127.0.0.1', port: server.port === 9 ? 10 : 9 };
    expect(() => socket.sendTo(bytes('x'), other)).toThrow(expect.objectContaining({ code: 'EISCONN' }));
  });

  it('resolves names only in families that the socket reaches', async () => {
    const table = { 'device/4': ['127.0.0.1'], 'device/6': ['::1'] };
    for (const [from, questions, host] of [
      ['0.0.0.0', ['device/4'], '127.0.0.1'],
      ['::', ['device/6'], '::1'],
    ] as const) {
      const { lookup, asked } = lookupTable(table);
      const { socket } = await makeSocket({}, { lookup });
      await socket.bind(from, 0);
      expect(await socket.resolve('device', 5683)).toEqual({ host, port: 5683 });
      expect(asked).toEqual(questions);
      await expect(socket.resolve('nowhere', 5683)).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
    }
  });
});
