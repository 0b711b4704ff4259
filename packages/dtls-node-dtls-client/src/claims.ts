/**
 * What this backend can do. What is not here is refused: certificates, the server role, SNI, resumption, Connection ID,
 * extended master secret, versions other than DTLS 1.2. The library knows 3DES too, which nobody should be offered.
 */

import { getCiphers } from 'node:crypto';
import { CIPHERSUITES, type Claims } from '@avs-net/core/plugin';

/** Plain PSK suites of node-dtls-client, and the cipher of node:crypto that each is computed with. */
const LIBRARY_SUITES: ReadonlyMap<number, string> = new Map([
  [0xc0a8, 'aes-128-ccm'],
  [0xc0a4, 'aes-128-ccm'],
  [0x00a8, 'aes-128-gcm'],
  [0xc0a9, 'aes-256-ccm'],
  [0xc0a5, 'aes-256-ccm'],
  [0x00a9, 'aes-256-gcm'],
  [0x00ae, 'aes-128-cbc'],
  [0x00af, 'aes-256-cbc'],
  [0x008c, 'aes-128-cbc'],
  [0x008d, 'aes-256-cbc'],
]);

export const CLAIMS: Claims = {
  client: {
    security: ['psk'],
    versions: ['DTLSv1.2'],
    // In core's order: AEAD first.
    ciphersuites: CIPHERSUITES.map(({ id }) => id).filter((id) => LIBRARY_SUITES.has(id)),
    sources: ['buffer'],
    alerts: true,
    handshakeTimers: true,
    decorate: true,
    innerMtu: 'exact',
  },
  limits: {
    // One handshake record of the library carries 1237 bytes of it.
    pskIdentity: 1024,
    pskKey: 512,
    identityNul: true,
    message: 16_384,
    timerMin: 1,
  },
  options: {
    readable: ['innerMtu', 'sessionResumed'],
    writable: ['dtlsHandshakeTimeouts'],
  },
};

/** The cipher of node:crypto that a suite is computed with. */
export function cipherOf(id: number): string | undefined {
  return LIBRARY_SUITES.get(id);
}

/** Whether this runtime has the cipher of a suite; those built on BoringSSL lack CCM. */
export function computable(id: number): boolean {
  return getCiphers().includes(cipherOf(id) ?? '');
}
