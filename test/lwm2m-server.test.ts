/**
 * LwM2M registrations against a server of ours, as a device and libcoap make them: on the command line and in the
 * example.
 */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type Child, startChild } from './child.ts';
import { needs, type PeerProgram, startPeer } from './peers.ts';

const path = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url));
const BIN = path('packages/cli/bin/avs-net.js');
const DEVICE = path('examples/lwm2m-register/dist/main.js');
const KEY = 'secretPSK';
const HEX = Buffer.from(KEY).toString('hex');
const COAP_CLIENTS: readonly PeerProgram[] = ['coap-client-openssl', 'coap-client-gnutls'];

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

function started<T extends AsyncDisposable>(child: T): T {
  open.push(child);
  return child;
}

async function serve(...options: string[]): Promise<{ server: Child; port: string }> {
  const identities = ['urn:dev:os:1', 'urn:dev:os:2'].flatMap((identity) => ['--psk', `${identity}=${HEX}`]);
  const args = [BIN, 'serve', 'dtls://127.0.0.1:0', '--lwm2m', ...identities, ...options];
  const server = started(startChild(process.execPath, args));
  const [, port] = await server.line(/(?:"port":|127\.0\.0\.1:)(\d+)/);
  return { server, port: port! };
}

function request(program: PeerProgram, port: string, identity: string, query: string): Child {
  const uri = `coaps://127.0.0.1:${port}/rd?${query}`;
  const args = ['-B', '10', '-v', '7', '-m', 'post', '-u', identity, '-k', KEY, '-t', '40', '-e', '</1/0>,</3/0>', uri];
  return started(startPeer(program, args));
}

describe('avs-net serve --lwm2m', () => {
  it('keeps the directory of a device that registers, updates and leaves', async () => {
    const { server, port } = await serve('--json', '--stats');
    const args = ['--server', `coaps://127.0.0.1:${port}`, '--identity', 'urn:dev:os:1', '--key', HEX];
    const device = started(
      startChild(process.execPath, [DEVICE, ...args], { env: { AVS_NET_USE: 'dtls=dtls-openssl' } }),
    );
    expect(await device.ended, device.output()).toBe(0);
    server.process.kill('SIGINT');
    expect(await server.ended).toBe(0);
    const events = server
      .output()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.filter(({ event }) => event === 'registration')).toMatchObject([
      { change: 'registered', endpoint: 'urn:dev:os:1', identity: 'urn:dev:os:1', lifetime: 86_400, registrations: 1 },
      { change: 'updated', endpoint: 'urn:dev:os:1', registrations: 1 },
      { change: 'deregistered', endpoint: 'urn:dev:os:1', registrations: 0 },
    ]);
    expect(events.find(({ event }) => event === 'stats')).toMatchObject({ stats: { handshakesFinished: 1 } });
  });

  it.for(COAP_CLIENTS)('registers what %s asks for, under its own identity only', async (program, test) => {
    needs(test, program);
    const { server, port } = await serve();
    const own = request(program, port, 'urn:dev:os:1', 'ep=urn:dev:os:1&lt=300&lwm2m=1.1&b=U');
    await server.line(
      /^registered urn:dev:os:1 at 127\.0\.0\.1:\d+ \(\/rd\/[0-9a-f]{8}, 300 s, <\/1\/0>,<\/3\/0>\); 1 registered/,
    );
    await own.line(/2\.01/);
    await request(program, port, 'urn:dev:os:2', 'ep=urn:dev:os:1&lt=300&lwm2m=1.1&b=U').line(/4\.03/);
    await request(program, port, 'urn:dev:os:2', 'ep=urn:dev:os:2&lt=soon').line(/4\.00/);
    await request(program, port, 'urn:dev:os:2', 'ep=urn:dev:os:2&lwm2m=9.9').line(/4\.12/);
    expect(server.output()).not.toMatch(/2 registered/);
  });

  it('forgets who does not come back in time', async (test) => {
    needs(test, 'coap-client-openssl');
    const { server, port } = await serve();
    request('coap-client-openssl', port, 'urn:dev:os:1', 'lt=1&lwm2m=1.1');
    await server.line(/^expired urn:dev:os:1 .*; 0 registered/);
  });

  it.each([
    ['--max-peers', '0'],
    ['--idle-timeout', 'soon'],
  ])('refuses %s %s with status 2', async (option, value) => {
    const args = [BIN, 'serve', 'dtls://127.0.0.1:0', '--psk', 'a=00', option, value];
    expect(await started(startChild(process.execPath, args)).ended).toBe(2);
  });

  it('keeps its limits', async () => {
    const { server, port } = await serve('--max-peers', '1', '--json', '--stats');
    const connect = (identity: string, ...more: string[]): Child => {
      const psk = ['--psk-identity', identity, '--psk-key', HEX, '--handshake-timeouts', '50,100', ...more];
      return started(startChild(process.execPath, [BIN, 'connect', `dtls://127.0.0.1:${port}`, ...psk]));
    };
    await connect('urn:dev:os:1').line(/^connected/);
    expect(await connect('urn:dev:os:2', '--send', 'x').ended).toBe(1);
    server.process.kill('SIGTERM');
    const [line] = await server.line(/"event":"stats".*/);
    expect(line).toMatch(/"dropped.tooManyPeers":[1-9]/);
  });
});

it('the example binds every endpoint to its identity', async (test) => {
  needs(test, 'coap-client-openssl');
  const folder = await mkdtemp(join(tmpdir(), 'avs-net-'));
  open.push({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) });
  const file = join(folder, 'devices.json');
  await writeFile(file, JSON.stringify({ 'urn:dev:os:1': HEX, 'urn:dev:os:2': HEX }));
  const server = started(startChild(process.execPath, [path('examples/lwm2m-server/dist/main.js'), file, '0']));
  const [, port] = await server.line(/listening on port (\d+)/);
  request('coap-client-openssl', port!, 'urn:dev:os:1', 'ep=urn:dev:os:1&lt=300&lwm2m=1.1');
  await server.line(/^registered urn:dev:os:1 /);
  await request('coap-client-openssl', port!, 'urn:dev:os:2', 'ep=urn:dev:os:1&lwm2m=1.1').line(/4\.03/);
  server.process.kill('SIGTERM');
  expect(await server.ended).toBe(0);
});
