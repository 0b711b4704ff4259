/**
 * What DTLS on OpenSSL 3 can do. The probe takes away what the running library has not.
 */

import { CIPHERSUITES, type Claims, type RoleClaims } from '@avs-net/core/plugin';
import { MAX_MESSAGE, MAX_PSK_IDENTITY, MAX_PSK_KEY, MAX_REPLAY_WINDOW } from './limits.ts';

const BOTH: RoleClaims = {
  security: ['psk', 'certificate'],
  versions: ['DTLSv1.0', 'DTLSv1.2'],
  ciphersuites: CIPHERSUITES.filter(({ mode }) => mode !== 'any').map(({ id }) => id),
  sources: ['empty', 'file', 'path', 'buffer', 'array', 'list'],
  alerts: true,
  crl: true,
  sha1HandshakeSignatures: true,
  handshakeTimers: true,
  decorate: true,
  innerMtu: 'exact',
  resumption: true,
  connectionId: true,
  continuation: true,
  alpn: true,
  keylog: true,
  exporter: true,
  extendedMasterSecret: true,
};

export const CLAIMS: Claims = {
  client: { ...BOTH, sni: true, dane: true },
  server: { ...BOTH, security: [...BOTH.security, 'mixed'], sni: true, asyncLookup: true },
  limits: {
    pskIdentity: MAX_PSK_IDENTITY,
    pskKey: MAX_PSK_KEY,
    message: MAX_MESSAGE,
    // OpenSSL counts less than 15 ms as expired, and gives up by itself after twelve retransmissions.
    timerMin: 20,
    timerWaits: 12,
    sni: 255,
    replayWindow: MAX_REPLAY_WINDOW,
  },
  // OpenSSL reads the wall clock itself.
  clock: 'system',
  options: { readable: ['innerMtu', 'sessionResumed'], writable: ['daneTlsaArray', 'dtlsHandshakeTimeouts'] },
};
