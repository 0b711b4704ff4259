/**
 * What a session is bound to (RFC 5246 §7.3, RFC 5077 §5): a digest of everything that decides who the peer is and who
 * we are. A session of one credential, or of one set of trust anchors, is never used with another. The same in every
 * process.
 */

import { createHash, createHmac } from 'node:crypto';
import type { PskCredential } from './options.ts';

/** A resumed association has nothing new to give unless the server has renewed its ticket. */
export function isNewSession(session: Uint8Array, offered: Uint8Array | undefined): boolean {
  return offered === undefined || Buffer.compare(session, offered) !== 0;
}

/** Of a PSK. A key counts by its HMAC, so that the digest tells as little of it as a recorded handshake. */
export function pskScope(credential: PskCredential): Buffer {
  if (credential.role === 'server') return digest(['psk server']);
  const fingerprint = createHmac('sha256', credential.key).update('session scope').digest();
  return digest(['psk client', credential.identity, fingerprint]);
}

/** `facts` are the switches that decide what is verified. */
export function certificateScope(
  facts: readonly string[],
  { chain, trustedCerts, certRevocationLists }: CertificateFacts,
): Buffer {
  const lists = [chain, trustedCerts, certRevocationLists].map((list) => digest(list));
  return digest(['certificate', digest(facts), ...lists]);
}

/** Of a server for both kinds of client. */
export function mixedScope(psk: Uint8Array, certificate: Uint8Array): Buffer {
  return digest(['mixed', psk, certificate]);
}

/** Session id context of a server for the clients that asked for `name` (RFC 6066 §3). */
export function namedIdContext(context: Uint8Array, name: string): Buffer {
  return digest(['named id context', context, name]);
}

/** Session id context of a server: what has to be equal for a session of one process to count in another. */
export function idContext(scope: Uint8Array, versions: readonly number[], suites: readonly number[]): Buffer {
  return digest(['id context', scope, versions.join(), suites.join()]);
}

interface CertificateFacts {
  readonly chain: readonly Uint8Array[];
  readonly trustedCerts: readonly Uint8Array[];
  readonly certRevocationLists: readonly Uint8Array[];
}

/** Each part with its length before it, so that no two lists have the same bytes. */
function digest(parts: readonly (string | Uint8Array)[]): Buffer {
  const hash = createHash('sha256').update('dtls-openssl session 1');
  for (const part of parts) hash.update(`:${Buffer.byteLength(part)}:`).update(part);
  return hash.digest();
}
