/**
 * Four processes on one port, which share the keys of their tickets: whichever the system gives a client to resumes its
 * session, also after the keys were rotated. Needs SO_REUSEPORT, which node has since 22.12.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createNet, memorySessionStore, type Net, type Socket } from '@avs-net/core';
import { psk } from '@avs-net/credentials';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { udp } from '@avs-net/udp';
import { afterEach, beforeEach, expect, it } from 'vitest';

const SERVER = fileURLToPath(new URL('./sharing-server.js', import.meta.url));
const NAMES = ['one', 'two', 'three', 'four'];
const CLIENTS = 4_000;
const AT_ONCE = 32;

let net: Net;
const servers: ChildProcess[] = [];
let port = 0;

beforeEach((test) => {
  if (!udp.claims.transport!.features.includes('reusePort')) {
    test.skip(`unavailable: node ${process.versions.node} cannot share a port (reusePort of node:dgram, since 22.12)`);
  }
  net = createNet({ plugins: [udp, dtlsOpenssl] });
});
afterEach(async () => {
  await net?.close();
  for (const server of servers.splice(0)) {
    server.disconnect();
    await once(server, 'exit');
  }
  port = 0;
});

it('resumes four thousand sessions whichever of four processes answers, while keys are rotated', async () => {
  const [first, second, third, fourth] = Array.from({ length: 4 }, () => randomBytes(32));
  for (const name of NAMES) await start(name, [first!]);
  const clients: Client[] = [];
  for (let number = 0; number < CLIENTS; number++) clients.push(await client(`device-${number}`));

  await visit(clients);
  expect(clients.filter(({ socket }) => socket.getOption('sessionResumed'))).toEqual([]);
  for (const name of NAMES) expect(served(clients, name)).toBeGreaterThan(CLIENTS / 8);
  const before = clients.map(({ servedBy }) => servedBy);

  // The key before still decrypts.
  await rotate([second!, first!]);
  await visit(clients);
  expect(clients.filter(({ socket }) => !socket.getOption('sessionResumed'))).toEqual([]);
  for (const name of NAMES) expect(served(clients, name)).toBeGreaterThan(CLIENTS / 8);
  expect(clients.filter(({ servedBy }, at) => servedBy !== before[at]).length).toBeGreaterThan(CLIENTS / 2);

  // A ticket under an older key was replaced by one under the first.
  await rotate([third!, second!]);
  const some = clients.slice(0, CLIENTS / 10);
  await visit(some);
  expect(some.filter(({ socket }) => !socket.getOption('sessionResumed'))).toEqual([]);

  // A key that is gone makes handshakes full ones, and nobody fail.
  await rotate([fourth!]);
  await visit(some);
  expect(some.filter(({ socket }) => socket.getOption('sessionResumed'))).toEqual([]);
}, 600_000);

interface Client {
  readonly socket: Socket;
  servedBy: string;
}

async function client(identity: string): Promise<Client> {
  const security = psk({ identity, key: Buffer.from(`key of ${identity}`) });
  return { socket: await net.createSocket('dtls', { security, session: memorySessionStore() }), servedBy: '' };
}

/** All of them are connected, with a new port each, before the first one asks who serves it. */
async function visit(clients: readonly Client[]): Promise<void> {
  await each(clients, async ({ socket }) => {
    await socket.close();
    await socket.connect('127.0.0.1', port);
  });
  await each(clients, async (asking) => {
    await asking.socket.send(Uint8Array.of(1));
    asking.servedBy = Buffer.from((await asking.socket.receive())!).toString();
  });
}

async function each(clients: readonly Client[], work: (client: Client) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < clients.length) await work(clients[next++]!);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function served(clients: readonly Client[], name: string): number {
  return clients.filter(({ servedBy }) => servedBy === name).length;
}

async function start(name: string, keys: readonly Buffer[]): Promise<void> {
  const server = fork(SERVER, [name, String(port)], { serialization: 'advanced' });
  servers.push(server);
  port = await tell(server, keys);
}

async function rotate(keys: readonly Buffer[]): Promise<void> {
  for (const server of servers) await tell(server, keys);
}

async function tell(server: ChildProcess, keys: readonly Buffer[]): Promise<number> {
  server.send(keys as Buffer[]);
  const [answer] = (await once(server, 'message')) as [number];
  return answer;
}
