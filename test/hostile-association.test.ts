/**
 * Forged datagrams from the address of an established peer, over real sockets: nothing is closed or slowed down, no
 * forged byte is delivered, and everything is counted.
 */

import { ATTACKS, FURTHER_ATTACKS, type Seen } from '@avs-net/conformance/attacks';
import { clientHello, record } from '@avs-net/conformance/dtls-records';
import { afterEach, describe, expect, it } from 'vitest';
import { servers } from './backends.ts';
import { addressOf, BesiegedServer, echo } from './besieged-server.ts';

describe.each(servers)('a server of $name', (backend) => {
  let besieged: BesiegedServer;
  afterEach(() => besieged.end());

  it.each([...ATTACKS, ...FURTHER_ATTACKS])('survives $name', async ({ datagrams }) => {
    besieged = await BesiegedServer.bind(backend);
    const pair = await besieged.pair();
    await echo(pair, 2);
    for (const data of datagrams(besieged.seen())) besieged.network.put(data, addressOf(pair.client));
    await echo(pair, 5);
    expect(pair.peer.stats().messagesReceived).toBe(7);
  });

  it.each<[string, (seen: Seen) => readonly Uint8Array[], boolean]>([
    ['a datagram as large as they come', ({ noise }) => [noise(65_507)], true],
    ['a record as large as they come', () => [record({ type: 23, epoch: 1, body: new Uint8Array(65_494) })], true],
    ['an empty datagram', () => [new Uint8Array(0)], true],
    [
      'a hello inside the association',
      ({ noise }) => [record({ type: 22, epoch: 1, sequence: 99, body: noise(80) })],
      true,
    ],
    ['a hello without cookie', () => [clientHello({ random: 99 })], false],
    ['its own hello again', ({ first }) => [first], false],
    ['its second hello again', () => [besieged.network.arrived[1]!.data], true],
  ])('survives %s', async (_what, datagrams, counted) => {
    besieged = await BesiegedServer.bind(backend);
    const pair = await besieged.pair();
    await echo(pair, 1);
    for (const data of datagrams(besieged.seen())) besieged.network.put(data, addressOf(pair.client));
    await echo(pair, 2);
    expect(besieged.server.stats()).toMatchObject({ peers: 1, halfOpen: 0, handshakesBegun: 1 });
    if (counted) expect(besieged.drops()).toBeGreaterThan(0);
  });

  it('takes each record once, however late it comes again', async () => {
    besieged = await BesiegedServer.bind(backend);
    const pair = await besieged.pair();
    await echo(pair, 1);
    const old = besieged.seen().protectedRecord;
    besieged.network.put(old, addressOf(pair.client));
    await echo(pair, 100);
    besieged.network.put(old, addressOf(pair.client));
    await echo(pair, 1);
    expect(pair.peer.stats().messagesReceived).toBe(102);
    expect(besieged.drops()).toBe(2);
  });

  it("gives a flooded queue no room that is another peer's", async () => {
    besieged = await BesiegedServer.bind(backend);
    const [noisy, quiet] = [await besieged.pair(), await besieged.pair()];
    for (let round = 0; round < 40; round++) {
      // As much as the system keeps; more would be lost there, whoever sends it.
      for (let count = 0; count < 25; count++) await noisy.client.send(new Uint8Array(500));
      await echo(quiet, 1);
    }
    expect(noisy.peer.stats().dropped['queueFull']).toBeGreaterThan(700);
    expect(quiet.peer.stats().dropped).toEqual({});
    expect(await noisy.peer.receive()).toHaveLength(500);
  });
});
