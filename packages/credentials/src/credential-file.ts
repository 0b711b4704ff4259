/**
 * Reads a file once into memory of its own, so that a key in it can be wiped: `fs.readFile` would leave pieces behind.
 * Pipes are read to their end, so `/dev/stdin` and the shell's `<(…)` work.
 */

import { type FileHandle, open } from 'node:fs/promises';
import { unpooledCopy, wipe } from '@avs-net/core/plugin';
import { type Place, refusal } from './credential-error.ts';

/** Errors: the system's own code (ENOENT, EACCES …), EISDIR, EFBIG above 16 MiB. */
export async function readCredentialFile(filename: string, place: Place): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    file = await open(filename, 'r');
    const stats = await file.stat();
    if (stats.isDirectory())
      throw refusal('EISDIR', place, 'this is a directory; only trust anchors may come from one');
    return await readToEnd(file, stats.size, place);
  } catch (error) {
    throw systemRefusal(error, place);
  } finally {
    await file?.close();
  }
}

/** What the file system said, with its own code. */
export function systemRefusal(error: unknown, place: Place): unknown {
  const { code, syscall } = Object(error) as { code?: unknown; syscall?: unknown };
  if (typeof code !== 'string' || typeof syscall !== 'string') return error;
  const reason = /^\w+: ([^,]*)/.exec(String((error as Error).message))?.[1] ?? code;
  return refusal(code, place, `cannot be read: ${reason}`, error);
}

async function readToEnd(file: FileHandle, expected: number, place: Place): Promise<Uint8Array> {
  let buffer = allocate(Math.min(expected, MAX_SIZE) + 1);
  try {
    let size = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, size, buffer.byteLength - size, null);
      if (bytesRead === 0) return unpooledCopy(buffer.subarray(0, size));
      size += bytesRead;
      if (size > MAX_SIZE) {
        throw refusal('EFBIG', place, `larger than ${MAX_SIZE} bytes; this cannot be a credential`);
      }
      if (size === buffer.byteLength) {
        const larger = allocate(size * 2);
        larger.set(buffer);
        wipe(buffer);
        buffer = larger;
      }
    }
  } finally {
    wipe(buffer);
  }
}

function allocate(size: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(size));
}

const MAX_SIZE = 16 * 1024 * 1024;
