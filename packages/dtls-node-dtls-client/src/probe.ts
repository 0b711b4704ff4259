/**
 * Whether the library is there, is the one that was examined, has every private field that is used, and which of its
 * ciphersuites this runtime can compute.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Claims, LibraryVersion, Probe } from '@avs-net/core/plugin';
import { CLAIMS, computable } from './claims.ts';
import { createClientSocket, type Library, startClientSocket } from './client-socket.ts';
import { FIELDS_BEFORE_LISTENING, FIELDS_WHEN_LISTENING, missingFields, type PrivateField } from './private-fields.ts';

export async function probe(): Promise<Probe> {
  const library: LibraryVersion = { name: 'node-dtls-client', built: EXAMINED, ...runningVersion() };
  if (library.running !== undefined && library.running !== EXAMINED) {
    return {
      available: false,
      reason: `node-dtls-client ${library.running} is installed; only ${EXAMINED} has been examined, its private fields are used`,
      library,
    };
  }
  try {
    const { dtls } = await import('node-dtls-client');
    return { ...judge(privateFieldsMissing(dtls)), library };
  } catch (error) {
    return { available: false, reason: `node-dtls-client cannot be used: ${(error as Error).message}`, library };
  }
}

/** What is left of the claims without `missing`. */
export function judge(missing: readonly PrivateField[]): Probe {
  const vital = missing.filter(({ neededFor }) => neededFor === 'association');
  if (vital.length > 0) {
    const paths = vital.map(({ path }) => path).join(', ');
    return { available: false, reason: `node-dtls-client lacks private fields that this backend works on: ${paths}` };
  }
  const ciphersuites = CLAIMS.client!.ciphersuites.filter(computable);
  if (ciphersuites.length === 0) {
    return { available: false, reason: 'this runtime has none of the ciphers that node-dtls-client needs' };
  }
  const { handshakeTimers, ...rest } = CLAIMS.client!;
  const client = { ...rest, ciphersuites, ...(missing.length === 0 ? { handshakeTimers: handshakeTimers! } : {}) };
  const narrowed: Claims = { ...CLAIMS, client };
  return { available: true, claims: narrowed };
}

/** Examines an instance of the library that sends to nobody. */
export function privateFieldsMissing(library: Library): readonly PrivateField[] {
  const socket = createClientSocket(library, {
    identity: Uint8Array.of(0x78),
    key: new Uint8Array(16),
    ciphersuites: ['TLS_PSK_WITH_AES_128_GCM_SHA256'],
    send() {},
  });
  const before = missingFields(socket, FIELDS_BEFORE_LISTENING);
  if (before.length > 0) return before;
  startClientSocket(socket);
  const missing = missingFields(socket, FIELDS_WHEN_LISTENING);
  socket.removeAllListeners();
  return missing;
}

function runningVersion(): { running?: string } {
  try {
    const main = createRequire(import.meta.url).resolve('node-dtls-client');
    const manifest = JSON.parse(readFileSync(new URL('../package.json', `file://${main}`), 'utf8')) as {
      version: string;
    };
    return { running: manifest.version };
  } catch {
    // Bundled: there is no manifest to ask, the fields decide.
    return {};
  }
}

/** The version whose source was read, and that the manifest pins. */
const EXAMINED = '2.0.3';
