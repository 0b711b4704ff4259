/**
 * Exported associations in a directory, for all processes of a machine at once. Each id has a folder of its own with
 * one file that names the present entry; every operation is one rename of that file to a name that was never used, so
 * that exactly one of those that try at once succeeds and a crash leaves the old or the new. Whatever is answered has
 * reached the disk before: an entry that comes back after a power cut would be used twice.
 */

import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AssociationStore } from '../contract/configuration.ts';
import { NetError } from '../contract/error.ts';

/**
 * In `directory`, which is made if it is not there (mode 0700, files 0600) and must be on a disk that all its users
 * share. An id that was used leaves a folder with an empty file behind. EINVAL for what is no path.
 */
export function fileAssociationStore(directory: string): AssociationStore {
  if (typeof directory !== 'string' || directory === '' || directory.includes('\0')) {
    const message = 'directory must be a path of a directory';
    throw new NetError({ code: 'EINVAL', operation: 'associationStore', message });
  }
  return {
    async replace(id, expected, entry) {
      const folder = join(directory, folderName(id));
      const [old, wanted, content] = [digest(expected), digest(entry), entry && Uint8Array.from(entry)];
      for (;;) {
        const { present, files } = await look(folder);
        if (present === undefined) {
          if (old !== NOTHING && wanted !== NOTHING) return false;
          if (wanted === NOTHING) return true;
          await makeFolder(directory, folder);
        } else {
          const is = present.slice(PRESENT.length, PRESENT.length + wanted.length);
          if (is !== old && is !== wanted) return false;
          if (await exchange(folder, present, files, wanted, content)) return true;
        }
      }
    },
    async take(id) {
      const folder = join(directory, folderName(id));
      for (let missing = ''; ; ) {
        const { present, files } = await look(folder);
        if (present === undefined || present.startsWith(PRESENT + NOTHING)) return undefined;
        // Before it is taken, because whoever comes next sweeps it away.
        const entry = await read(join(folder, contentOf(present)));
        if (entry === undefined && present === missing) throw damaged(folder, contentOf(present));
        missing = present;
        if (entry !== undefined && (await exchange(folder, present, files, NOTHING, undefined))) return entry;
      }
    },
  };
}

/** `present`: the name of the file that says what is there; undefined: this id was never used. */
async function look(folder: string): Promise<{ readonly present: string | undefined; readonly files: string[] }> {
  // While it is renamed the file can be missed by whoever reads the folder.
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    try {
      const files = await readdir(folder);
      const present = files.find((name) => name.startsWith(PRESENT));
      if (present !== undefined) return { present, files };
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      return { present: undefined, files: [] };
    }
  }
  throw damaged(folder, `${PRESENT}*`);
}

/** False: somebody else was faster. `files` were there before, and are of no use to anybody after it. */
async function exchange(
  folder: string,
  present: string,
  files: readonly string[],
  wanted: string,
  entry: Uint8Array | undefined,
): Promise<boolean> {
  const next = `${PRESENT}${wanted}-${randomUUID()}`;
  if (entry !== undefined) await write(join(folder, contentOf(next)), entry);
  try {
    await rename(join(folder, present), join(folder, next));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    // Over a network the answer may have been lost, and the second try found it done.
    if ((await look(folder)).present !== next) {
      await rm(join(folder, contentOf(next)), { force: true });
      return false;
    }
  }
  await sync(folder);
  for (const file of files) if (file.startsWith(CONTENT)) await rm(join(folder, file), { force: true });
  return true;
}

/** Several may do so at once: the first one counts. */
async function makeFolder(directory: string, folder: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const beside = join(directory, `.${randomUUID()}`);
  await mkdir(beside, { mode: 0o700 });
  try {
    await write(join(beside, `${PRESENT}${NOTHING}-${randomUUID()}`), new Uint8Array());
    await sync(beside);
    await rename(beside, folder);
    await sync(directory);
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    if (!TAKEN.includes(codeOf(error) ?? '')) throw error;
  }
}

/** Undefined: somebody else has swept it away. */
async function read(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Names have reached the disk. Windows has no such thing and needs none. */
async function sync(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function damaged(folder: string, file: string): NetError {
  const message = `${folder} holds no file ${file}: something else than this store was here, delete the folder`;
  return new NetError({ code: 'EIO', operation: 'associationStore', message });
}

/** Neither case nor characters of an id matter to a file system this way. */
function folderName(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}

function digest(entry: Uint8Array | undefined): string {
  return entry === undefined ? NOTHING : createHash('sha256').update(entry).digest('hex');
}

function contentOf(present: string): string {
  return CONTENT + present.slice(PRESENT.length);
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

const PRESENT = 'present-';
const CONTENT = 'content-';
/** As long as a digest. */
const NOTHING = '0'.repeat(64);
const MOST_LOOKS = 1_000;
/** What a rename onto a folder that is not empty says. */
const TAKEN: readonly string[] = ['ENOTEMPTY', 'EEXIST', 'EPERM'];
