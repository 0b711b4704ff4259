/**
 * Whether the library is there, is the one that was examined, has every private field that is used, and which of its
 * ciphersuites this runtime can compute.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Claims, LibraryVersion, Probe } from '@avs-net/core/plugin';
import { CLAIMS, computable } from './claims.ts';
import { createClientSocket, type Library, releaseClientSocket, startClientSocket } from './client-socket.ts';
import { FIELDS_WHEN_LISTENING, LackingFields, missingFields, type PrivateField } from './private-fields.ts';

export async function probe(): Promise<Probe> {
  const library: LibraryVersion = { name: 'node-dtls-client', built: EXAMINED, ...runningVersion() };
  try {
    const { dtls } = await import('node-dtls-client');
    return { ...judge(privateFieldsMissing(dtls), library.running), library };
  } catch (error) {
    return { available: false, reason: `node-dtls-client cannot be used: ${(error as Error).message}`, library };
  }
}

/** What is left of the claims without `missing`, in version `running` if it is known. */
export function judge(missing: readonly PrivateField[], running: string = EXAMINED): Probe {
  if (running !== EXAMINED) {
    const reason =
      `node-dtls-client ${running} is installed, and only ${EXAMINED} has been examined: ` +
      'its private fields are used';
    return { available: false, reason };
  }
  const vital = vitalFields(missing);
  if (vital.length > 0) return { available: false, reason: new LackingFields(vital).message };
  const ciphersuites = CLAIMS.client!.ciphersuites.filter(computable);
  if (ciphersuites.length === 0) {
    return { available: false, reason: 'this runtime has none of the ciphers that node-dtls-client needs' };
  }
  const whole: Claims = { ...CLAIMS, client: { ...CLAIMS.client!, ciphersuites } };
  return { available: true, claims: missing.length === 0 ? whole : withoutTimers(whole) };
}

/** Those without which nothing works. */
export function vitalFields(missing: readonly PrivateField[]): readonly PrivateField[] {
  return missing.filter(({ neededFor }) => neededFor === 'association');
}

function withoutTimers({ client, options, ...rest }: Claims): Claims {
  const { handshakeTimers: _, ...others } = client!;
  const writable = options!.writable.filter((key) => key !== 'dtlsHandshakeTimeouts');
  return { ...rest, client: others, options: { ...options!, writable } };
}

/** Examines an instance of the library that sends to nobody. */
export function privateFieldsMissing(library: Library): readonly PrivateField[] {
  try {
    const socket = createClientSocket(library, {
      identity: Uint8Array.of(0x78),
      key: new Uint8Array(16),
      ciphersuites: ['TLS_PSK_WITH_AES_128_GCM_SHA256'],
      send() {},
    });
    startClientSocket(socket);
    const missing = missingFields(socket, FIELDS_WHEN_LISTENING);
    releaseClientSocket(socket);
    return missing;
  } catch (error) {
    if (error instanceof LackingFields) return error.fields;
    throw error;
  }
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
