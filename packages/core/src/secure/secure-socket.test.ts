import { describe, expect, it } from 'vitest';
import { secureNet, settle, text } from '../../test/secure-net.ts';

describe('connecting a secure socket', () => {
  it('makes a lower socket, and keeps it and its context over close', async () => {
    const { client, udp, dtls, serve } = await secureNet();
    await serve();
    expect(udp.contexts).toBe(1);
    await client.connect('192.0.2.1', 5684);
    await client.close();
    expect(client.state).toBe('closed');
    await client.connect('192.0.2.1', 5684);
    expect(udp.contexts).toBe(2);
    expect(dtls.contexts).toBe(2);
    await client.dispose();
    expect(udp.contexts).toBe(1);
    expect(dtls.contexts).toBe(1);
  });

  it.each([
    ['the host', {}, 'device.example', 'device.example'],
    ['the configured name', { serverNameIndication: 'other.example' }, 'device.example', 'other.example'],
    ['an IP literal', {}, '192.0.2.1', '192.0.2.1'],
  ])('verifies %s', async (_, change, host, serverName) => {
    const { client, serve, dtls } = await secureNet(change);
    await serve();
    await client.connect(host, 5684);
    expect(dtls.associations[0]!.request).toMatchObject({ serverName, role: 'client', lowerMtu: 100 });
    expect(dtls.associations[0]!.request.peer).toEqual({ host, port: 5684 });
  });

  it('fails by the timer schedule without a timeout of its own, and can be tried again', async () => {
    const { client, clock, udp, dtls, net } = await secureNet();
    const silent = await net.createSocket('udp');
    await silent.bind('', 5684);
    const connecting = client.connect('192.0.2.1', 5684);
    await settle();
    clock.advance(100);
    clock.advance(200);
    await expect(connecting).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      operation: 'connect',
      backend: 'dtls-scripted',
    });
    expect(client.state).toBe('closed');
    expect(dtls.associations[0]!.destroyed).toBe(true);
    expect([udp.open, clock.pending]).toEqual([1, 0]);
    const again = client.connect('192.0.2.1', 5684);
    await settle();
    clock.advance(300);
    await expect(again).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });

  it('says ECONNREFUSED if ICMP was seen and nothing else ever arrived', async () => {
    const { client, clock } = await secureNet();
    const connecting = client.connect('192.0.2.1', 5684);
    await settle();
    clock.advance(300);
    await expect(connecting).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it.each<[string, object, object]>([
    ['a timeout, which says what the network reported', { timeout: 50 }, { code: 'ECONNREFUSED' }],
    ['a signal', { signal: 'later' }, { code: 'ECONNABORTED', name: 'AbortError' }],
  ])('is given up by %s, and leaves nothing behind', async (_, options, failure) => {
    const { client, clock, dtls, udp } = await secureNet();
    const controller = new AbortController();
    const limits = 'signal' in options ? { signal: controller.signal } : options;
    const connecting = client.connect('192.0.2.1', 5684, limits);
    await settle();
    if ('signal' in options) controller.abort();
    else clock.advance(50);
    await expect(connecting).rejects.toMatchObject(failure);
    await settle();
    expect([client.state, udp.open, clock.pending]).toEqual(['closed', 0, 0]);
    expect(dtls.associations[0]!.destroyed).toBe(true);
  });

  it('is aborted by close', async () => {
    const { client, udp, clock } = await secureNet();
    const connecting = client.connect('192.0.2.1', 5684);
    await settle();
    await Promise.all([expect(connecting).rejects.toMatchObject({ code: 'ECONNABORTED' }), client.close()]);
    expect([udp.open, clock.pending]).toEqual([0, 0]);
  });

  it('reports what the transport reports', async () => {
    const { client, udp } = await secureNet();
    udp.refusal = Object.assign(new Error('no route'), { code: 'ENETUNREACH' });
    await expect(client.connect('192.0.2.1', 5684)).rejects.toMatchObject({ code: 'ENETUNREACH' });
    expect(client.state).toBe('closed');
  });

  it('reports what the engine refuses while it is being made', async () => {
    const { client, dtls, udp } = await secureNet();
    dtls.waits = null as never;
    await expect(client.connect('192.0.2.1', 5684)).rejects.toMatchObject({ code: 'EPROTO' });
    expect(udp.open).toBe(0);
  });

  it('uses a bound port, and keeps it when the handshake fails', async () => {
    const { client, clock, serve, udp } = await secureNet();
    await client.bind('', 6000);
    const connecting = client.connect('192.0.2.1', 5684);
    await settle();
    clock.advance(300);
    await expect(connecting).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect([client.state, client.localPort()]).toEqual(['bound', 6000]);
    await serve();
    await client.connect('192.0.2.1', 5684);
    expect([client.state, client.localPort()]).toEqual(['connected', 6000]);
    expect(udp.log.every((line) => !line.includes('>5684') || line.startsWith('6000>'))).toBe(true);
  });

  it('needs the credentials of a client, and accept those of a server', async () => {
    const { client, net } = await secureNet();
    const server = await net.createSocket('dtls', { security: { mode: 'psk', lookup: () => undefined } });
    await expect(server.connect('192.0.2.1', 5684)).rejects.toMatchObject({
      code: 'EINVAL',
      message: expect.stringMatching(/connect needs the security of a client; this socket has that of a server/),
    });
    await client.bind('', 6000);
    for (let twice = 0; twice < 2; twice += 1) {
      await expect(client.accept()).rejects.toMatchObject({
        code: 'EINVAL',
        message: expect.stringMatching(/accept needs the security of a server/),
      });
    }
  });

  it('refuses a second connect', async () => {
    const { client, serve } = await secureNet();
    await serve();
    await client.connect('192.0.2.1', 5684);
    await expect(client.connect('192.0.2.1', 5684)).rejects.toMatchObject({ code: 'EISCONN' });
  });
});

