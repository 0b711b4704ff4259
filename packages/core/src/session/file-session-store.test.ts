import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileSessionStore } from './file-session-store.ts';

let directory: string;
let path: string;
const session = (fill: number): Uint8Array => new Uint8Array(40).fill(fill);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'avs-net-sessions-'));
  path = join(directory, 'sessions');
});
afterEach(() => rm(directory, { recursive: true }));

describe('a file of sessions', () => {
  it('need not exist, and holds nothing then', async () => {
    expect(await fileSessionStore(path).get('a')).toBeUndefined();
    await fileSessionStore(path).delete('a');
    expect(await readdir(directory)).toEqual([]);
  });

  it('gives to another store what one has put in', async () => {
    const store = fileSessionStore(path);
    await store.set('a', session(1));
    await store.set('\u00fc', session(2));
    await store.set('a', session(3));
    const other = fileSessionStore(path);
    expect(await other.get('a')).toEqual(session(3));
    expect(await other.get('\u00fc')).toEqual(session(2));
    await other.delete('a');
    expect(await store.get('a')).toBeUndefined();
    expect(await store.get('\u00fc')).toEqual(session(2));
  });

  it('keeps all of many writes at once, and nothing beside the file', async () => {
    const store = fileSessionStore(path);
    await Promise.all(Array.from({ length: 20 }, (_, index) => store.set(`${index}`, session(index))));
    for (let index = 0; index < 20; index++) expect(await store.get(`${index}`)).toEqual(session(index));
    expect(await readdir(directory)).toEqual(['sessions']);
  });

  it('keeps the latest 64', async () => {
    const store = fileSessionStore(path);
    for (let index = 0; index < 66; index++) await store.set(`${index}`, session(index));
    const kept = await Promise.all([0, 1, 2, 65].map(async (index) => (await store.get(`${index}`)) !== undefined));
    expect(kept).toEqual([false, false, true, true]);
  });

  it('is for its owner only, where files have owners', async () => {
    await fileSessionStore(path).set('a', session(1));
    const others = (await stat(path)).mode & 0o077;
    expect(process.platform === 'win32' || others === 0).toBe(true);
  });

  it('takes the session before it returns', async () => {
    const given = session(1);
    const writing = fileSessionStore(path).set('a', given);
    given.fill(0);
    await writing;
    expect(await fileSessionStore(path).get('a')).toEqual(session(1));
  });

  it.each([
    ['empty', ''],
    ['of another kind', 'not sessions'],
    ['of another version', 'avs-net sessions 2\n'],
  ])('that is %s holds nothing and can be written', async (_what, content) => {
    await writeFile(path, content);
    const store = fileSessionStore(path);
    expect(await store.get('a')).toBeUndefined();
    await store.set('a', session(1));
    expect(await store.get('a')).toEqual(session(1));
  });

  it('that was cut anywhere gives what is whole and nothing else', async () => {
    await fileSessionStore(path).set('a', session(1));
    await fileSessionStore(path).set('b', session(2));
    const whole = await readFile(path);
    for (let length = 0; length < whole.length; length++) {
      await writeFile(path, whole.subarray(0, length));
      const kept = await Promise.all(['a', 'b'].map((key) => fileSessionStore(path).get(key)));
      expect([undefined, session(1)]).toContainEqual(kept[0]);
      expect(kept[1]).toBeUndefined();
    }
  });

  it('rejects where it cannot be read or written, and goes on afterwards', async () => {
    await mkdir(path);
    const store = fileSessionStore(path);
    await expect(store.get('a')).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(store.set('a', session(1))).rejects.toMatchObject({ code: 'EISDIR' });
    await rm(path, { recursive: true });
    await store.set('a', session(1));
    expect(await store.get('a')).toEqual(session(1));
  });

  it.each(['', 'a\0b', 7, undefined])('is not named %j', (wrong) => {
    expect(() => fileSessionStore(wrong as string)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });
});
