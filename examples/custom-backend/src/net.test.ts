import { createNetwork, type Network, type NetworkInit, virtualClock } from '@avs-net/conformance/network';
import { createNet, type NetError, type Socket } from '@avs-net/core';
import { describe, expect, it } from 'vitest';
import { clientConfiguration, KEY, serverConfiguration } from '../test/association-pair.ts';
import { customBackend } from './index.ts';

const SERVER = '192.0.2.2';

/** A net for each host, with nothing but a transport and this backend, and a server that takes peers. */
async function hosts(init: Omit<NetworkInit, 'clock'> = {}) {
  const clock = virtualClock();
  const network: Network = createNetwork({ clock, ...init });
  const netAt = (host: string) => {
    const other = { ...customBackend, name: 'other-backend' };
    const plugins = [network.plugin({ host }), other, customBackend];
    return createNet({ plugins, use: { dtls: 'custom-backend' }, clock });
  };
  const serverNet = netAt(SERVER);
  const clientNet = netAt('192.0.2.1');
  const listener = await serverNet.createSocket('dtls', serverConfiguration());
  await listener.bind(SERVER, 5684);
  const connect = async (key: Uint8Array = KEY) => {
    const socket = await clientNet.createSocket('dtls', clientConfiguration({ key }));
    const accepting = listener.accept({ timeout: 300_000 });
    accepting.catch(() => {});
    await clock.runUntil(socket.connect(SERVER, 5684));
    return { socket, peer: await clock.runUntil(accepting) };
  };
  const close = () => clock.runUntil(Promise.all([clientNet.close(), serverNet.close()]));
  return { clock, network, clientNet, listener, connect, close };
}

const text = async (socket: Socket): Promise<string> => Buffer.from((await socket.receive())!).toString();

describe('chosen by configuration', () => {
  it('serves several peers, each its own', async () => {
    const { clock, connect, clientNet, network, close } = await hosts();
    expect(clientNet.decisions.find(({ type }) => type === 'dtls')).toMatchObject({ chosen: 'custom-backend' });
    const pairs = [await connect(), await connect(), await connect()];
    for (const [index, { socket, peer }] of pairs.entries()) {
      await socket.send(Buffer.from(`from ${index}`));
      expect(await clock.runUntil(text(peer))).toBe(`from ${index}`);
      await peer.send(Buffer.from(`to ${index}`));
      expect(await clock.runUntil(text(socket))).toBe(`to ${index}`);
      expect(socket.getOption('innerMtu')).toBe(1_435);
    }
    await close();
    expect(network.ports).toEqual([]);
    // What is still on its way, close_notify for instance, finds nobody.
    await clock.advance(1);
    expect(clock.pending).toBe(0);
  });

  it('says what is likely when the key is wrong', async () => {
    const { connect, close } = await hosts();
    const error: NetError = await connect(Buffer.alloc(16, 9)).then(
      () => expect.unreachable(),
      (reason: NetError) => reason,
    );
    expect(error).toMatchObject({ code: 'ETIMEDOUT', operation: 'connect', backend: 'custom-backend' });
    expect(error.message).toMatch(/key or the identity may be wrong/);
    await close();
  });

  it('connects at 25 % loss each way and goes on through it', async () => {
    const { clock, connect, close } = await hosts({ seed: 4, faults: { loss: 0.25, reorder: 0.1, duplicate: 0.05 } });
    const { socket, peer } = await connect();
    const got: string[] = [];
    peer.on('message', (data) => void got.push(Buffer.from(data).toString()));
    for (let number = 0; number < 40; number += 1) await socket.send(Buffer.from(`m${number}`));
    await clock.advance(1_000);
    expect(got.length).toBeGreaterThan(20);
    expect(new Set(got).size).toBe(got.length);
    await close();
  });

  it('without a connection id a peer that moves is a stranger: nothing is delivered, nothing is answered', async () => {
    const { clock, network, connect, close } = await hosts();
    const { socket, peer } = await connect();
    network.move({ host: '192.0.2.1', port: socket.localPort() });
    const before = network.log.length;
    await socket.send(Buffer.from('from elsewhere'));
    await clock.advance(1_000);
    expect(network.log.length).toBe(before + 1);
    expect(peer.getOption('hasBufferedData')).toBe(false);
    await close();
  });
});