describe('a connected secure socket', () => {
  it('ends with close_notify, by shutdown and by close', async () => {
    const { client, connect, udp, peer } = await secureNet();
    await connect();
    await client.shutdown();
    expect(udp.log.at(-1)).toMatch(/>5684 C$/);
    expect(await peer().receive()).toBeNull();
    expect(await client.receive()).toBeNull();
    await client.close();
    await connect();
    const before = udp.log.length;
    await client.close();
    expect(udp.log.slice(before).map((line) => line.split(' ')[1])).toEqual(['C']);
  });

  it('ends when the peer does, and sends nothing afterwards', async () => {
    const { client, connect, peer } = await secureNet();
    await connect();
    await peer().close();
    expect(await client.receive()).toBeNull();
    await expect(client.send(Buffer.from('x'))).rejects.toMatchObject({ code: 'EPIPE' });
  });

  it('counts junk and lives', async () => {
    const { client, connect, udp, peer } = await secureNet();
    await connect();
    udp.inject(client.localPort(), '?junk', { host: '192.0.2.1', port: 5684 });
    await peer().send(Buffer.from('still here'));
    expect(text(await client.receive())).toBe('still here');
    expect(client.stats().dropped).toMatchObject({ junk: 1 });
  });

  it('reports ICMP as a soft error and lives', async () => {
    const { client, connect, udp } = await secureNet();
    await connect();
    const soft: string[] = [];
    client.on('message', () => {}).on('softError', (error) => void soft.push(error.code));
    udp.vanish(5684);
    await client.send(Buffer.from('x'));
    await settle();
    expect(soft).toEqual(['ECONNREFUSED']);
    expect(client.state).toBe('connected');
    await client.send(Buffer.from('y'));
  });

  it('fails with the engine, and can be connected again', async () => {
    const { client, connect, udp } = await secureNet();
    await connect();
    udp.inject(client.localPort(), 'F', { host: '192.0.2.1', port: 5684 });
    await expect(client.receive()).rejects.toMatchObject({ code: 'EPROTO', operation: 'receive' });
    await client.close();
    await connect();
    expect(client.state).toBe('connected');
  });

  it('reports at close that its engine throws when it is freed, and is closed all the same', async () => {
    const { client, connect, dtls, udp, peer, net } = await secureNet();
    await connect();
    for (const association of dtls.associations) {
      association.destroy = () => {
        throw new Error('destroyed');
      };
    }
    await expect(peer().close()).rejects.toMatchObject({ code: 'EPROTO', operation: 'close' });
    await expect(client.dispose()).rejects.toMatchObject({ code: 'EPROTO', operation: 'close' });
    expect([client.state, peer().state]).toEqual(['closed', 'closed']);
    await net.close();
    expect([udp.open, udp.contexts, dtls.contexts]).toEqual([0, 0, 0]);
  });

  it('knows the facts of its association', async () => {
    const { client, connect } = await secureNet();
    expect(client.info()).toMatchObject({ state: 'closed' });
    await connect();
    expect(client.info()).toMatchObject({
      version: 'DTLSv1.2',
      innerMtu: 40,
      handshakeMs: 0,
      backend: 'dtls-scripted',
    });
  });
});
