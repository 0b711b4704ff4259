/**
 * What this backend says it can do. Everything that is not here is refused by core before a datagram leaves.
 */

import type { Claims, RoleClaims } from '@avs-net/core/plugin';
import { CIPHERSUITES } from './ciphersuite.ts';
import { LARGEST_FRAGMENT } from './record.ts';

const both: RoleClaims = {
  security: ['psk'],
  versions: ['DTLSv1.2'],
  ciphersuites: CIPHERSUITES.map(({ id }) => id),
  sources: ['buffer'],
  alerts: true,
  handshakeTimers: true,
  decorate: true,
  innerMtu: 'exact',
  extendedMasterSecret: true,
};

export const CLAIMS: Claims = {
  client: { ...both, sni: true },
  server: { ...both, asyncLookup: true },
  limits: { pskIdentity: 1_024, pskKey: 512, identityNul: true, message: LARGEST_FRAGMENT, timerMin: 1, sni: 255 },
  options: {
    readable: ['innerMtu', 'sessionResumed', 'connectionIdResumed'],
    writable: ['dtlsHandshakeTimeouts'],
  },
};
