import { describe, expect, it } from 'vitest';
import { manualClock } from '../test/manual-clock.ts';
import { memoryUdp } from '../test/memory-udp.ts';
import { identity, key, scriptedDtls } from '../test/scripted-dtls.ts';
import type { SecureConfiguration } from './configuration.ts';
import { createNet, type NetOptions } from './net.ts';

const security = { mode: 'psk', key, identity } as const;
const text = (bytes: Uint8Array | null): string | undefined =>
  bytes?.toString() && Buffer.from(bytes).toString('latin1');

function setUp(change: Partial<NetOptions> = {}) {
  const udp = memoryUdp();
  const dtls = scriptedDtls();
  const clock = manualClock();
  const net = createNet({ plugins: [udp.plugin, dtls.plugin], clock, ...change });
  return { udp, dtls, clock, net };
}

describe('a net', () => {
  it('carries messages between a client and a server', async () => {
    const { net, udp, dtls } = setUp();
    const server = await net.createSocket('dtls', { security: { mode: 'psk', lookup: () => undefined } });
    await server.bind('', 5684);
    const accepting = server.accept();
    const client = await net.createSocket('dtls', { security });
    await client.connect('device.example', 5684);
    const peer = await accepting;
    await client.send(Buffer.from('ping'));
    expect(text(await peer.receive())).toBe('ping');
    await peer.send(Buffer.from('pong'));
    expect(text(await client.receive())).toBe('pong');
    expect([client.state, peer.state, server.state]).toEqual(['connected', 'accepted', 'bound']);
    expect(dtls.associations[0]!.request.serverName).toBe('device.example');
    await net.close();
    expect([udp.open, udp.contexts, dtls.contexts]).toEqual([0, 0, 0]);
    expect(dtls.associations.every(({ destroyed }) => destroyed)).toBe(true);
  });

  it('waits for nothing and loads nothing before the first socket', () => {
    const { net, dtls } = setUp();
    expect(net.decisions.map(({ type, chosen }) => [type, chosen])).toEqual([
      ['udp', 'udp-memory'],
      ['dtls', 'dtls-scripted'],
    ]);
    expect(dtls.configurations).toEqual([]);
  });

  it('copies the configuration at once and wipes the copy when the socket is disposed', async () => {
    const { net, dtls } = setUp();
    const mine = Uint8Array.of(9, 9);
    const creating = net.createSocket('dtls', { security: { ...security, key: { ...key, buffer: mine } } });
    mine.fill(0);
    const socket = await creating;
    const [kept] = dtls.configurations as [SecureConfiguration];
    const { buffer } = (kept.security as { key: { buffer: Uint8Array } }).key;
    expect(buffer).toEqual(Uint8Array.of(9, 9));
    await socket.dispose();
    expect(buffer).toEqual(Uint8Array.of(0, 0));
  });
});
