/**
 * Mbed TLS 3, which has connection ids (RFC 9146): our own few lines on the library, compiled when they are needed. It
 * is the system's, or that of an unpacked package under `AVS_NET_MBEDTLS3`.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { type Child, startChild } from './child.ts';
import { endUnavailable } from './peers.ts';

export const IDENTITY = 'interop-device';
export const KEY: Uint8Array = new TextEncoder().encode('sixteen bytes ok');

/** Skips the test, or fails it where peers are required, if there is no such library. */
export function needsMbedtls3(context: { skip(note?: string): void }): void {
  if (existsSync(join(root(), 'usr/include/mbedtls/build_info.h'))) return;
  const reason =
    'unavailable: Mbed TLS 3 is not installed, and AVS_NET_MBEDTLS3 names no folder with its Debian packages';
  endUnavailable(context, reason);
}

/** `id` in hex, 'empty' or 'none'. */
export function startMbedtls(role: 'server' | 'client', id: string, ...rest: string[]): Child {
  return startChild(program(), [role, IDENTITY, Buffer.from(KEY).toString('hex'), id, ...rest]);
}

function program(): string {
  compiled ??= compile();
  return compiled;
}

function compile(): string {
  folder = mkdtempSync(join(tmpdir(), 'avs-net-mbedtls3-'));
  const binary = join(folder, 'mbedtls-id-peer');
  const source = fileURLToPath(new URL('peers/mbedtls-id-peer.c', import.meta.url));
  const libraries = join(root(), 'usr/lib');
  const where = ['.', ...readdirSync(libraries)]
    .map((name) => join(libraries, name))
    .find((path) => existsSync(join(path, 'libmbedtls.so')));
  // The old kind of path, which its libraries search for each other too.
  const search = `-Wl,--disable-new-dtags,-rpath,${where},-rpath-link,${where}`;
  const paths = where === undefined ? [] : [`-L${where}`, search];
  const include = join(root(), 'usr/include');
  execFileSync('cc', [
    ...['-O1', '-Wall', `-I${include}`, '-o', binary, source, ...paths],
    ...['-lmbedtls', '-lmbedx509', '-lmbedcrypto'],
  ]);
  return binary;
}

function root(): string {
  return process.env['AVS_NET_MBEDTLS3'] ?? '/';
}

let compiled: string | undefined;
let folder: string | undefined;

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true });
});
