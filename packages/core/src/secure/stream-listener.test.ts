import { describe, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../../test/manual-clock.ts';
import { type MemoryUdp, memoryUdp } from '../../test/memory-udp.ts';
import { type ScriptedDtls, scriptedDtls } from '../../test/scripted-dtls.ts';
import { clientSecurity, settle, text } from '../../test/secure-net.ts';
import type { RoleClaims } from '../contract/claims.ts';
import type { ServerLimits } from '../contract/configuration.ts';
import { createNet } from '../net/create-net.ts';
import type { Net } from '../net/net.ts';
import type { Socket } from '../socket/socket.ts';

const role: RoleClaims = {
  security: ['psk'],
  versions: ['TLSv1.2'],
  ciphersuites: [0xc0a8],
  sources: ['buffer'],
  decorate: true,
};

interface Served {
  readonly net: Net;
  readonly tcp: MemoryUdp;
  readonly tls: ScriptedDtls;
  readonly clock: ManualClock;
  readonly server: Socket;
  client(): Promise<Socket>;
}

async function served(limits: ServerLimits = {}): Promise<Served> {
  const tcp = memoryUdp('tcp-memory', 'tcp');
  const tls = scriptedDtls('tls-scripted', { client: role, server: role }, 'tls');
  tls.change = { listen: undefined as never };
  const clock = manualClock();
  const net = createNet({ plugins: [tcp.plugin, tls.plugin], clock });
  const security = { mode: 'psk', lookup: () => undefined } as const;
  const server = await net.createSocket('tls', { security, server: limits });
  await server.bind('', 443);
  return {
    net,
    tcp,
    tls,
    clock,
    server,
    async client() {
      const socket = await net.createSocket('tls', { security: clientSecurity });
      await socket.connect('server.example', 443);
      return socket;
    },
  };
}

describe('a tls server', () => {
  it('accepts a socket for every connection, with what was sent before', async () => {
    const { server, client, net, tls } = await served();
    const first = server.accept();
    const one = await client();
    await one.send(Buffer.from('one'));
    const two = await client();
    await two.send(Buffer.from('two'));
    const peers = [await first, await server.accept()];
    expect(peers.map(({ type, state }) => [type, state])).toEqual([
      ['tls', 'accepted'],
      ['tls', 'accepted'],
    ]);
    expect(await Promise.all(peers.map(async (peer) => text(await peer.receive())))).toEqual(['one', 'two']);
    await peers[1]!.send(Buffer.from('back'));
    expect(text(await two.receive())).toBe('back');
    expect(server.stats()).toMatchObject({ peers: 2, halfOpen: 0 });
    expect(peers[0]!.remotePort()).toBe(one.localPort());
    await net.close();
    expect(tls.contexts).toBe(0);
    expect(tls.associations.every(({ destroyed }) => destroyed)).toBe(true);
  });

  it('announces peers to listeners', async () => {
    const { server, client } = await served();
    const peers: Socket[] = [];
    server.on('connection', (peer) => peers.push(peer));
    await client();
    expect(peers).toHaveLength(1);
  });

  it('closes the connection with the peer, and the peers with the server', async () => {
    const { server, client, tcp } = await served();
    const accepting = server.accept();
    const [one, two] = [await client(), await client()];
    const [peer, other] = [await accepting, await server.accept()];
    await peer.close();
    expect(await one.receive()).toBeNull();
    expect(server.stats()).toMatchObject({ peers: 1 });
    await server.close();
    expect(await two.receive()).toBeNull();
    expect(await other.receive()).toBeNull();
    await other.close();
    await Promise.all([one.close(), two.close()]);
    expect(tcp.open).toBe(0);
  });

  it('gives up a handshake that takes too long, and one that fails', async () => {
    const { server, net, tcp, tls, clock } = await served({ handshakeTimeout: 500 });
    const accepting = expect(server.accept()).rejects.toMatchObject({ code: 'ECONNABORTED' });
    const stranger = await net.createSocket('tcp');
    await stranger.connect('192.0.2.1', 443);
    await stranger.send(Buffer.from('?'));
    await settle();
    expect(server.stats()).toMatchObject({ halfOpen: 1 });
    clock.advance(499);
    expect(server.stats()).toMatchObject({ halfOpen: 1 });
    clock.advance(1);
    expect(server.stats()).toMatchObject({ halfOpen: 0, dropped: { junk: 1, handshakeTimeout: 1 } });
    tcp.inject(443, 'H!');
    await settle();
    expect(server.stats()).toMatchObject({ halfOpen: 0, dropped: { handshakeFailed: 1 } });
    expect(tls.associations.every(({ destroyed }) => destroyed)).toBe(true);
    await server.close();
    await accepting;
    expect(clock.pending).toBe(0);
  });

  it.each<[string, ServerLimits, Record<string, number>, object]>([
    ['the oldest handshake make room', { maxHalfOpen: 2 }, { tooManyHalfOpen: 1 }, { halfOpen: 2 }],
    ['no more than so many of one host in', { maxPeersPerHost: 2 }, { tooManyPeersOfHost: 1 }, { halfOpen: 2 }],
  ])('lets %s', async (_what, limits, dropped, rest) => {
    const { server, tcp } = await served(limits);
    const accepting = expect(server.accept()).rejects.toMatchObject({ code: 'ECONNABORTED' });
    for (const port of [1, 2, 3]) tcp.inject(443, '?', { host: '192.0.2.66', port });
    await settle();
    expect(server.stats()).toMatchObject({ ...rest, dropped });
    await server.close();
    await accepting;
  });

  it('lets no more than so many peers in', async () => {
    const { server, client, tcp } = await served({ maxPeers: 1 });
    const accepting = server.accept();
    await client();
    await accepting;
    tcp.inject(443, 'H');
    await settle();
    expect(server.stats()).toMatchObject({ peers: 1, halfOpen: 0, dropped: { tooManyPeers: 1 } });
  });

  it('closes a peer that has been silent for too long', async () => {
    const { server, client, clock } = await served({ idleTimeout: 1_000 });
    const accepting = server.accept();
    const socket = await client();
    const peer = await accepting;
    clock.advance(600);
    await socket.send(Buffer.from('here'));
    expect(text(await peer.receive())).toBe('here');
    clock.advance(600);
    expect(server.stats()).toMatchObject({ peers: 1 });
    clock.advance(400);
    expect(await peer.receive()).toBeNull();
    expect(await socket.receive()).toBeNull();
    expect(server.stats()).toMatchObject({ peers: 0, dropped: { idleTimeout: 1 } });
  });

  it('needs the credentials of a server', async () => {
    const { net } = await served();
    const socket = await net.createSocket('tls', { security: clientSecurity });
    await socket.bind('', 444);
    await expect(socket.accept()).rejects.toMatchObject({ code: 'EINVAL', message: expect.stringMatching(/a server/) });
  });
});
