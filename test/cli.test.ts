/** The command line as a user runs it: the built program in a child process. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Child, startChild } from './child.ts';
import { needs } from './peers.ts';
import { createPki } from './pki.ts';

const BIN = fileURLToPath(new URL('../packages/cli/bin/avs-net.js', import.meta.url));
const KEY = '73656372657450534b';

const avsNet = (...args: string[]): Child => startChild(process.execPath, [BIN, ...args]);

const PURE = { AVS_NET_USE: 'dtls=dtls-node-dtls-client' };

/** Starts a server on a free port and tells which. */
async function listening(server: Child): Promise<string> {
  const [, port] = await server.line(/"event":"listening".*"port":(\d+)/);
  return port!;
}

const events = (child: Child): Record<string, unknown>[] =>
  child
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('avs-net', () => {
  it('doctor lists the backends with their state', async () => {
    await using doctor = avsNet('doctor', '--json');
    expect(await doctor.ended).toBe(0);
    const backends = events(doctor).filter(({ event }) => event === 'backend');
    expect(backends.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['udp', 'dtls-openssl', 'dtls-node-dtls-client']),
    );
    expect(backends.every(({ available, reason }) => available === true || typeof reason === 'string')).toBe(true);
  });

  it('doctor draws a table', async () => {
    await using doctor = avsNet('doctor');
    expect(await doctor.ended).toBe(0);
    expect(doctor.output()).toMatch(/dtls-openssl/);
    expect(doctor.output()).toMatch(/client: psk/);
  });

  it.each(['udp', 'dtls'])('connect and serve talk %s', async (scheme) => {
    const isSecure = scheme === 'dtls';
    const keys = isSecure ? ['--psk', `dev-1=${KEY}`] : [];
    await using server = avsNet('serve', `${scheme}://127.0.0.1:0`, ...keys, '--echo', '--json');
    const uri = `${scheme}://127.0.0.1:${await listening(server)}`;
    await using client = avsNet(
      ...['connect', uri, ...(isSecure ? ['--psk-identity', 'dev-1', '--psk-key', KEY] : []), '--json'],
      ...['--send', 'one', '--send', 'two', '--receive', '2', '--timeout', '10000'],
    );
    expect(await client.ended, client.output()).toBe(0);
    expect(events(client).map(({ event, text }) => text ?? event)).toEqual(['connected', 'one', 'two', 'closed']);
    const [connected] = events(client);
    expect(connected).toMatchObject({ localPort: expect.any(Number), peer: uri.slice(scheme.length + 3) });
    if (isSecure) {
      expect(connected).toMatchObject({ version: 'DTLSv1.2', innerMtu: expect.any(Number), resumed: false });
      expect(events(server)).toContainEqual(expect.objectContaining({ event: 'accepted', identity: 'dev-1' }));
    }
  });

  it.each<[string, readonly string[], string]>([
    ['AVS_NET_USE', [], 'dtls-node-dtls-client'],
    ['--backend, whatever AVS_NET_USE says', ['--backend', 'dtls-openssl'], 'dtls-openssl'],
  ])('takes the backend of %s', async (_, args, backend) => {
    await using server = avsNet('serve', 'dtls://127.0.0.1:0', '--psk', `dev-1=${KEY}`, '--json');
    const uri = `dtls://127.0.0.1:${await listening(server)}`;
    const psk = ['--psk-identity', 'dev-1', '--psk-key', KEY];
    const all = [BIN, 'connect', uri, ...psk, ...args, '--send', 'x', '--json'];
    await using client = startChild(process.execPath, all, { env: PURE });
    expect(await client.ended, client.output()).toBe(0);
    expect(events(client)[0]).toMatchObject({ event: 'connected', backend });
  });

  it('connect resumes the session that the last one left in --session', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'avs-net-cli-session-'));
    await using server = avsNet('serve', 'dtls://127.0.0.1:0', '--psk', `dev-1=${KEY}`, '--json');
    const uri = `dtls://127.0.0.1:${await listening(server)}`;
    const all = ['connect', uri, '--psk-identity', 'dev-1', '--psk-key', KEY, '--send', 'x', '--json'];
    for (const resumed of [false, true]) {
      await using client = avsNet(...all, '--session', join(folder, 'session'));
      expect(await client.ended, client.output()).toBe(0);
      expect(events(client)[0]).toMatchObject({ event: 'connected', resumed });
    }
    rmSync(folder, { recursive: true });
  });

  it('connect goes on from the association that the last one left in --association', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'avs-net-cli-association-'));
    const keyFile = join(folder, 'key');
    writeFileSync(keyFile, new Uint8Array(32).fill(7));
    const serving = ['serve', 'dtls://127.0.0.1:0', '--psk', `dev-1=${KEY}`, '--cid', '--echo', '--json'];
    await using server = avsNet(...serving);
    const uri = `dtls://127.0.0.1:${await listening(server)}`;
    const all = ['connect', uri, '--psk-identity', 'dev-1', '--psk-key', KEY, '--cid', '--send', 'x', '--receive', '1'];
    const kept = ['--association', join(folder, 'kept'), '--association-key', keyFile, '--json'];
    for (const continued of [undefined, true, true]) {
      await using client = avsNet(...all, ...kept);
      expect(await client.ended, client.output()).toBe(0);
      expect(events(client)[0]).toEqual(expect.objectContaining({ event: 'connected' }));
      expect(events(client)[0]!['continued']).toBe(continued);
      expect(events(client)).toContainEqual(expect.objectContaining({ event: 'message', text: 'x' }));
    }
    rmSync(folder, { recursive: true });
  });

  it('sends lines of standard input', async () => {
    await using server = avsNet('serve', 'dtls://127.0.0.1:0', '--psk', `dev-1=${KEY}`, '--echo', '--json');
    const uri = `dtls://127.0.0.1:${await listening(server)}`;
    await using client = avsNet('connect', uri, '--psk-identity', 'dev-1', '--psk-key', KEY, '--json');
    await client.line(/"event":"connected"/);
    client.write('hello there\n');
    expect(await client.line(/"text":"hello there"/)).toBeTruthy();
  });

  it('tells a wrong key in words, with status 1', async () => {
    await using server = avsNet('serve', 'dtls://127.0.0.1:0', '--psk', `dev-1=${KEY}`, '--json');
    const uri = `dtls://127.0.0.1:${await listening(server)}`;
    await using client = avsNet(
      ...['connect', uri, '--psk-identity', 'dev-1', '--psk-key', 'ffff', '--send', 'x'],
      ...['--json', '--handshake-timeouts', '50,100'],
    );
    expect(await client.ended).toBe(1);
    const error = events(client).find(({ event }) => event === 'error');
    expect(error).toMatchObject({ code: 'ETIMEDOUT', operation: 'connect' });
    expect(error?.['message']).toMatch(/key or identity/);
  });

  it.each([
    ['no command', []],
    ['an unknown command', ['frobnicate']],
    ['no URI', ['connect']],
    ['an unknown scheme', ['connect', 'gopher://x:1']],
    ['no credentials', ['connect', 'dtls://127.0.0.1:1']],
    ['a key that is not hexadecimal', ['connect', 'dtls://127.0.0.1:1', '--psk-identity', 'a', '--psk-key', 'xyz']],
    ['a port out of range', ['connect', 'udp://127.0.0.1:65536']],
    ['half a PSK', ['connect', 'dtls://127.0.0.1:1', '--psk-identity', 'a']],
    ['a key where nothing is secret', ['connect', 'udp://127.0.0.1:1', '--psk-key', '00', '--send', 'x']],
    ['keys where nothing is secret', ['serve', 'udp://127.0.0.1:0', '--psk', 'a=00']],
    ['a certificate where nothing is secret', ['connect', 'tcp://127.0.0.1:1', '--cert', 'hex:00', '--send', 'x']],
    ['trust where nothing is verified', ['connect', 'udp://127.0.0.1:1', '--no-verify', '--send', 'x']],
    ['a connection id where there is none', ['connect', 'coap://127.0.0.1', '--cid', '--send', 'x']],
    ['a key without its certificate', ['serve', 'dtls://127.0.0.1:0', '--key', 'hex:00']],
    ['bytes that are no base64', ['connect', 'dtls://127.0.0.1:1', '--ca', 'base64:xyz!']],
    ['a directory of revocation lists', ['connect', 'dtls://127.0.0.1:1', '--crl', 'path:/']],
    ['malformed timeouts', ['serve', 'dtls://127.0.0.1:0', '--psk', 'a=00', '--handshake-timeouts', 'soon']],
    ['a name without its key', ['serve', 'dtls://127.0.0.1:0', '--psk', 'a=00', '--name', 'a.example=a.crt']],
    ['names where nothing is secret', ['serve', 'udp://127.0.0.1:0', '--name', 'a.example=a.crt,a.key']],
    ['a server without keys', ['serve', 'dtls://127.0.0.1:0']],
    ['a count that is none', ['connect', 'udp://127.0.0.1:1', '--receive', 'many']],
  ])('refuses %s with status 2', async (_, args) => {
    await using child = avsNet(...args);
    expect(await child.ended).toBe(2);
    expect(child.output()).not.toBe('');
    expect(child.output()).not.toMatch(/xyz|\n\s+at /);
  });

  it.each([
    ['an engine that nobody provides', ['--ca', 'engine:pkcs11:object=ca'], /engine/],
    ['a version that is none', ['--psk-identity', 'a', '--psk-key', '00', '--min-version', 'DTLSv9'], /version/],
    [
      'a ciphersuite that is none',
      ['--psk-identity', 'a', '--psk-key', '00', '--ciphersuites', 'NULL'],
      /ciphersuites/,
    ],
  ])('points at %s, with status 1', async (_, args, pattern) => {
    await using child = avsNet('connect', 'dtls://localhost:1', ...args, '--json', '--send', 'x');
    expect(await child.ended).toBe(1);
    expect(events(child).at(-1)).toMatchObject({ event: 'error', message: expect.stringMatching(pattern) });
  });

  it('serves keys and certificates on one port, and certificates by name', async (test) => {
    needs(test, 'openssl');
    using pki = createPki();
    const root = pki.authority('root');
    const [own, one] = ['own.example', 'one.example'].map((name) => root.issue(name, { key: 'p256' }));
    await using server = avsNet(
      ...['serve', 'dtls://127.0.0.1:0', '--psk', `dev-1=${KEY}`, '--echo', '--json'],
      ...['--cert', own!.chainFile, '--key', own!.keyFile, '--name', `one.example=${one!.chainFile},${one!.keyFile}`],
    );
    const uri = `dtls://127.0.0.1:${await listening(server)}`;
    const talk = ['connect', uri, '--send', 'hello', '--receive', '1', '--json', '--handshake-timeouts', '50,400'];
    for (const [status, own] of [
      [0, ['--psk-identity', 'dev-1', '--psk-key', KEY]],
      [0, ['--ca', root.certificateFile, '--sni', 'one.example']],
      [1, ['--ca', root.certificateFile, '--sni', 'own.example']],
    ] as const) {
      await using client = avsNet(...talk, ...own);
      expect(await client.ended, client.output()).toBe(status);
      if (status === 1) expect(events(client).at(-1)).toMatchObject({ alert: { name: 'unrecognized_name' } });
    }
  });

  it('closes in order when it is interrupted', async () => {
    await using server = avsNet('serve', 'dtls://127.0.0.1:0', '--psk', `dev-1=${KEY}`, '--json');
    await listening(server);
    server.process.kill('SIGTERM');
    expect(await server.ended).toBe(0);
    expect(events(server).at(-1)).toEqual({ event: 'closed' });
  });
});
