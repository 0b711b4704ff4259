/**
 * Native parts that need no node, compiled with sanitizers and driven by programs of their own. The record layer, fed
 * by one that knows only bytes: no byte beside a record is read or written, and nothing is left behind. Slabs, which
 * would hide from a sanitizer what happens in them: no block overlaps another one.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { endUnavailable } from '../../../test/peers.ts';

/** Milliseconds to compile and run on a busy machine. */
const PATIENCE = 300_000;
const NATIVE = fileURLToPath(new URL('../native', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'avs-net-native-'));
let reason: string | undefined;

beforeAll(() => {
  reason = unavailable();
}, PATIENCE);
beforeEach((test) => {
  if (reason !== undefined) endUnavailable(test, reason);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the record layer', () => {
  const program = join(folder, 'record-fuzz');
  const parts = /^(cipher-pool|key-block|replay-window|slabs|record-(?!entries).*)\.cc$/;

  it.each([1, 2, 3])('keeps to its memory, whatever arrives (seed %i)', { timeout: PATIENCE }, (seed) => {
    if (!existsSync(program)) compile('address,undefined', [driver('record-fuzz.cc'), ...sources(parts)], program);
    const run = spawnSync(program, ['200', `${seed}`], { encoding: 'utf8' });
    expect([run.status, run.stderr]).toEqual([0, '']);
    expect(run.stdout).toMatch(/^[1-9]\d* opened\n$/);
  });
});

describe('slabs', () => {
  const program = join(folder, 'slab-fuzz');

  it.each([1, 2, 3])('keep blocks apart, and go when they are empty (seed %i)', { timeout: PATIENCE }, (seed) => {
    if (!existsSync(program)) compile('undefined', [driver('slab-fuzz.cc'), ...sources(/^slabs\.cc$/)], program);
    const run = spawnSync(program, [`${seed}`], { encoding: 'utf8' });
    expect([run.status, run.stderr]).toEqual([0, '']);
    // Far more than the one of each size that may stay.
    expect(run.stdout).toMatch(/^\d{3} slabs\n$/);
  });
});

/** Against the system's libcrypto, because node's cannot be linked; the headers are node's. */
function compile(sanitizers: string, files: readonly string[], output: string): void {
  const headers = join(process.env['npm_config_nodedir'] ?? join(dirname(process.execPath), '..'), 'include/node');
  const checks = [`-fsanitize=${sanitizers}`, '-fno-sanitize-recover=all', '-Wall', '-Wextra', '-Werror'];
  const command = ['-std=c++17', '-O1', '-g', ...checks, `-I${headers}`, `-I${NATIVE}`, ...files];
  const linked = ['-pthread', '-l:libcrypto.so.3', '-o', output];
  execFileSync(process.env['CXX'] ?? 'c++', [...command, ...linked], { stdio: 'pipe' });
}

function driver(name: string): string {
  return fileURLToPath(new URL(`../test/${name}`, import.meta.url));
}

function sources(parts: RegExp): string[] {
  return readdirSync(NATIVE)
    .filter((name) => parts.test(name))
    .map((name) => join(NATIVE, name));
}

function unavailable(): string | undefined {
  if (process.platform !== 'linux') return 'unavailable: libcrypto is linked by its name on Linux';
  const nothing = join(folder, 'nothing.cc');
  writeFileSync(nothing, 'int main() {}\n');
  try {
    compile('address,undefined', [nothing], join(folder, 'nothing'));
    return undefined;
  } catch {
    return 'unavailable: there is no C++ compiler (c++) with sanitizers, or no libcrypto.so.3';
  }
}
