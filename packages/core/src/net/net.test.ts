import { describe, expect, it } from 'vitest';
import { manualClock } from '../../test/manual-clock.ts';
import { memoryUdp } from '../../test/memory-udp.ts';
import { key, scriptedDtls } from '../../test/scripted-dtls.ts';
import { clientSecurity, secureNet, settle, text } from '../../test/secure-net.ts';
import type { Plugin } from '../contract/backend.ts';
import type { SecureConfiguration } from '../contract/configuration.ts';
import { createNet } from './create-net.ts';
import type { NetOptions } from './net.ts';

const security = clientSecurity;

function setUp(change: Partial<NetOptions> = {}) {
  const udp = memoryUdp();
  const dtls = scriptedDtls();
  const clock = manualClock();
  const net = createNet({ plugins: [udp.plugin, dtls.plugin], clock, ...change });
  return { udp, dtls, clock, net };
}

describe('a net', () => {
  it('carries messages between a client and a server, and frees everything', async () => {
    const { net, client, connect, peer, server, udp, dtls } = await secureNet();
    await connect();
    await client.send(Buffer.from('ping'));
    expect(text(await peer().receive())).toBe('ping');
    await peer().send(Buffer.from('pong'));
    expect(text(await client.receive())).toBe('pong');
    expect([client.state, peer().state, server().state]).toEqual(['connected', 'accepted', 'bound']);
    await net.close();
    expect([udp.open, udp.contexts, dtls.contexts]).toEqual([0, 0, 0]);
    expect(dtls.associations.every(({ destroyed }) => destroyed)).toBe(true);
  });

  it('loads nothing before the first socket', () => {
    const { net, dtls } = setUp();
    expect(net.decisions).toEqual([
      { type: 'udp', candidates: ['udp-memory'], because: 'only', chosen: 'udp-memory', skipped: [] },
      { type: 'dtls', candidates: ['dtls-scripted'], because: 'only', chosen: 'dtls-scripted', skipped: [] },
    ]);
    expect(dtls.configurations).toEqual([]);
  });

  it('copies the configuration at once and wipes the copy when the socket is disposed', async () => {
    const { net, dtls } = setUp();
    const mine = Uint8Array.of(9, 9);
    const creating = net.createSocket('dtls', { security: { ...security, key: { ...key, buffer: mine } } });
    mine.fill(0);
    const socket = await creating;
    const copy = keyOf(dtls.configurations[0]);
    expect(copy).toEqual(Uint8Array.of(9, 9));
    await socket.dispose();
    expect(copy).toEqual(Uint8Array.of(0, 0));
    expect(dtls.contexts).toBe(0);
  });

  it('gives engines ciphersuites as numbers of their mode', async () => {
    const { net, dtls } = setUp();
    const ciphersuites = ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', 'PSK-AES128-CCM8'];
    await net.createSocket('dtls', { security, ciphersuites });
    expect(dtls.configurations[0]).toMatchObject({ ciphersuites: [0xc0a8] });
  });

  it('lists what is unmet, below as well, and refuses with the same list', async () => {
    const { net } = setUp();
    const configuration = { security, connectionId: true, backendConfiguration: { dscp: 46, priority: 9 } };
    const unmet = net.check('dtls', configuration);
    expect(unmet.map(({ path, claim }) => [path, claim])).toEqual([
      ['backendConfiguration.priority', undefined],
      ['connectionId', 'client.connectionId'],
      ['backendConfiguration.dscp', 'transport.features: dscp'],
    ]);
    await expect(net.createSocket('dtls', configuration)).rejects.toMatchObject({
      code: 'EINVAL',
      operation: 'createSocket',
      unmet,
      message: expect.stringMatching(
        /3 requirements are not met:\n- backendConfiguration\.priority .*\n- connectionId/,
      ),
    });
    expect(net.check('dtls', { security })).toEqual([]);
  });

  it('reports every backend', async () => {
    const missing: Plugin = {
      ...scriptedDtls('dtls-missing').plugin,
      probe: () => ({ available: false, reason: 'no symbols', library: { name: 'BoringSSL' } }),
    };
    const { dtls } = setUp();
    const net = createNet({ plugins: [dtls.plugin, missing], use: { dtls: 'dtls-scripted' } });
    expect(await net.backends()).toEqual([
      { name: 'dtls-scripted', provides: 'dtls', available: true, claims: dtls.plugin.claims, widened: [] },
      {
        name: 'dtls-missing',
        provides: 'dtls',
        available: false,
        reason: 'no symbols',
        library: { name: 'BoringSSL' },
        claims: missing.claims,
        widened: [],
      },
    ]);
  });
});

