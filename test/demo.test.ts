/** The demo as a user runs it: the built program in a child process, against its own server and against another one. */

import { fileURLToPath } from 'node:url';
import { serveRegistrations } from '@avs-net/cli/registration-server';
import { createNet } from '@avs-net/core';
import { pskServer } from '@avs-net/credentials';
import { dtlsNodeDtlsClient } from '@avs-net/dtls-node-dtls-client';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { udp } from '@avs-net/udp';
import { describe, expect, it } from 'vitest';
import { type Child, startChild } from './child.ts';

const MAIN = fileURLToPath(new URL('../examples/lwm2m-register/dist/main.js', import.meta.url));
const KEY = '73656372657450534b';
const plugins = [udp, dtlsOpenssl, dtlsNodeDtlsClient];
const use = { dtls: [dtlsOpenssl.name, dtlsNodeDtlsClient.name] };

const backends = (await createNet({ plugins, use }).backends()).filter(({ provides }) => provides === 'dtls');
const available = backends.filter((backend) => backend.available);

const demo = (args: readonly string[] = [], env: Record<string, string> = {}): Child =>
  startChild(process.execPath, [MAIN, ...args], { env: { AVS_NET_USE: '', ...env } });

/** The line of the table that begins with `name`, cell by cell. */
const row = (child: Child, name: string): string[] | undefined =>
  child
    .output()
    .split('\n')
    .map((line) => line.split('│').map((cell) => cell.trim()))
    .find((cells) => cells[1] === name)
    ?.slice(1, -1);

describe('the demo', () => {
  it('registers once with every backend and shows the facts', async () => {
    await using child = demo();
    expect(await child.ended, child.output()).toBe(0);
    for (const { name, library } of available) {
      expect(row(child, name)).toEqual([
        name,
        `${library?.name} ${library?.running}`,
        expect.stringMatching(/^TLS_.*PSK_WITH_/),
        expect.stringMatching(/^\d+\.\d ms$/),
        expect.stringMatching(/^\d+$/),
        expect.stringMatching(/^\/rd\/\w+$/),
        'registered, updated, de-registered',
      ]);
    }
    expect(available.length).toBeGreaterThan(1);
  });

  it('uses the backend that the environment names, and no other', async () => {
    await using child = demo([], { AVS_NET_USE: 'dtls=dtls-node-dtls-client' });
    expect(await child.ended, child.output()).toBe(0);
    expect(backends.map(({ name }) => row(child, name)?.[0])).toEqual([undefined, 'dtls-node-dtls-client']);
  });

  it('registers at a real server', async () => {
    await using server = await registrationServer();
    await using child = demo([...server.arguments, '--key', KEY]);
    expect(await child.ended, child.output()).toBe(0);
    for (const { name } of available) expect(row(child, name)?.at(-1)).toBe('registered, updated, de-registered');
    expect(server.seen).toBe(available.length);
  });

  it.each(available.map(({ name }) => name))('says in words that a key is wrong: %s', async (name) => {
    await using server = await registrationServer();
    await using child = demo([...server.arguments, '--key', 'ffff'], { AVS_NET_USE: `dtls=${name}` });
    expect(await child.ended).toBe(1);
    expect(row(child, name)?.at(-1)).toMatch(/no answer after ClientKeyExchange.*key or identity may be wrong/);
    expect(server.seen).toBe(0);
  });

  it.each<[string, string[], Record<string, string>, RegExp]>([
    ['a server without credentials', ['--server', 'coaps://localhost'], {}, /needs --server .* --identity .* --key/],
    ['credentials without a server', ['--identity', 'a', '--key', '00'], {}, /needs --server/],
    ['another scheme', ['--server', 'coap://localhost', '--identity', 'a', '--key', '00'], {}, /coaps:/],
    ['a key that is not hexadecimal', ['--server', 'coaps://h', '--identity', 'a', '--key', 'xyz'], {}, /HEX/],
    ['an unknown option', ['--sever', 'coaps://localhost'], {}, /--sever/],
    ['a backend that is not there', [], { AVS_NET_USE: 'dtls=openssl' }, /"openssl" is unknown/],
  ])('refuses %s in one line', async (_, args, env, pattern) => {
    await using child = demo(args, env);
    expect(await child.ended).toBe(1);
    expect(child.output()).toMatch(pattern);
    expect(child.output()).not.toMatch(/xyz|\n\s+at /);
  });
});

interface RegistrationServer extends AsyncDisposable {
  readonly arguments: readonly string[];
  /** How many peers came. */
  readonly seen: number;
}

async function registrationServer(): Promise<RegistrationServer> {
  const net = createNet({ plugins, use });
  const identities = { 'urn:dev:os:1': Buffer.from(KEY, 'hex') };
  const server = await net.createSocket('dtls', { security: pskServer({ identities }) });
  await server.bind('127.0.0.1', 0);
  let seen = 0;
  server.on('connection', () => {
    seen += 1;
  });
  serveRegistrations(server);
  return {
    arguments: ['--server', `coaps://127.0.0.1:${server.localPort()}`, '--identity', 'urn:dev:os:1'],
    get seen() {
      return seen;
    },
    [Symbol.asyncDispose]: () => net.close(),
  };
}
