import { describe, expect, it } from 'vitest';
import { manualClock } from '../../test/manual-clock.ts';
import { memoryUdp } from '../../test/memory-udp.ts';
import { scriptedDtls } from '../../test/scripted-dtls.ts';
import { secureNet, settle, text } from '../../test/secure-net.ts';
import { NetError } from '../contract/error.ts';
import type { PskLookup } from '../contract/security.ts';
import { createNet } from '../net/create-net.ts';
import type { NetOptions } from '../net/net.ts';

const STRANGER = { host: '192.0.2.66', port: 666 };

describe('a secure server', () => {
  it('announces peers when they are authenticated, and keeps them apart', async () => {
    const { net, serve, udp } = await secureNet();
    const server = await serve();
    const names: string[] = [];
    server.on('connection', (peer) => {
      names.push(`${peer.remoteHost()}:${peer.remotePort()} ${peer.state}`);
      peer.on('message', (data) => void peer.send(Buffer.from(`${peer.remotePort()} ${text(data)}`)));
    });
    udp.inject(5684, 'H', STRANGER);
    udp.inject(5684, 'H', { ...STRANGER, port: 667 });
    udp.inject(5684, 'Mhello', { ...STRANGER, port: 667 });
    await settle();
    expect(names).toEqual(['192.0.2.66:666 accepted', '192.0.2.66:667 accepted']);
    expect(udp.log).toEqual(['5684>666 W', '5684>667 W', '5684>667 M667 hello']);
    expect(server.stats()).toMatchObject({ peers: 2 });
    await net.close();
    expect(udp.log.slice(3)).toEqual(['5684>666 C', '5684>667 C']);
  });

  it('serves from bind on; who came before anybody accepts waits', async () => {
    const { net, udp } = await secureNet();
    const server = await net.createSocket('dtls', { security: { mode: 'psk', lookup: () => undefined } });
    await server.bind('', 5684);
    udp.inject(5684, 'H', STRANGER);
    expect(udp.log).toEqual(['5684>666 W']);
    udp.inject(5684, 'Mearly', STRANGER);
    const peer = await server.accept();
    expect(text(await peer.receive())).toBe('early');
    await server.close();
    await server.bind('', 5684);
    udp.inject(5684, 'H', STRANGER);
    expect((await server.accept()).remotePort()).toBe(666);
  });

  it('takes nobody new while it is paused', async () => {
    const { net, dtls } = await secureNet();
    const calls: string[] = [];
    dtls.change = {
      listen: () => ({
        close() {},
        pause: () => void calls.push('pause'),
        resume: () => void calls.push('resume'),
        stats: () => ({}),
      }),
    };
    const server = await net.createSocket('dtls', { security: { mode: 'psk', lookup: () => undefined } });
    server.pause();
    await server.bind('', 5684);
    server.resume().pause();
    await server.close();
    await server.bind('', 5684);
    expect(calls).toEqual(['pause', 'resume', 'pause']);
  });

  it('counts junk of strangers and goes on', async () => {
    const { serve, udp } = await secureNet();
    const server = await serve();
    for (let count = 0; count < 5; count += 1) udp.inject(5684, '?');
    expect(server.stats().dropped).toEqual({ noAssociation: 5 });
    expect(server.state).toBe('bound');
  });

  it('reports a handshake that fails as a fact, not as an error', async () => {
    const { serve, udp, dtls, events } = await secureNet();
    const server = await serve();
    udp.inject(5684, 'H!', STRANGER);
    expect(dtls.associations[0]!.destroyed).toBe(true);
    expect(server.stats()).toMatchObject({ peers: 0, dropped: { handshakeFailed: 1 } });
    expect(events).toMatchObject([{ type: 'handshakeFailed', peer: STRANGER, code: 'EPROTO' }]);
    expect(server.state).toBe('bound');
  });

  it('frees a peer that is refused, with close_notify', async () => {
    const { net, udp, dtls } = await secureNet();
    const server = await net.createSocket('dtls', { security: { mode: 'psk', lookup: () => undefined } });
    await server.bind('', 5684);
    const accepting = server.accept({ timeout: 0 });
    await expect(accepting).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    for (let port = 1; port <= 1_025; port += 1) udp.inject(5684, 'H', { ...STRANGER, port });
    expect(server.stats()).toMatchObject({ peers: 1_024, dropped: { backlogFull: 1 } });
    expect(udp.log.at(-1)).toBe('5684>1025 C');
    expect(dtls.associations.at(-1)!.destroyed).toBe(true);
  });

  it('closes its peers with it', async () => {
    const { connect, peer, client, server, dtls, udp } = await secureNet();
    await connect();
    await server().close();
    expect(await peer().receive()).toBeNull();
    expect(await client.receive()).toBeNull();
    await expect(peer().send(Buffer.from('x'))).rejects.toMatchObject({ code: 'EPIPE', operation: 'send' });
    expect(() => peer().setOption('forcedAddrFamily', 'inet4')).toThrow(
      expect.objectContaining({ code: 'ENOTSUP', operation: 'setOption' }),
    );
    expect(dtls.associations.find(({ request }) => request.role === 'server')!.destroyed).toBe(true);
    expect(udp.log.filter((line) => line.endsWith(' C'))).toHaveLength(1);
  });

  it('lets a peer whose association failed come back from the same address', async () => {
    const { serve, udp, peer } = await secureNet();
    await serve();
    udp.inject(5684, 'H', STRANGER);
    const first = peer();
    udp.inject(5684, 'F', STRANGER);
    await expect(first.receive()).rejects.toMatchObject({ code: 'EPROTO' });
    udp.inject(5684, 'H', STRANGER);
    expect(peer()).not.toBe(first);
    udp.inject(5684, 'Magain', STRANGER);
    expect(text(await peer().receive())).toBe('again');
    await first.close();
    udp.inject(5684, 'Mstill', STRANGER);
    expect(text(await peer().receive())).toBe('still');
  });

  it('fails with the socket below', async () => {
    const { serve, client, udp, peer, connect } = await secureNet();
    const server = await serve();
    await connect();
    const failure = new NetError({ code: 'EIO', operation: 'receive', message: 'the descriptor is gone' });
    const failed = new Promise((resolve) => server.on('error', resolve));
    udp.fail(5684, failure);
    expect(await failed).toBe(failure);
    await expect(peer().receive()).rejects.toBe(failure);
    expect(client.state).toBe('connected');
  });

  it('sets no options on a peer', async () => {
    const { connect, peer } = await secureNet();
    await connect();
    expect(() => peer().setOption('dtlsHandshakeTimeouts', { min: 1, max: 2 })).toThrow(
      expect.objectContaining({ code: 'ENOTSUP' }),
    );
    expect(peer().getOption('innerMtu')).toBe(40);
    expect(peer().localPort()).toBe(5684);
  });
});

