/**
 * A host on which the native addon cannot be loaded: a copy of the built package whose addon is absent, is none, or
 * asks for a function that this node does not export. The command line has to explain it and go on without.
 */

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type Child, startChild } from './child.ts';

const PACKAGE = fileURLToPath(new URL('../packages/dtls-openssl', import.meta.url));
const ADDON = join(PACKAGE, 'build/Release/dtls_openssl.node');
const BIN = fileURLToPath(new URL('../packages/cli/bin/avs-net.js', import.meta.url));

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const cases: [string, (addon: Buffer) => Buffer | undefined, RegExp][] = [
  [
    'a function of OpenSSL that node does not export',
    (addon) => renamed(addon, 'DTLS_method', 'DTLS_mothed'),
    /does not export the OpenSSL functions that the native addon needs \(missing: DTLS_mothed\).*another dtls backend/,
  ],
  ['a file that is no addon', () => Buffer.from('not an addon'), /^the native addon cannot be loaded: /],
  ['no addon', () => undefined, /^the native addon is not built for .*pnpm build.*another dtls backend/],
];

describe.each(cases)('with %s', (_, change, reason) => {
  it('doctor says why dtls-openssl is unavailable, and names the others', async (context) => {
    const cwd = project(context, change);
    await using child = avsNet(cwd, 'doctor', '--json');
    expect(await child.ended, child.output()).toBe(0);
    const backends = events(child);
    expect(backends.find(({ name }) => name === 'dtls-openssl')).toMatchObject({
      event: 'backend',
      available: false,
      reason: expect.stringMatching(reason),
      claims: { client: { security: expect.arrayContaining(['psk']) } },
    });
    expect(backends.find(({ name }) => name === 'dtls-node-dtls-client')).toMatchObject({ available: true });
    await using table = avsNet(cwd, 'doctor');
    expect(await table.ended).toBe(0);
    expect(table.output()).toMatch(/unavailable: /);
  });

  it('connect goes on with the next backend, or says the same', async (context) => {
    const cwd = project(context, change);
    const psk = ['--psk-identity', 'a', '--psk-key', '00', '--handshake-timeouts', '20,20', '--send', 'x', '--json'];
    await using others = avsNet(cwd, 'connect', 'dtls://127.0.0.1:9', ...psk);
    expect(await others.ended).toBe(1);
    expect(events(others)).toMatchObject([{ event: 'error', operation: 'connect', backend: 'dtls-node-dtls-client' }]);
    await using named = avsNet(cwd, 'connect', 'dtls://127.0.0.1:9', ...psk, '--backend', 'dtls-openssl');
    expect(await named.ended).toBe(1);
    expect(events(named)).toMatchObject([{ event: 'error', code: 'ENODEV', operation: 'createSocket' }]);
    expect(events(named)[0]?.['message']).toMatch(/native addon/);
  });
});

/** A folder from which the changed copy is found first; what it depends on is that of the original. */
function project(context: { skip(note: string): void }, change: (addon: Buffer) => Buffer | undefined): string {
  if (!existsSync(ADDON) && process.env['AVS_NET_REQUIRE_PEERS'] !== '1') {
    context.skip('unavailable: the native addon is not built here');
  }
  const folder = mkdtempSync(join(tmpdir(), 'avs-net-'));
  folders.push(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const copy = join(folder, 'node_modules/@avs-net/dtls-openssl');
  mkdirSync(join(copy, 'build/Release'), { recursive: true });
  for (const part of ['package.json', 'dist']) cpSync(join(PACKAGE, part), join(copy, part), { recursive: true });
  symlinkSync(join(PACKAGE, 'node_modules'), join(copy, 'node_modules'), 'junction');
  const addon = change(readFileSync(ADDON));
  if (addon !== undefined) writeFileSync(join(copy, 'build/Release/dtls_openssl.node'), addon);
  return folder;
}

/** `addon`, asking for `to` instead of `from`: names in its table of strings end in NUL. */
function renamed(addon: Buffer, from: string, to: string): Buffer {
  const at = addon.indexOf(`\0${from}\0`);
  if (at < 0 || from.length !== to.length) throw new Error(`the addon does not ask for ${from}`);
  const changed = Buffer.from(addon);
  for (let found = at; found >= 0; found = changed.indexOf(`\0${from}\0`, found)) changed.write(to, found + 1);
  return changed;
}

function avsNet(cwd: string, ...args: string[]): Child {
  return startChild(process.execPath, [BIN, ...args], { cwd, env: { AVS_NET_USE: '' } });
}

function events(child: Child): Record<string, unknown>[] {
  const lines = child.output().split('\n');
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>);
}
