/**
 * Hellos of whoever has not proved his address, over real sockets: answered with no more than they brought, and
 * forgotten.
 */

import { clientHello, cookieOf } from '@avs-net/conformance/dtls-records';
import { afterEach, describe, expect, it } from 'vitest';
import { servers } from './backends.ts';
import { BesiegedServer, echo, heap, STRANGER } from './besieged-server.ts';

describe.each(servers)('a server of $name', (backend) => {
  let besieged: BesiegedServer;
  afterEach(() => besieged.end());

  it('takes no cookie of another address, and none whose secret is gone', async () => {
    besieged = await BesiegedServer.bind(backend);
    const cookie = besieged.cookieFor(STRANGER, 5);
    const hello = clientHello({ random: 5, cookie });
    for (const change of [{ port: 4_001 }, { host: '10.0.0.2' }])
      besieged.network.put(hello, { ...STRANGER, ...change });
    besieged.network.put(clientHello({ random: 6, cookie }), STRANGER);
    expect(besieged.server.stats()).toMatchObject({ cookiesRefused: 3, handshakesBegun: 0, entries: 0 });
    // The secret changes every minute and is honoured for another one.
    besieged.leap(61_000);
    besieged.cookieFor({ ...STRANGER, port: 7 }, 1);
    besieged.leap(61_000);
    besieged.network.put(hello, STRANGER);
    expect(besieged.server.stats()).toMatchObject({ cookiesRefused: 4, handshakesBegun: 0 });
    besieged.network.put(clientHello({ random: 5, cookie: cookieOf(besieged.network.away.last) }), STRANGER);
    expect(besieged.server.stats()).toMatchObject({ handshakesBegun: 1 });
  });

  it('lets a client in while a hundred thousand strangers knock, and keeps nothing of them', async () => {
    besieged = await BesiegedServer.bind(backend);
    const hello = clientHello();
    const knockAs = (first: number, count: number): void => {
      for (let index = first; index < first + count; index++) {
        const host = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
        besieged.network.put(hello, { host, port: 1_024 + (index % 60_000) });
      }
    };
    knockAs(0, 20_000);
    const before = heap();
    const pairing = besieged.pair();
    for (let first = 20_000; first < 100_000; first += 2_000) {
      knockAs(first, 2_000);
      await new Promise(setImmediate);
    }
    const pair = await pairing;
    await echo(pair, 3);
    expect(besieged.network.away.count).toBe(100_000);
    expect(besieged.network.away.longest).toBeLessThanOrEqual(hello.length);
    expect(besieged.server.stats()).toMatchObject({ handshakesBegun: 1, peers: 1, halfOpen: 0, entries: 3 });
    // What one client and its peer cost; a hundred bytes for each stranger would be eight megabytes.
    expect(heap() - before).toBeLessThan(4_000_000);
  });
});