describe('createSocket', () => {
  it.each<[string, string, unknown, string, RegExp]>([
    ['an unknown type', 'dtsl', {}, 'EINVAL', /did you mean "dtls"/],
    ['a type without plugin', 'tls', {}, 'EPROTONOSUPPORT', /no plugin provides tls/],
    ['no security', 'dtls', undefined, 'EINVAL', /security must be/],
    ['a slip', 'udp', { forcedMTU: 1 }, 'EINVAL', /did you mean "forcedMtu"/],
    ['no object', 'udp', 7, 'EINVAL', /the configuration must be an object; received 7/],
    ['null', 'dtls', null, 'EINVAL', /security must be/],
  ])('refuses %s', async (_, type, configuration, code, message) => {
    const { net } = setUp();
    await expect(net.createSocket(type as 'udp', configuration as object)).rejects.toMatchObject({
      code,
      operation: 'createSocket',
      message: expect.stringMatching(message),
    });
  });

  it('lists an unknown type in check', () => {
    const { net } = setUp();
    expect(net.check('tls')).toMatchObject([{ path: 'type', code: 'ENOTSUP' }]);
  });

  it('aborted before or while it loads and resolves leaves nothing behind', async () => {
    const { net, dtls } = setUp();
    await expect(net.createSocket('dtls', { security }, { signal: AbortSignal.abort('no') })).rejects.toMatchObject({
      name: 'AbortError',
      cause: 'no',
    });
    let open!: () => void;
    dtls.gate = new Promise((resolve) => {
      open = resolve;
    });
    const controller = new AbortController();
    const creating = net.createSocket('dtls', { security }, { signal: controller.signal });
    await settle();
    controller.abort();
    await expect(creating).rejects.toMatchObject({ name: 'AbortError', code: 'ECONNABORTED' });
    expect(dtls.configurations).toEqual([]);
    open();
    await settle();
    expect(dtls.contexts).toBe(0);
    expect(keyOf(dtls.configurations[0])).toEqual(new Uint8Array(4));
  });

  it('wipes its copy when the backend refuses the credentials', async () => {
    const { udp, dtls } = setUp();
    const seen: unknown[] = [];
    const plugin: Plugin = {
      ...dtls.plugin,
      load: () => ({
        context(configuration, host) {
          seen.push(configuration);
          throw host.error({ code: 'EINVAL', message: 'the key does not fit the certificate' });
        },
      }),
    };
    const net = createNet({ plugins: [udp.plugin, plugin] });
    await expect(net.createSocket('dtls', { security })).rejects.toMatchObject({
      code: 'EINVAL',
      operation: 'createSocket',
      backend: 'dtls-scripted',
    });
    await settle();
    expect(keyOf(seen[0])).toEqual(new Uint8Array(4));
  });

  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /no context with destroy/],
    ['no operations', { destroy() {} }, /without association\(\), listen\(\) or socket\(\)/],
  ])('refuses a backend whose context is %s', async (_, context, message) => {
    const { udp, dtls } = setUp();
    const plugin: Plugin = { ...dtls.plugin, load: () => ({ context: () => context as never }) };
    const net = createNet({ plugins: [udp.plugin, plugin] });
    await expect(net.createSocket('dtls', { security })).rejects.toMatchObject({
      code: 'ENOTSUP',
      message: expect.stringMatching(message),
    });
  });

  it('uses the socket of a library that insists on its own', async () => {
    const { udp, dtls } = setUp();
    dtls.change = { association: undefined, listen: undefined, socket: () => ({ close: async () => {} }) } as never;
    const net = createNet({ plugins: [udp.plugin, dtls.plugin] });
    const socket = await net.createSocket('dtls', { security });
    await expect(socket.connect('h', 1)).rejects.toMatchObject({ code: 'ENOTSUP' });
    const lower = await net.createSocket('udp');
    await expect(socket.decorate(lower)).rejects.toMatchObject({ code: 'ENOTSUP' });
  });
});

describe('closing a net', () => {
  it('disposes what is open, decorated sockets included, and makes no more', async () => {
    const { net, udp, dtls } = setUp();
    const lower = await net.createSocket('udp');
    await lower.bind('', 1);
    const upper = await net.decorate('dtls', lower, { security });
    await net[Symbol.asyncDispose]();
    await net.close();
    expect([upper.state, lower.state, udp.contexts, dtls.contexts]).toEqual(['closed', 'closed', 0, 0]);
    await expect(net.createSocket('udp')).rejects.toMatchObject({ code: 'EBADF' });
  });

  it('disposes accepted peers too', async () => {
    const { net, udp } = setUp();
    const server = await net.createSocket('udp');
    await server.bind('', 1);
    const accepting = server.accept();
    udp.inject(1, 'x');
    const peer = await accepting;
    await net.close();
    await expect(peer.receive()).rejects.toMatchObject({ code: 'EBADF' });
  });

  it('overtakes a socket that is being made', async () => {
    const { net, udp } = setUp();
    const creating = net.createSocket('udp');
    await net.close();
    await expect(creating).rejects.toMatchObject({ code: 'EBADF' });
    expect(udp.contexts).toBe(0);
  });
});

describe('createNet', () => {
  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /must be an object such as/],
    ['no plugins', {}, /plugins must be an array/],
    [
      'plugins of two that provide the same',
      { plugins: [scriptedDtls('a').plugin, scriptedDtls('b').plugin] },
      /a and b provide dtls/,
    ],
  ])('refuses %s', (_, options, message) => {
    expect(() => createNet(options as NetOptions)).toThrow(
      expect.objectContaining({ code: 'EINVAL', operation: 'createNet', message: expect.stringMatching(message) }),
    );
  });
});

function keyOf(configuration: unknown): Uint8Array {
  return ((configuration as SecureConfiguration).security as typeof security).key.buffer;
}
