/**
 * A hello from the address of an established peer, over real sockets (RFC 6347 §4.2.8): a peer that lost its state
 * comes back, and whoever forges its address changes nothing.
 */

import { clientHello, cookieOf } from '@avs-net/conformance/dtls-records';
import type { Socket } from '@avs-net/core';
import { afterEach, describe, expect, it } from 'vitest';
import { servers } from './backends.ts';
import { addressOf, BesiegedServer, echo, type Pair, until } from './besieged-server.ts';

describe.each(servers)('a server of $name', (backend) => {
  let besieged: BesiegedServer;
  afterEach(() => besieged.end());

  it('takes a peer back that has lost its state', async () => {
    besieged = await BesiegedServer.bind(backend);
    const first = await pairFrom(0);
    const port = first.client.localPort();
    await echo(first, 2);
    let lost = 0;
    besieged.network.carry = () => {
      lost += 1;
      return undefined;
    };
    await first.client.dispose();
    await until(() => lost > 0);
    besieged.network.carry = (data) => data;
    const second = await pairFrom(port);
    expect(second.client.localPort()).toBe(port);
    await echo(second, 2);
    expect(await first.peer.receive()).toBeNull();
    expect(besieged.server.stats()).toMatchObject({ peers: 1, peersReplaced: 1, halfOpen: 0 });
  });

  it('minds nobody who sees the cookie of a peer and begins in his name', async () => {
    besieged = await BesiegedServer.bind(backend, { handshakeTimeout: 60_000 });
    const pair = await pairFrom(0);
    await echo(pair, 2);
    let seen = new Uint8Array(0);
    besieged.network.carry = (data, way) => {
      if (way === 'out' && data[13] === 3) seen = data.slice();
      return data;
    };
    for (let random = 50; random < 60; random++) {
      besieged.network.put(clientHello({ random }), addressOf(pair.client));
      besieged.network.put(clientHello({ random, cookie: cookieOf(seen) }), addressOf(pair.client));
      expect(besieged.server.stats()).toMatchObject({ peers: 1, halfOpen: 1 });
      await echo(pair, 2);
    }
    besieged.leap(60_001);
    expect(besieged.server.stats()).toMatchObject({ peers: 1, halfOpen: 0, peersReplaced: 0, handshakesBegun: 11 });
    await echo(pair, 2);
  });

  /** A pair whose client has that port. */
  async function pairFrom(port: number): Promise<Pair> {
    const client: Socket = await besieged.client();
    await client.bind('127.0.0.1', port);
    const accepted = besieged.server.accept();
    await client.connect('127.0.0.1', besieged.server.localPort());
    return { client, peer: await accepted };
  }
});
