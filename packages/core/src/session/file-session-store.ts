/**
 * Sessions in a file that outlives the process: small, written whole and put in place by rename, so that a crash leaves
 * the old or the new one. Readable by its owner only. What cannot be read as such a file holds nothing; several
 * processes may use one, and the last to write wins.
 */

import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { SessionStore } from '../contract/configuration.ts';
import { NetError } from '../contract/error.ts';
import { unpooledCopy, wipe } from '../contract/secret-bytes.ts';

/** The latest 64 sessions, in `path`, whose directory must exist. EINVAL for a path that is none. */
export function fileSessionStore(path: string): SessionStore {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw new NetError({ code: 'EINVAL', operation: 'sessionStore', message: 'path must be a path of a file' });
  }
  let last: Promise<unknown> = Promise.resolve();
  /** One after the other: a file that is being written is not read. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  };
  const change = (key: string, session: Uint8Array | undefined): Promise<void> =>
    inTurn(async () => {
      const sessions = await readSessions(path);
      const former = sessions.delete(key);
      if (session !== undefined) sessions.set(key, session);
      else if (!former) return;
      await writeSessions(path, [...sessions].slice(-CAPACITY));
    });
  return {
    get: (key) =>
      inTurn(async () => {
        const sessions = await readSessions(path);
        const found = sessions.get(key);
        return found && unpooledCopy(found);
      }),
    set: (key, session) => change(key, unpooledCopy(session)),
    delete: (key) => change(key, undefined),
  };
}

async function readSessions(path: string): Promise<Map<string, Uint8Array>> {
  try {
    return parse(await readFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
}

async function writeSessions(path: string, sessions: readonly (readonly [string, Uint8Array])[]): Promise<void> {
  const bytes = format(sessions);
  const beside = `${path}.${randomUUID()}`;
  try {
    await writeFile(beside, bytes, { mode: 0o600, flag: 'wx' });
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    throw error;
  } finally {
    wipe(bytes);
    for (const [, session] of sessions) wipe(session);
  }
}

/** After `MAGIC`, for each session: two bytes of length and the key, four bytes of length and the session. */
function format(sessions: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const keys = sessions.map(([key]) => Buffer.from(key));
  const size = sessions.reduce(
    (sum, [, session], index) => sum + 6 + keys[index]!.length + session.length,
    MAGIC.length,
  );
  const bytes = Buffer.from(new ArrayBuffer(size));
  let at = MAGIC.copy(bytes);
  sessions.forEach(([, session], index) => {
    const key = keys[index]!;
    at = bytes.writeUInt16BE(key.length, at);
    at += key.copy(bytes, at);
    at = bytes.writeUInt32BE(session.length, at);
    bytes.set(session, at);
    at += session.length;
  });
  return bytes;
}

/** Everything up to the first thing that is wrong. */
function parse(bytes: Buffer): Map<string, Uint8Array> {
  const sessions = new Map<string, Uint8Array>();
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return sessions;
  let at = MAGIC.length;
  while (at + 2 <= bytes.length) {
    const keyEnd = at + 2 + bytes.readUInt16BE(at);
    if (keyEnd + 4 > bytes.length) break;
    const end = keyEnd + 4 + bytes.readUInt32BE(keyEnd);
    if (end > bytes.length) break;
    sessions.set(bytes.toString('utf8', at + 2, keyEnd), bytes.subarray(keyEnd + 4, end));
    at = end;
  }
  return sessions;
}

const MAGIC = Buffer.from('avs-net sessions 1\n');
const CAPACITY = 64;
