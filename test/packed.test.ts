/**
 * The packages as npm would deliver them, in a folder that is no workspace: every file that is needed is there, none
 * that is not, both module systems load them, and their declarations hold without skipLibCheck.
 */

import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const addon = join(root, 'packages/dtls-openssl/build/Release/dtls_openssl.node');
const app = mkdtempSync(join(tmpdir(), 'avs-net-app-'));
const modules = join(app, 'node_modules');

describe.skipIf(!existsSync(addon))('packages as published (unavailable without the compiled addon)', () => {
  beforeAll(() => {
    execFileSync(process.execPath, ['scripts/pack.mjs', app], { cwd: root });
    for (const tarball of readdirSync(app).filter((name) => name.endsWith('.tgz'))) install(tarball);
    writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  });
  afterAll(() => rmSync(app, { recursive: true, force: true }));

  it('hold neither tests nor build information, and name no workspace', () => {
    const files = readdirSync(join(modules, '@avs-net'), { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => /\.test\.|tsbuildinfo|tsconfig/.test(file))).toEqual([]);
    const manifests = files.filter((file) => /^[^/]+\/package\.json$/.test(file));
    expect(manifests.length).toBeGreaterThan(8);
    for (const file of manifests) {
      const text = readFileSync(join(modules, '@avs-net', file), 'utf8');
      expect(text).not.toContain('workspace:');
      expect(JSON.parse(text).scripts?.install, 'no script runs at installation').toBeUndefined();
    }
  });

  it('connect a client to a server by import', () => {
    expect(run('app.mjs', ESM)).toBe('hello over dtls-openssl\n');
  });

  it('load by require', () => {
    expect(run('app.cjs', COMMON_JS)).toBe('function function true\n');
  });

  it('carry a command line that finds every backend', () => {
    const doctor = execFileSync(process.execPath, [join(modules, '@avs-net/cli/bin/avs-net.js'), 'doctor', '--json']);
    const found = doctor
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; available: boolean });
    expect(found.filter(({ available }) => available).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['udp', 'tcp', 'dtls-openssl', 'dtls-node-dtls-client', 'tls-node']),
    );
  });

  it('declare types that hold', () => {
    writeFileSync(join(app, 'app.mts'), ESM);
    const options = [
      '--noEmit',
      '--strict',
      '--target',
      'es2023',
      '--lib',
      'es2023,esnext.disposable',
      '--module',
      'nodenext',
    ];
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    expect(() =>
      execFileSync(process.execPath, [tsc, ...options, '--types', 'node', 'app.mts'], { cwd: app }),
    ).not.toThrow();
  });
});

/** Unpacks one of ours; libraries of others come from where the workspace has them. */
function install(tarball: string): void {
  const name = tarball.replace(/^avs-net-(.*)-\d+\.\d+\.\d+\.tgz$/, '$1');
  const folder = join(modules, '@avs-net', name);
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['xzf', join(app, tarball), '-C', folder, '--strip-components=1']);
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const library of [...Object.keys(dependencies), '@types/node']) {
    if (library.startsWith('@avs-net/') || existsSync(join(modules, library))) continue;
    mkdirSync(join(modules, library, '..'), { recursive: true });
    const owner = library === '@types/node' ? root : join(root, 'packages', name);
    symlinkSync(join(owner, 'node_modules', library), join(modules, library));
  }
}

function run(file: string, text: string): string {
  writeFileSync(join(app, file), text);
  return execFileSync(process.execPath, [join(app, file)], { cwd: app, encoding: 'utf8' });
}

const ESM = `
import { createNet } from '@avs-net/core';
import { psk, pskServer } from '@avs-net/credentials';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { udp } from '@avs-net/udp';

const net = createNet({ plugins: [udp, dtlsOpenssl] });
const key = new Uint8Array(16).fill(7);
const server = await net.createSocket('dtls', { security: pskServer({ lookup: () => key }) });
await server.bind('127.0.0.1', 0);
server.on('connection', (peer) => {
  peer.on('message', (data) => void peer.send(data));
});
const client = await net.createSocket('dtls', { security: psk({ identity: 'dev-1', key }) });
await client.connect('127.0.0.1', server.localPort());
await client.send(new TextEncoder().encode('hello'));
const answer = await client.receive();
console.log(new TextDecoder().decode(answer ?? undefined), 'over', client.info().backend);
await client.dispose();
await server.dispose();
await net.close();
`;

const COMMON_JS = `
const { createNet } = require('@avs-net/core');
const { netModule } = require('@avs-net/core/container');
const { dtlsOpenssl } = require('@avs-net/dtls-openssl');
console.log(typeof createNet, typeof netModule, Object.isFrozen(dtlsOpenssl));
`;
