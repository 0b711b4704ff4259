/**
 * Which ciphersuites the OpenSSL of the running node really uses at our security level: those in the hello that it
 * would send. Never throws.
 */

import tls from 'node:tls';
import { CIPHERSUITES, type Ciphersuite, type Probe } from '@avs-net/core/plugin';
import { CLAIMS } from './claims.ts';
import { LowerStream } from './lower-stream.ts';
import { cipherList } from './options.ts';

export function probe(): Probe {
  const library = { name: 'OpenSSL', running: process.versions['openssl'] ?? 'unknown' };
  try {
    const present = offered(CIPHERSUITES);
    const { client, server, ...others } = CLAIMS;
    const ciphersuites = CLAIMS.client!.ciphersuites.filter((id) => present.has(id));
    if (ciphersuites.length === 0) return { available: false, reason: 'node:tls offers no known ciphersuite', library };
    return {
      available: true,
      claims: { ...others, client: { ...client!, ciphersuites }, server: { ...server!, ciphersuites } },
      library,
    };
  } catch (error) {
    return { available: false, reason: error instanceof Error ? error.message : String(error), library };
  }
}

/** The numbers of those that stand in a ClientHello. */
function offered(suites: readonly Ciphersuite[]): ReadonlySet<number> {
  let hello: Uint8Array = new Uint8Array();
  const stream = new LowerStream((bytes) => {
    hello = Uint8Array.from(bytes);
  });
  const secureContext = tls.createSecureContext({ ca: [], ciphers: cipherList(suites), minVersion: 'TLSv1.2' });
  const socket = tls.connect({ socket: stream, secureContext, pskCallback: () => null });
  socket.on('error', () => {}).destroy();
  return ciphersuitesOf(hello);
}

/** RFC 5246 §7.4.1.2: record and message header, version, random, session id, then the list. */
function ciphersuitesOf(hello: Uint8Array): ReadonlySet<number> {
  const view = new DataView(hello.buffer, hello.byteOffset, hello.byteLength);
  const at = SESSION_ID + 1 + view.getUint8(SESSION_ID);
  const found = new Set<number>();
  for (let each = at + 2; each < at + 2 + view.getUint16(at); each += 2) found.add(view.getUint16(each));
  return found;
}

const SESSION_ID = 5 + 4 + 2 + 32;
