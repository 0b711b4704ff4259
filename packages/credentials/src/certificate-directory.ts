/**
 * The files of a directory of trust anchors that hold certificates. Two customs are known: names hashed by
 * `openssl rehash` (`9d66eef0.0`) and plain names. OpenSSL looks hashed names up lazily and Mbed TLS reads everything
 * at once; here everything is read at once, so that what is broken shows when the socket is created.
 */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Place, refusal } from './credential-error.ts';
import { systemRefusal } from './credential-file.ts';

export interface DirectoryFile {
  readonly filename: string;
  /** The name promises a certificate, so one that cannot be read is an error and not somebody else's file. */
  readonly promised: boolean;
}

/**
 * Regular files in the order of their names; what starts with a dot, directories, hashed CRLs (`….r0`) and symbolic
 * links to nowhere are passed over. Errors: the system's own code, EFBIG above 4096 entries.
 */
export async function listCertificateFiles(path: string, place: Place): Promise<DirectoryFile[]> {
  const names = await readdir(path).catch((error: unknown) => {
    throw systemRefusal(error, place);
  });
  if (names.length > MAX_ENTRIES) throw refusal('EFBIG', place, `more than ${MAX_ENTRIES} entries`);
  const files: DirectoryFile[] = [];
  for (const name of names.sort()) {
    if (name.startsWith('.') || HASHED_CRL.test(name)) continue;
    const filename = join(path, name);
    if (await isRegularFile(filename, place)) files.push({ filename, promised: PROMISING.test(name) });
  }
  return files;
}

async function isRegularFile(filename: string, place: Place): Promise<boolean> {
  try {
    return (await stat(filename)).isFile();
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return false;
    throw systemRefusal(error, place);
  }
}

const MAX_ENTRIES = 4096;
const HASHED_CRL = /^[0-9a-f]{8}\.r\d+$/i;
const PROMISING = /^[0-9a-f]{8}\.\d+$|\.(?:crt|cer)$/i;
