import { describe, expect, it } from 'vitest';
import { clientSecurity, secureNet, settle, text } from '../../test/secure-net.ts';

const serverSecurity = { mode: 'psk', lookup: () => undefined } as const;

async function pair() {
  const all = await secureNet();
  const { net } = all;
  const listener = await net.createSocket('udp');
  await listener.bind('', 5684);
  const lower = await net.createSocket('udp');
  await lower.connect('device.example', 5684);
  const accept = async () => {
    const accepting = listener.accept();
    return accepting;
  };
  return { ...all, listener, lower, accept };
}

describe('decorating', () => {
  it('a connected and an accepted socket: handshakes at once, as client and as server', async () => {
    const { net, lower, accept, dtls } = await pair();
    const accepting = accept();
    const upgrading = net.decorate('dtls', lower, { security: clientSecurity });
    const peer = await net.decorate('dtls', await accepting, { security: serverSecurity });
    const client = await upgrading;
    expect([client.state, peer.state]).toEqual(['connected', 'accepted']);
    expect(dtls.associations[0]!.request.serverName).toBe('device.example');
    await client.send(Buffer.from('ping'));
    expect(text(await peer.receive())).toBe('ping');
    await peer.send(Buffer.from('pong'));
    expect(text(await client.receive())).toBe('pong');
    expect(peer.info()).toMatchObject({ version: 'DTLSv1.2' });
    await peer.close();
    expect(await client.receive()).toBeNull();
  });

  it('adopts the lower socket: closed with the upper one and kept, disposed with it', async () => {
    const { net, lower, accept } = await pair();
    const accepting = accept();
    const upgrading = net.decorate('dtls', lower, { security: clientSecurity });
    await net.decorate('dtls', await accepting, { security: serverSecurity });
    const client = await upgrading;
    for (const use of [() => lower.receive(), () => lower.send(Buffer.from('x')), () => lower.close()]) {
      await expect(use()).rejects.toMatchObject({ code: 'EBUSY' });
    }
    await client.close();
    expect(lower.state).toBe('closed');
    await expect(lower.connect('device.example', 5684)).rejects.toMatchObject({ code: 'EBUSY' });
    await client.dispose();
    await expect(lower.connect('device.example', 5684)).rejects.toMatchObject({ code: 'EBADF' });
  });

  it.each(['closed', 'bound'] as const)('a %s socket: a later connect goes through it', async (state) => {
    const { net, udp, serve } = await secureNet();
    const lower = await net.createSocket('udp');
    if (state === 'bound') await lower.bind('', 7000);
    const client = await net.decorate('dtls', lower, { security: clientSecurity });
    expect(client.state).toBe(state);
    await serve();
    await client.connect('192.0.2.1', 5684);
    expect([client.state, lower.state]).toEqual(['connected', 'connected']);
    if (state === 'bound') expect(udp.log[0]).toMatch(/^7000>5684/);
  });

  it('a bound socket: a later accept serves through it', async () => {
    const { net, client } = await secureNet();
    const lower = await net.createSocket('udp');
    await lower.bind('', 5684);
    const server = await net.decorate('dtls', lower, { security: serverSecurity });
    const accepting = server.accept();
    await client.connect('192.0.2.1', 5684);
    expect((await accepting).state).toBe('accepted');
  });

  it('replaces a lower socket that bind had made', async () => {
    const { client, net, udp, serve } = await secureNet();
    await client.bind('', 7000);
    await client.close();
    const lower = await net.createSocket('udp');
    await client.decorate(lower);
    expect(udp.contexts).toBe(1);
    await serve();
    await client.connect('192.0.2.1', 5684);
    expect(lower.state).toBe('connected');
  });

  it.each<[string, object, object]>([
    ['a handshake that times out', {}, { code: 'ETIMEDOUT' }],
    ['a timeout', { timeout: 50 }, { code: 'ETIMEDOUT' }],
    ['a signal', { signal: true }, { code: 'ECONNABORTED', name: 'AbortError' }],
  ])('that ends by %s gives the lower socket back, open and with what is unread', async (_, options, failure) => {
    const { net, lower, clock, udp, dtls } = await pair();
    const controller = new AbortController();
    const limits = 'signal' in options ? { signal: controller.signal } : options;
    const upgrading = net.decorate('dtls', lower, { security: clientSecurity }, limits);
    await settle();
    if ('signal' in options) controller.abort();
    else clock.advance('timeout' in options ? 50 : 300);
    await expect(upgrading).rejects.toMatchObject(failure);
    expect(lower.state).toBe('connected');
    expect(dtls.associations.at(-1)!.destroyed).toBe(true);
    expect(dtls.contexts).toBe(1);
    udp.inject(lower.localPort(), 'for the caller', { host: 'device.example', port: 5684 });
    expect(text(await lower.receive())).toBe('for the caller');
  });

  it('as server gives up a peer that never says hello', async () => {
    const { net, lower, accept, clock } = await pair();
    const accepting = accept();
    await lower.send(Buffer.from('not a hello'));
    const plain = await accepting;
    const limits = { handshakeTimeout: 500 };
    const upgrading = net.decorate('dtls', plain, { security: serverSecurity, server: limits });
    await settle();
    clock.advance(500);
    await expect(upgrading).rejects.toMatchObject({ code: 'ETIMEDOUT', message: expect.stringMatching(/500 ms/) });
    expect(plain.state).toBe('accepted');
    expect(clock.pending).toBe(0);
  });

  it.each([
    ['connected', serverSecurity, /needs the security of a client/],
    ['accepted', clientSecurity, /needs the security of a server/],
  ])('a socket that is %s with the wrong credentials is refused', async (state, security, message) => {
    const { net, lower, accept } = await pair();
    const accepting = accept();
    await lower.send(Buffer.from('x'));
    const target = state === 'connected' ? lower : await accepting;
    await expect(net.decorate('dtls', target, { security })).rejects.toMatchObject({
      code: 'EINVAL',
      message: expect.stringMatching(message),
    });
    expect(target.state).toBe(state);
    await target.send(Buffer.from('still mine'));
  });

  it('a socket that somebody reads is EBUSY', async () => {
    const { net, lower, dtls } = await pair();
    const reading = lower.receive();
    await expect(net.decorate('dtls', lower, { security: clientSecurity })).rejects.toMatchObject({ code: 'EBUSY' });
    expect(dtls.contexts).toBe(1);
    await lower.close();
    await expect(reading).rejects.toMatchObject({ code: 'ECONNABORTED' });
  });
});
