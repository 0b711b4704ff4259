/**
 * Claims that a case can need, and for each of them a configuration that asks for it: where the claim is missing,
 * exactly this must be refused with ENOTSUP before any datagram leaves.
 */

import type { Plugin, RoleClaims, SecureConfiguration } from '@avs-net/core/plugin';
import {
  certificateChainFromBuffer,
  certificateServer,
  certificates,
  privateKeyFromBuffer,
  psk,
  pskServer,
  serverSecurity,
  withSha1HandshakeSignatures,
} from '@avs-net/credentials';

export type Need =
  | 'certificate'
  /** Clients of both kinds on one port. */
  | 'mixed'
  | 'dtls1.0'
  | 'sni'
  /** `sni` of a server. */
  | 'serverNames'
  | 'resumption'
  | 'connectionId'
  | 'continuation'
  | 'handshakeTimers'
  | 'alpn'
  | 'keylog'
  | 'exporter'
  | 'crl'
  | 'dane'
  | 'sha1HandshakeSignatures'
  | 'alerts'
  | 'decorate'
  | 'innerMtu'
  | 'asyncLookup'
  | 'extendedMasterSecret';

export function isClaimed(plugin: Plugin, role: 'client' | 'server', need: Need): boolean {
  const claims: RoleClaims | undefined = plugin.claims[role];
  if (claims === undefined) return false;
  if (need === 'certificate' || need === 'mixed') return claims.security.includes(need);
  if (need === 'serverNames') return role === 'server' && claims.sni === true;
  if (need === 'dtls1.0') return claims.versions.includes('DTLSv1.0');
  return claims[need] === true || (need === 'innerMtu' && claims.innerMtu === 'exact');
}

/** A configuration that cannot be met without `need`. */
export function configurationThatAsksFor(need: Need): SecureConfiguration {
  return { security: psk({ identity: 'conformance', key: new Uint8Array(16).fill(1) }), ...ASKS[need]() };
}

/** Looked at by nobody who does not claim it. */
const SERVER = certificateServer({
  serverCert: certificateChainFromBuffer(new Uint8Array([0x30, 0x00])),
  serverKey: privateKeyFromBuffer(new Uint8Array([0x30, 0x00])),
});

const ASKS: Readonly<Record<Need, () => Partial<SecureConfiguration> | undefined>> = {
  certificate: () => ({
    security: certificates({ trustedCerts: certificateChainFromBuffer(new Uint8Array([0x30, 0x00])) }),
  }),
  mixed: () => ({ security: serverSecurity({ psk: pskServer({ lookup: () => undefined }), certificate: SERVER }) }),
  'dtls1.0': () => ({ version: { min: 'DTLSv1.0', max: 'DTLSv1.0' } }),
  sni: () => ({ serverNameIndication: 'conformance.example' }),
  serverNames: () => ({ security: SERVER, server: { names: { 'conformance.example': SERVER } } }),
  resumption: () => ({ session: new Map<string, Uint8Array>() }),
  connectionId: () => ({ connectionId: true }),
  continuation: () => ({
    associations: { store: { replace: () => false, take: () => undefined }, keys: [new Uint8Array(32).fill(1)] },
  }),
  handshakeTimers: () => ({ dtlsHandshakeTimeouts: { min: 1_000, max: 2_000 } }),
  alpn: () => ({ alpn: ['coap'] }),
  keylog: () => ({ keylog: () => {} }),
  exporter: () => undefined,
  crl: () => ({
    security: certificates({
      certRevocationLists: { type: 'certRevocationList', source: 'buffer', buffer: new Uint8Array(8) },
    }),
  }),
  dane: () => ({ security: certificates({ dane: true }) }),
  sha1HandshakeSignatures: () => ({ security: withSha1HandshakeSignatures(certificates({})) }),
  /** Reported, not asked for: nothing to refuse. */
  alerts: () => undefined,
  decorate: () => undefined,
  innerMtu: () => undefined,
  asyncLookup: () => undefined,
  extendedMasterSecret: () => undefined,
};

/** Whether a missing claim can be asked for, and thus must be refused. */
export function canBeAskedFor(need: Need): boolean {
  return ASKS[need]() !== undefined;
}
