import { describe, expect, it } from 'vitest';
import { bytes, type Fake, fakeSocket, fakeSocketIn, PEER, settled } from '../../test/fake-socket.ts';
import type { Claims, RoleClaims } from '../contract/claims.ts';
import type { SocketType } from '../contract/configuration.ts';
import type { SocketState } from '../contract/state.ts';
import { type Adopted, adopt } from './adoption.ts';

const role: RoleClaims = { security: [], versions: [], ciphersuites: [], sources: [], decorate: true };
const both: Claims = { client: role, server: role };

/** A dtls or tls socket that adopts what it is put over, as secure-socket.ts does. */
function upper(type: SocketType = 'dtls', claims: Claims = both): Fake & { adopted: () => Adopted | undefined } {
  let adopted: Adopted | undefined;
  const fake = fakeSocket({
    type,
    claims,
    operations: {
      async decorate(lower, attempt) {
        const taken = adopt(lower, `a ${type} socket`);
        try {
          await settled();
          attempt.signal.throwIfAborted();
        } catch (error) {
          taken.release();
          throw error;
        }
        adopted = taken;
        return taken.state;
      },
    },
  });
  return { ...fake, adopted: () => adopted };
}

describe('decorate', () => {
  it.each<[SocketState, SocketState]>([
    ['connected', 'connected'],
    ['accepted', 'accepted'],
    ['closed', 'closed'],
    ['bound', 'bound'],
  ])('over a lower socket that is %s: %s', async (state, expected) => {
    const lower = await fakeSocketIn(state);
    const { socket } = upper();
    await socket.decorate(lower.socket);
    expect(socket.state).toBe(expected);
    await expect(lower.socket.close()).rejects.toMatchObject({ code: 'EBUSY' });
    if (expected === 'connected' || expected === 'accepted') expect(socket.remoteHostname()).toBe(PEER.host);
    else expect(() => socket.remoteHostname()).toThrow();
  });

  it('leaves the lower socket to the caller when it fails', async () => {
    const lower = await fakeSocketIn('connected');
    const { socket, operations } = upper();
    operations.decorate = async (given) => {
      adopt(given, 'one').release();
      throw Object.assign(new Error('handshake failed'), { code: 'EPROTO' });
    };
    await expect(socket.decorate(lower.socket)).rejects.toMatchObject({ code: 'EPROTO', operation: 'decorate' });
    expect([socket.state, lower.socket.state]).toEqual(['closed', 'connected']);
    await lower.socket.send(bytes(1));
    expect(lower.calls).toEqual(['connect', 'send']);
  });

  it.each(['signal', 'timeout', 'close'] as const)(
    'is given up by %s, and the lower socket is free by then',
    async (how) => {
      const lower = await fakeSocketIn('connected');
      const { socket, clock, calls } = upper();
      const controller = new AbortController();
      const decorating = socket.decorate(lower.socket, { signal: controller.signal, timeout: 10 });
      const refused = expect(decorating).rejects.toMatchObject({
        code: how === 'timeout' ? 'ETIMEDOUT' : 'ECONNABORTED',
      });
      if (how === 'signal') controller.abort();
      if (how === 'timeout') clock.advance(10);
      if (how === 'close') await socket.close();
      await refused;
      await lower.socket.send(bytes(1));
      expect(socket.state).toBe('closed');
      expect(calls).toEqual(how === 'close' ? ['close'] : []);
    },
  );

  it('that succeeds after all is closed by the close that gave it up', async () => {
    const lower = await fakeSocketIn('connected');
    const { socket, operations, calls } = upper();
    let finish: (state: SocketState) => void = () => {};
    operations.decorate = () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    const refused = expect(socket.decorate(lower.socket)).rejects.toMatchObject({ code: 'ECONNABORTED' });
    const closing = socket.close();
    await settled();
    expect(calls).toEqual([]);
    finish('connected');
    await Promise.all([refused, closing]);
    expect([socket.state, ...calls]).toEqual(['closed', 'close']);
  });

  it.each<[SocketType, SocketType]>([
    ['dtls', 'tcp'],
    ['dtls', 'tls'],
    ['tls', 'udp'],
    ['tls', 'dtls'],
  ])('%s over %s is EINVAL', async (type, below) => {
    const lower = await fakeSocketIn('connected', { type: below });
    await expect(upper(type).socket.decorate(lower.socket)).rejects.toMatchObject({
      code: 'EINVAL',
      message: expect.stringContaining(`received a ${below} socket`),
    });
    await lower.socket.send(bytes(1));
  });

  it.each([undefined, null, 'udp', {}, { type: 'udp' }, () => {}])('lower %o is EINVAL', async (lower) => {
    await expect(upper().socket.decorate(lower as never)).rejects.toMatchObject({
      code: 'EINVAL',
      operation: 'decorate',
      message: expect.stringContaining('lower must be a socket of this package, received'),
    });
  });

  it('refuses itself, a lower socket that is taken, disposed, shut down or broken', async () => {
    const self = upper().socket;
    await expect(self.decorate(self)).rejects.toMatchObject({ code: 'EINVAL' });
    const taken = await fakeSocketIn('connected');
    adopt(taken.socket, 'another');
    await expect(upper().socket.decorate(taken.socket)).rejects.toMatchObject({ code: 'EBUSY' });
    const disposed = fakeSocket();
    await disposed.socket.dispose();
    await expect(upper().socket.decorate(disposed.socket)).rejects.toMatchObject({ code: 'EBADF' });
    const shut = await fakeSocketIn('shutdown');
    await expect(upper().socket.decorate(shut.socket)).rejects.toMatchObject({ code: 'EINVAL' });
    const broken = await fakeSocketIn('connected');
    broken.host.failed(broken.host.error({ code: 'ECONNRESET', message: 'gone' }));
    await expect(upper().socket.decorate(broken.socket)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('is EISCONN on a socket that is in use, ENOTSUP on a transport', async () => {
    const lower = await fakeSocketIn('connected');
    const { socket } = upper();
    await socket.connect('a', 1);
    await expect(socket.decorate(lower.socket)).rejects.toMatchObject({ code: 'EISCONN' });
    await expect(fakeSocket().socket.decorate(lower.socket)).rejects.toMatchObject({ code: 'ENOTSUP' });
    await lower.socket.send(bytes(1));
  });

  it.each<[SocketState, Claims, string]>([
    ['connected', {}, '"client.decorate"'],
    ['connected', { server: role }, '"client.decorate"'],
    ['accepted', { client: role }, '"server.decorate"'],
    ['closed', {}, '"client.decorate" and "server.decorate"'],
    ['bound', { client: { ...role, decorate: false } }, '"client.decorate" and "server.decorate"'],
  ])('over a lower socket that is %s with claims %o: ENOTSUP, lacking %s', async (state, claims, missing) => {
    const lower = await fakeSocketIn(state);
    await expect(upper('dtls', claims).socket.decorate(lower.socket)).rejects.toMatchObject({
      code: 'ENOTSUP',
      message: expect.stringContaining(`its claims lack ${missing}`),
    });
  });

  it.each<[SocketState, Claims]>([
    ['closed', { client: role }],
    ['bound', { server: role }],
  ])('over a lower socket that is %s one role is enough: %o', async (state, claims) => {
    const lower = await fakeSocketIn(state);
    await upper('dtls', claims).socket.decorate(lower.socket);
  });
});
