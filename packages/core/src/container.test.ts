import { Container } from 'inversify';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../test/manual-clock.ts';
import { memoryUdp } from '../test/memory-udp.ts';
import { identity, key, scriptedDtls } from '../test/scripted-dtls.ts';
import { CLOCK, NET, named, netModule, PLUGIN, USE } from './container.ts';
import type { Plugin } from './contract/backend.ts';

const security = { mode: 'psk', key, identity } as const;

function load(use?: { dtls: string }) {
  const udp = memoryUdp();
  const own = scriptedDtls('dtls-own');
  const container = new Container();
  const clock = manualClock();
  container.load(netModule({ plugins: [udp.plugin, own.plugin], clock, ...(use && { use }) }));
  return { udp, own, container, clock };
}

describe('netModule', () => {
  it('gives one net, with the clock of the container', async () => {
    const { container, own, clock } = load();
    const net = container.get(NET);
    expect(container.get(NET)).toBe(net);
    const socket = await net.createSocket('dtls', { security });
    const connecting = socket.connect('192.0.2.1', 1);
    await new Promise(setImmediate);
    clock.advance(300);
    await expect(connecting).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(own.associations[0]!.destroyed).toBe(true);
  });

  it('lets an application add and choose a plugin of its own', async () => {
    const { container } = load();
    const other = scriptedDtls('dtls-other');
    container.bind(PLUGIN).toConstantValue(other.plugin).when(named('dtls-other'));
    container.rebind(USE).toConstantValue({ dtls: 'dtls-other' });
    const socket = await container.get(NET).createSocket('dtls', { security });
    expect(socket.backend).toBe('dtls-other');
  });

  it('lets an application replace the clock', () => {
    const { container } = load();
    const mine = manualClock();
    container.rebind(CLOCK).toConstantValue(mine);
    expect(container.get(CLOCK)).toBe(mine);
  });

  it('answers to the names of plugins and to no other', () => {
    const { container } = load();
    expect(container.getAll(PLUGIN).map(({ name }) => name)).toEqual(['udp-memory', 'dtls-own']);
    expect(container.get(PLUGIN, { name: 'dtls-own' }).name).toBe('dtls-own');
    expect(() => container.get(PLUGIN, { name: 'dtls-onw' })).toThrow();
  });

  it('refuses what createNet refuses', () => {
    expect(() => netModule({ plugins: [{ contract: 2 } as unknown as Plugin] })).toThrow(
      expect.objectContaining({ code: 'EPROTONOSUPPORT', operation: 'netModule' }),
    );
    const { container } = load({ dtls: 'dtls-onw' });
    expect(() => container.get(NET)).toThrow(/did you mean "dtls-own"/);
    const ambiguous = load().container;
    ambiguous.bind(PLUGIN).toConstantValue(scriptedDtls('dtls-other').plugin).when(named('dtls-other'));
    expect(() => ambiguous.get(NET)).toThrow(/dtls-own and dtls-other provide dtls/);
  });

  it('refuses to be loaded twice', () => {
    const { container, udp } = load();
    expect(() => container.load(netModule({ plugins: [udp.plugin] }))).toThrow(/"udp-memory" is bound already/);
  });

  it('closes the net with the container', async () => {
    const { container, udp } = load();
    const net = container.get(NET);
    await net.createSocket('udp');
    expect(udp.contexts).toBe(1);
    await container.unbindAsync(NET);
    expect(udp.contexts).toBe(0);
    await expect(net.createSocket('udp')).rejects.toMatchObject({ code: 'EBADF' });
  });
});
