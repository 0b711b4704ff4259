/** The router example as a user runs it, with clients behind a NAT that forgets them. */

import { fileURLToPath } from 'node:url';
import { createNet, type Socket } from '@avs-net/core';
import { psk } from '@avs-net/credentials';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { udp } from '@avs-net/udp';
import { describe, expect, it } from 'vitest';
import { open, seal } from '../examples/cid-router/src/envelope.ts';
import { workerFor, workerId } from '../examples/cid-router/src/routing.ts';
import { startChild } from './child.ts';
import { RebindingRelay } from './rebinding-relay.ts';

const MAIN = fileURLToPath(new URL('../examples/cid-router/dist/main.js', import.meta.url));
const KEY = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
const CLIENTS = 6;

async function ask(client: Socket, text: string): Promise<string> {
  await client.send(Buffer.from(text));
  return Buffer.from((await client.receive({ timeout: 10_000 }))!).toString();
}

describe('the router', () => {
  it('leaves clients that change their port with their worker', async () => {
    await using child = startChild(process.execPath, [MAIN, '0', '3']);
    const [, port] = await child.line(/listening on port (\d+)/);
    await using net = createNet({ plugins: [udp, dtlsOpenssl] });
    const workers = new Set<string>();
    for (let number = 0; number < CLIENTS; number++) {
      await using relay = await RebindingRelay.to(Number(port));
      await using client = await net.createSocket('dtls', {
        security: psk({ identity: `device-${number}`, key: KEY }),
        connectionId: true,
      });
      await client.connect('127.0.0.1', relay.port);
      const worker = Buffer.from(client.info().connectionId!.peer)[0]!;
      workers.add(String(worker));
      expect(await ask(client, 'before')).toBe(`worker ${worker}: before`);
      for (let round = 0; round < 2; round++) {
        const before = relay.outerPort;
        await relay.rebind();
        expect(relay.outerPort).not.toBe(before);
        expect(await ask(client, `after ${round}`)).toBe(`worker ${worker}: after ${round}`);
      }
    }
    expect([...workers].every((worker) => Number(worker) < 3)).toBe(true);
  });

  it('spreads handshakes by address, and records by the worker that their id names', () => {
    const hello = Uint8Array.of(22, 254, 253);
    const counts = [0, 0, 0];
    for (let port = 1_024; port < 4_024; port++) counts[workerFor(hello, { host: '192.0.2.7', port }, 3)!]! += 1;
    for (const count of counts) expect(count).toBeGreaterThan(900);
    const record = Buffer.concat([Buffer.from([25, 254, 253, 0, 1, 0, 0, 0, 0, 0, 9]), workerId(2)]);
    for (let port = 1; port < 100; port++) expect(workerFor(record, { host: '192.0.2.7', port }, 3)).toBe(2);
    expect(workerFor(record, { host: '192.0.2.7', port: 1 }, 2)).toBeUndefined();
    expect(workerFor(record.subarray(0, 11), { host: '192.0.2.7', port: 1 }, 3)).toBeUndefined();
  });

  it('carries addresses in envelopes, and takes nothing else', () => {
    const client = { host: '2001:db8::1', port: 5_684 };
    expect(open(seal(client, Uint8Array.of(1, 2)))).toEqual({ client, data: Buffer.of(1, 2) });
    for (const length of [0, 1, 2, 3]) expect(open(Buffer.alloc(length, 9))).toBeUndefined();
  });
});
