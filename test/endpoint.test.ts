/**
 * The endpoint under real engines, on the in-process network: what anybody can forge, strangers by the thousand, and a
 * peer that comes back from the address of an association it has forgotten.
 */

import { ATTACKS, type Attack, FURTHER_ATTACKS, type Seen } from '@avs-net/conformance/attacks';
import { clientHello, record } from '@avs-net/conformance/dtls-records';
import { createNetwork, type Network } from '@avs-net/conformance/network';
import { createNet, type Net, type Socket, systemClock } from '@avs-net/core';
import { psk, pskServer } from '@avs-net/credentials';
import { afterEach, describe, expect, it } from 'vitest';
import { servers } from './backends.ts';
import { seenOn } from './seen-datagrams.ts';

const SERVER = '192.0.2.1';
const CLIENT = '192.0.2.2';
const PORT = 5_684;
const CLIENT_PORT = 40_000;
const identity = 'device-1';
const key = new Uint8Array(16).fill(0x5a);

interface Pair {
  readonly network: Network;
  readonly nets: readonly Net[];
  readonly listener: Socket;
  client: Socket;
}

const pairs: Pair[] = [];
afterEach(async () => {
  for (const { nets } of pairs.splice(0)) for (const net of nets) await net.close();
});

/** A server that listens and a client that has not connected yet, of one backend. */
async function pairOf(backend: (typeof servers)[number]): Promise<Pair> {
  const network = createNetwork({ clock: systemClock });
  const [serverNet, clientNet] = [SERVER, CLIENT].map((host) =>
    createNet({ plugins: [network.plugin({ host }), backend] }),
  ) as [Net, Net];
  const listener = await serverNet.createSocket('dtls', {
    security: pskServer({ identities: new Map([[identity, key]]) }),
  });
  await listener.bind(SERVER, PORT);
  const pair = { network, nets: [serverNet, clientNet], listener, client: await clientOf(clientNet) };
  pairs.push(pair);
  return pair;
}

async function clientOf(net: Net): Promise<Socket> {
  const client = await net.createSocket('dtls', { security: psk({ identity, key }) });
  await client.bind(CLIENT, CLIENT_PORT);
  return client;
}

async function connected(pair: Pair): Promise<Socket> {
  const accepted = pair.listener.accept();
  await pair.client.connect(SERVER, PORT);
  return accepted;
}

async function echoes(from: Socket, to: Socket, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await from.send(Uint8Array.of(1, index));
    expect(await to.receive({ timeout: 5_000 })).toEqual(Uint8Array.of(1, index));
    await to.send(Uint8Array.of(2, index));
    expect(await from.receive({ timeout: 5_000 })).toEqual(Uint8Array.of(2, index));
  }
}

const at = (host: string): { host: string; port: number } => ({ host, port: host === SERVER ? PORT : CLIENT_PORT });

/** What an attacker on the path has seen on the way to `victim`. */
function seenOnTheWayTo(victim: string, { network }: Pair): Seen {
  const way = network.log.filter(({ to, by }) => to.host === victim && by !== 'injection');
  return seenOn(way.map(({ data }) => data));
}

describe.each(servers)('$name', (backend) => {
  describe.each([SERVER, CLIENT])('attacked on the way to %s', (victim) => {
    it.each([...ATTACKS, ...FURTHER_ATTACKS])('survives $name', async ({ datagrams }: Attack) => {
      const pair = await pairOf(backend);
      const peer = await connected(pair);
      await echoes(pair.client, peer, 2);
      const from = at(victim === SERVER ? CLIENT : SERVER);
      for (const data of datagrams(seenOnTheWayTo(victim, pair))) pair.network.inject({ from, to: at(victim), data });
      await echoes(pair.client, peer, 5);
      await echoes(peer, pair.client, 1);
      const received = [peer, pair.client].map((socket) => socket.stats().messagesReceived);
      expect(received).toEqual([8, 8]);
    });
  });

  it('lets a client in while thousands of strangers knock', async () => {
    const pair = await pairOf(backend);
    const knock = (count: number): void => {
      for (let index = 0; index < count; index++) {
        const from = { host: `10.0.${index >> 8}.${index & 255}`, port: 1_024 + index };
        pair.network.inject({ from, to: at(SERVER), data: clientHello({ random: index & 255 }) });
      }
    };
    const accepted = pair.listener.accept();
    // The queue below holds as much as any: what does not fit is lost, and repeated by the client.
    knock(200);
    const connecting = pair.client.connect(SERVER, PORT);
    for (let round = 0; round < 10; round++) {
      knock(200);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await connecting;
    await echoes(pair.client, await accepted, 2);
    expect(pair.listener.stats()).toMatchObject({ handshakesBegun: 1, peers: 1, halfOpen: 0 });
    expect(pair.listener.stats()['hellos']).toBeGreaterThan(1_000);
    const back = pair.network.log.filter(({ to }) => to.host.startsWith('10.'));
    expect(Math.max(...back.map(({ data }) => data.length))).toBeLessThanOrEqual(clientHello().length);
  });

  it('takes a peer back that has forgotten its association', async () => {
    const pair = await pairOf(backend);
    const old = await connected(pair);
    await echoes(pair.client, old, 1);
    // It reboots: nothing that it says at the end arrives.
    const silence = pair.network.rule(({ from }) => (from.host === CLIENT ? 'drop' : undefined));
    await pair.client.dispose();
    silence();
    // A forgery from its address changes nothing meanwhile; the answer must not reach the next client there.
    const { length } = pair.network.log;
    pair.network.inject({ from: at(CLIENT), to: at(SERVER), data: clientHello() });
    while (pair.network.log[length + 1]?.unreachable !== 1) await new Promise((resolve) => setImmediate(resolve));
    expect(pair.listener.stats()).toMatchObject({ peers: 1, halfOpen: 0, peersReplaced: 0 });
    pair.client = await clientOf(pair.nets[1]!);
    const again = await connected(pair);
    await echoes(pair.client, again, 3);
    expect(await old.receive({ timeout: 5_000 })).toBeNull();
    expect(pair.listener.stats()).toMatchObject({ peers: 1, peersReplaced: 1, halfOpen: 0 });
  });

  it('does not obey a refusal that anybody could have sent', async () => {
    const pair = await pairOf(backend);
    const forged = record({ type: 21, sequence: 7, body: Uint8Array.of(2, 40) });
    const rule = pair.network.rule(({ from, to }) => {
      pair.network.inject({ from: to, to: from, data: forged });
      return undefined;
    });
    const peer = await connected(pair);
    rule();
    await echoes(pair.client, peer, 2);
    expect(pair.client.stats().dropped['plaintextAlert']).toBeGreaterThan(0);
  });
});
