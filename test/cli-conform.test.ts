/**
 * `avs-net conform` as a backend author runs it: the built program in a child process, in the folder of the backend.
 */

import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plan } from '@avs-net/conformance';
import { afterAll, describe, expect, it } from 'vitest';
import { customBackend } from '../examples/custom-backend/src/index.ts';
import { type Child, startChild } from './child.ts';

const BIN = fileURLToPath(new URL('../packages/cli/bin/avs-net.js', import.meta.url));
const BACKEND = fileURLToPath(new URL('../examples/custom-backend', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'avs-net-conform-'));
afterAll(() => rm(folder, { recursive: true }));

const conform = (...args: string[]): Child => startChild(process.execPath, [BIN, 'conform', ...args], { cwd: BACKEND });

const events = (child: Child): Record<string, unknown>[] =>
  child
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** A module that breaks the reference backend: it claims ALPN, which it ignores. */
function brokenModule(): string {
  const file = join(folder, 'broken.mjs');
  const sound = fileURLToPath(new URL('../examples/custom-backend/dist/index.js', import.meta.url));
  writeFileSync(
    file,
    `import { customBackend } from ${JSON.stringify(sound)};
     const { claims } = customBackend;
     const wide = { client: { ...claims.client, alpn: true }, server: { ...claims.server, alpn: true } };
     export const broken = { ...customBackend, name: 'broken', claims: { ...claims, ...wide } };`,
  );
  return file;
}

describe('avs-net conform', () => {
  it('runs every case of the module in this folder and counts what came of them', async () => {
    await using child = conform('./dist/index.js', '--json');
    expect(await child.ended, child.output()).toBe(0);
    const cases = events(child).filter(({ event }) => event === 'case');
    expect(cases.map(({ id }) => id)).toEqual(plan(customBackend).map(({ conformanceCase }) => conformanceCase.id));
    const refused = plan(customBackend).filter(({ action }) => action !== 'run').length;
    expect(events(child).at(-1)).toEqual({
      event: 'summary',
      passed: cases.length - refused,
      refusedAsDeclared: refused,
      failed: 0,
      waived: 0,
      unavailable: 0,
    });
  }, 60_000);

  it('says it in words', async () => {
    await using child = conform('./dist/index.js', '--case', 'psk/', '--case', 'claims/alpn');
    expect(await child.ended, child.output()).toBe(0);
    expect(child.output()).toMatch(/pass +psk\/wrong-key: never connects with a wrong key/);
    expect(child.output()).toMatch(/refused +claims\/alpn: alpn is not claimed/);
    expect(child.output()).toMatch(/custom-backend: \d+ passed, 1 refused as declared, 0 failed, 0 unavailable/);
  });

  it('finds a package by its name, and a peer by its', async () => {
    await using child = conform(
      '@avs-net/dtls-node-dtls-client',
      '--peer',
      './dist/index.js',
      '--case',
      'psk/connects',
      '--json',
    );
    expect(await child.ended, child.output()).toBe(0);
    expect(events(child)[0]).toMatchObject({ backend: 'dtls-node-dtls-client', peer: 'custom-backend' });
  });

  it('only plans when it is told to', async () => {
    await using child = conform('./dist/index.js', '--plan', '--json');
    expect(await child.ended).toBe(0);
    expect(events(child)).toContainEqual(
      expect.objectContaining({ id: 'claims/alpn', action: 'refuse', claim: 'alpn' }),
    );
    expect(events(child).some(({ event }) => event === 'case')).toBe(false);
  });

  it('ends with status 1 when a case fails, and names it', async () => {
    await using child = conform(brokenModule(), '--case', 'claims/', '--json');
    expect(await child.ended).toBe(1);
    const failed = events(child).filter(({ result }) => result === 'fail');
    expect(failed.map(({ id }) => id)).toEqual(['claims/alpn']);
    expect(events(child).at(-1)).toMatchObject({ failed: 1 });
  });

  it('takes waivers, and fails over one that can go', async () => {
    const module = brokenModule();
    await using child = conform(module, '--case', 'claims/', '--waive', 'claims/alpn=not built yet');
    expect(await child.ended, child.output()).toBe(0);
    expect(child.output()).toMatch(/waived: claims\/alpn: not built yet/);
    await using needless = conform(module, '--case', 'claims/data', '--waive', 'claims/data=old');
    expect(await needless.ended).toBe(1);
    expect(needless.output()).toMatch(/the waiver of claims\/data can go/);
  });

  it.each([
    ['no module', []],
    ['a module that is not there', ['no-such-module']],
    ['a module without plugin', ['node:path']],
    ['a plugin that the module has not', ['./dist/index.js', '--plugin', 'other']],
    ['a transport', ['@avs-net/udp']],
    ['an unknown case', ['./dist/index.js', '--case', 'psk/conects']],
    ['a waiver without reason', ['./dist/index.js', '--waive', 'psk/connects']],
    ['a waiver for an unknown case', ['./dist/index.js', '--waive', 'psk/conects=typo']],
  ])('refuses %s with status 2', async (_, args) => {
    await using child = conform(...args);
    expect(await child.ended, child.output()).toBe(2);
    expect(child.output()).not.toBe('');
    expect(child.output()).not.toMatch(/\n\s+at /);
  });
});
