/**
 * The retransmission schedule (RFC 6347 §4.2.4.1, avs reference) to the millisecond, as it shows on the wire: OpenSSL
 * reads the time itself, so it is given another one, by a library that is preloaded over gettimeofday.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { endUnavailable } from '../../../test/peers.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const ADDON = here('../build/Release/dtls_openssl.node');
const folder = mkdtempSync(join(tmpdir(), 'avs-net-schedule-'));
const library = join(folder, 'fake-time.so');

beforeEach((test) => {
  if (existsSync(library)) return;
  const reason = unavailable();
  if (reason !== undefined) endUnavailable(test, reason);
  execFileSync('cc', ['-shared', '-fPIC', '-o', library, here('../test/fake-time.c')]);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a client that nobody answers', () => {
  it.each([
    ['by default', 1_000, 60_000, [0, 1_000, 3_000, 7_000, 15_000, 31_000, 63_000], 123_000],
    ['with few waits', 1_000, 2_000, [0, 1_000], 3_000],
    ['with one wait', 500, 500, [0], 500],
    ['where doubling passes the longest wait', 300, 1_000, [0, 300, 900], 1_900],
    [
      'with as many waits as OpenSSL has',
      20,
      40_960,
      [0, ...Array.from({ length: 11 }, (_, n) => 20 * (2 ** (n + 1) - 1))],
      81_900,
    ],
  ])('sends at exact times %s', (_what, min, max, sent, failed) => {
    const time = join(folder, 'time');
    writeFileSync(time, Buffer.alloc(8));
    const output = execFileSync(process.execPath, [here('../test/scheduled-client.mjs'), ADDON, `${min}`, `${max}`], {
      env: { ...process.env, LD_PRELOAD: library, AVS_NET_FAKE_TIME: time },
    });
    expect(JSON.parse(output.toString())).toEqual({ sent, failed });
  });
});

function unavailable(): string | undefined {
  if (process.platform !== 'linux') return 'unavailable: only the loader of Linux preloads libraries this way';
  return spawnSync('cc', ['--version']).status === 0 ? undefined : 'unavailable: there is no C compiler (cc)';
}
