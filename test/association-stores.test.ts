/**
 * The stores of core against the cases for any store, and what only a file has: crashes, strangers' files, permissions.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ASSOCIATION_STORE_CASES } from '@avs-net/conformance';
import { type AssociationStore, fileAssociationStore, memoryAssociationStore } from '@avs-net/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'avs-net-associations-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('in memory', () => {
  const store = memoryAssociationStore();
  it.each(ASSOCIATION_STORE_CASES)('$name', ({ run }) => run(() => store));
});

describe('in files', () => {
  it.each(ASSOCIATION_STORE_CASES)('$name', ({ run }) => run(() => fileAssociationStore(directory)));

  it('leaves one empty file of an id that was used, and nothing that others can read', async () => {
    const place = join(directory, 'made', 'by', 'the store');
    const store = fileAssociationStore(place);
    const entries = [Buffer.from('one'), Buffer.from('two')];
    expect(await store.replace('a', undefined, entries[0])).toBe(true);
    expect(await store.replace('a', entries[0], entries[1])).toBe(true);
    const [folder = ''] = await readdir(place);
    const files = await readdir(join(place, folder));
    expect(files).toHaveLength(2);
    for (const path of [place, join(place, folder), ...files.map((file) => join(place, folder, file))]) {
      expect(process.platform === 'win32' || (await stat(path)).mode & 0o077).toBe(
        process.platform === 'win32' ? true : 0,
      );
    }
    await store.take('a');
    expect((await readdir(join(place, folder))).length).toBe(1);
    expect(await readdir(place)).toEqual([folder]);
  });

  it('rejects where it cannot write, or finds what it did not make', async () => {
    const place = join(directory, 'file');
    await writeFile(place, '');
    await expect(fileAssociationStore(place).replace('a', undefined, Buffer.from('x'))).rejects.toThrow();
    const strange = join(directory, 'strange');
    await fileAssociationStore(strange).replace('a', undefined, Buffer.from('x'));
    const [folder = ''] = await readdir(strange);
    await rm(join(strange, folder), { recursive: true });
    await mkdir(join(strange, folder));
    await expect(fileAssociationStore(strange).take('a')).rejects.toMatchObject({ code: 'EIO' });
  });

  it.each(['', 'a\0b', 7, undefined])('are not in %j', (wrong) => {
    expect(() => fileAssociationStore(wrong as string)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });

  it('gives every entry once though whoever puts, replaces and takes is killed at any moment', async () => {
    const place = join(directory, 'killed');
    const log = join(directory, 'killed.log');
    await writeFile(log, '');
    for (let round = 0; round < 6; round++) {
      const workers = Array.from({ length: 3 }, () => worker(place, log));
      await Promise.all(workers.map(({ ready }) => ready));
      // As far as they come until the first of them has done some work more.
      await workers[round % 3]!.works(1 + 3 * round);
      for (const { child } of workers) child.kill('SIGKILL');
      await Promise.all(workers.map(({ child }) => once(child, 'exit')));
    }
    const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => line.endsWith('.'));
    const taken = lines.filter((line) => line.startsWith('took')).map((line) => line.slice(5));
    expect(taken.length).toBeGreaterThan(6);
    expect(new Set(taken).size).toBe(taken.length);
    const store: AssociationStore = fileAssociationStore(place);
    const rest = await store.take('a');
    expect(taken).not.toContain(`${Buffer.from(rest ?? '').toString()}.`);
    expect(await store.replace('a', undefined, Buffer.from('fresh'))).toBe(true);
  });
});

interface Worker {
  readonly child: ReturnType<typeof spawn>;
  readonly ready: Promise<unknown>;
  /** Resolves when that many more operations are done. */
  works(operations: number): Promise<void>;
}

function worker(place: string, log: string): Worker {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'association-worker.mjs'), place, log], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { stdout } = child;
  return {
    child,
    ready: once(stdout!, 'data'),
    async works(operations) {
      for (let seen = 0; seen < operations; ) seen += String((await once(stdout!, 'data'))[0]).length;
    },
  };
}
