/**
 * The record layer compiled with address and undefined-behaviour sanitizers, fed by a driver that knows only bytes: no
 * byte beside a record is read or written, and nothing is left behind.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

/** Milliseconds to compile and run on a busy machine. */
const PATIENCE = 300_000;
const NATIVE = fileURLToPath(new URL('../native', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'avs-net-records-'));
const program = join(folder, 'record-fuzz');
let reason: string | undefined;

beforeAll(() => {
  reason = unavailable();
  if (reason === undefined)
    compile(fileURLToPath(new URL('../test/record-fuzz.cc', import.meta.url)), program, sources());
}, PATIENCE);
beforeEach((test) => {
  if (reason !== undefined && process.env['AVS_NET_REQUIRE_PEERS'] === '1') throw new Error(reason);
  if (reason !== undefined) test.skip(reason);
});
afterAll(() => rmSync(folder, { recursive: true }));

it.each([1, 2, 3])('keeps to its memory, whatever arrives (seed %i)', { timeout: PATIENCE }, (seed) => {
  const run = spawnSync(program, ['200', `${seed}`], { encoding: 'utf8' });
  expect([run.status, run.stderr]).toEqual([0, '']);
  expect(run.stdout).toMatch(/^[1-9]\d* opened\n$/);
});

/** Against the system's libcrypto, because node's cannot be linked; the headers are node's. */
function compile(source: string, output: string, more: readonly string[] = []): void {
  const headers = join(process.env['npm_config_nodedir'] ?? join(dirname(process.execPath), '..'), 'include/node');
  const checks = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-Wall', '-Wextra', '-Werror'];
  const include = [`-I${headers}`, `-I${NATIVE}`];
  const command = [
    '-std=c++17',
    '-O1',
    '-g',
    ...checks,
    ...include,
    source,
    ...more,
    '-l:libcrypto.so.3',
    '-o',
    output,
  ];
  execFileSync(process.env['CXX'] ?? 'c++', command, { stdio: 'pipe' });
}

function sources(): string[] {
  const parts = /^(cipher-pool|key-block|replay-window|record-(?!entries).*)\.cc$/;
  return readdirSync(NATIVE)
    .filter((name) => parts.test(name))
    .map((name) => join(NATIVE, name));
}

function unavailable(): string | undefined {
  if (process.platform !== 'linux') return 'unavailable: libcrypto is linked by its name on Linux';
  const nothing = join(folder, 'nothing.cc');
  writeFileSync(nothing, 'int main() {}\n');
  try {
    compile(nothing, join(folder, 'nothing'));
    return undefined;
  } catch {
    return 'unavailable: there is no C++ compiler (c++) with sanitizers, or no libcrypto.so.3';
  }
}
