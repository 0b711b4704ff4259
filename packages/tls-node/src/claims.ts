/**
 * What TLS on node:tls can do; the probe takes away the ciphersuites that the OpenSSL of the running node refuses. Not
 * claimed: what node:tls has no call for (DANE, sessions that a server keeps) and what
 * would need a lower security level (TLS 1.0 and 1.1).
 */

import { CIPHERSUITES, type Claims, type RoleClaims } from '@avs-net/core/plugin';

const BOTH: RoleClaims = {
  security: ['psk', 'certificate'],
  versions: ['TLSv1.2', 'TLSv1.3'],
  ciphersuites: CIPHERSUITES.map(({ id }) => id),
  sources: ['empty', 'file', 'path', 'buffer', 'array', 'list'],
  alerts: true,
  crl: true,
  decorate: true,
  alpn: true,
  keylog: true,
  exporter: true,
  extendedMasterSecret: true,
};

/** PSK_MAX_IDENTITY_LEN of OpenSSL 3, less the NUL that node wants to have at the end. */
export const MAX_PSK_IDENTITY = 255;

/** PSK_MAX_PSK_LEN of OpenSSL 3. */
export const MAX_PSK_KEY = 512;

export const CLAIMS: Claims = {
  client: { ...BOTH, sni: true, resumption: true },
  server: { ...BOTH, asyncLookup: true },
  limits: { pskIdentity: MAX_PSK_IDENTITY, pskKey: MAX_PSK_KEY, sni: 255 },
  clock: 'host',
};