describe('the look-up of a server', () => {
  async function ask(lookup: PskLookup, asyncLookup: boolean) {
    const udp = memoryUdp();
    const role = scriptedDtls().plugin.claims.server!;
    const dtls = scriptedDtls('dtls-scripted', { client: role, server: { ...role, asyncLookup } });
    const failures: string[] = [];
    const trace: NetOptions['trace'] = ({ type, error }) => void (type === 'lookupFailed' && failures.push(`${error}`));
    const net = createNet({ plugins: [udp.plugin, dtls.plugin], clock: manualClock(), trace });
    const server = await net.createSocket('dtls', { security: { mode: 'psk', lookup } });
    await server.bind('', 5684);
    server.on('connection', () => {});
    udp.inject(5684, 'H', STRANGER);
    udp.inject(5684, 'Ndevice', STRANGER);
    await settle();
    const { dropped } = server.stats();
    const { answers } = dtls.associations[0]!;
    await net.close();
    await settle();
    return { answers, dropped, failures };
  }
  const bytes = Uint8Array.from(Buffer.from('key'));

  it('answers with what it knows', async () => {
    const asked: (string | undefined)[] = [];
    const lookup: PskLookup = (identity) => {
      asked.push(text(identity));
      return bytes;
    };
    expect(await ask(lookup, false)).toEqual({ answers: ['key'], dropped: {}, failures: [] });
    expect(asked).toEqual(['device']);
  });

  it('may take its time where the engine claims so', async () => {
    expect((await ask(async () => bytes, true)).answers).toEqual(['key']);
  });

  it.each<[string, PskLookup, string]>([
    [
      'throws',
      () => {
        throw new Error('no database');
      },
      'Error: no database',
    ],
    ['rejects', () => Promise.reject(new Error('no database')), 'Error: no database'],
    ['gives text', () => 'key' as never, 'must give the bytes of a key or undefined, it gave a value of type string'],
    ['gives text later', async () => 'key' as never, 'it gave a value of type string'],
    ['gives an empty key', () => new Uint8Array(0), 'it gave an empty key'],
  ])('that %s is an unknown identity for the peer and a failure for the server', async (_, lookup, reason) => {
    expect(await ask(lookup, true)).toEqual({
      answers: [undefined],
      dropped: { lookupFailed: 1 },
      failures: [expect.stringContaining(reason)],
    });
  });

  it('has not failed if it stops because the peer has gone', async () => {
    const lookup: PskLookup = (_, signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    expect(await ask(lookup, true)).toEqual({ answers: [], dropped: {}, failures: [] });
  });

  it('counts as unknown where it takes its time and the engine cannot wait', async () => {
    const expected = { answers: [undefined], dropped: { asyncLookupUnclaimed: 1 }, failures: [] };
    expect(await ask(async () => bytes, false)).toEqual(expected);
    expect(await ask(() => Promise.reject(new Error('no database')), false)).toEqual(expected);
  });
});
