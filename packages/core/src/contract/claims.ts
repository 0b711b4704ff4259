/**
 * What a backend says it can do: plain JSON, readable before any native code is loaded, the only source of truth about
 * abilities. Four classes: *required* (no flag), *feature* (undeclared: ENOTSUP), *security* (undeclared: ENOTSUP
 * before any packet leaves), *performance* (may degrade, is reported).
 */

import type { Version } from './configuration.ts';
import type { OptionKey } from './options.ts';
import type { DataSource, SecurityMode } from './security.ts';

export interface Claims {
  readonly client?: RoleClaims;
  readonly server?: RoleClaims;
  /** What a udp or tcp backend can do. */
  readonly transport?: TransportClaims;
  readonly limits?: Limits;
  /** Whose time the timers of an engine obey: the clock of the host (default) or, read by the library, the system's. */
  readonly clock?: 'host' | 'system';
  /** Options beyond those that core answers itself; what is not listed is ENOTSUP. */
  readonly options?: { readonly readable: readonly OptionKey[]; readonly writable: readonly OptionKey[] };
}

/** Claims of a (D)TLS backend in one role. */
export interface RoleClaims {
  /** `mixed`: clients of both kinds on one port. */
  readonly security: readonly SecurityMode[];
  /** Oldest first. */
  readonly versions: readonly Version[];
  /** IANA numbers, best first. */
  readonly ciphersuites: readonly number[];
  /** Sources that credentials may come from. */
  readonly sources: readonly DataSource[];
  /** Sends the server name (client), or chooses its credential by it (server: `server.names`). */
  readonly sni?: boolean;
  /** Alerts of the peer and our own are reported as data. */
  readonly alerts?: boolean;
  readonly crl?: boolean;
  readonly dane?: boolean;
  /** Certificates below (D)TLS 1.2, where handshakes are signed with SHA-1, for whoever asks for that by name. */
  readonly sha1HandshakeSignatures?: boolean;
  readonly resumption?: boolean;
  readonly connectionId?: boolean;
  /** Associations can be exported and continued elsewhere. */
  readonly continuation?: boolean;
  /** `dtlsHandshakeTimeouts` is obeyed. */
  readonly handshakeTimers?: boolean;
  /** Runs over any lower socket. */
  readonly decorate?: boolean;
  /** `exact`: the largest payload whose datagram fits; `estimate`: never above it. */
  readonly innerMtu?: 'exact' | 'estimate';
  readonly alpn?: boolean;
  readonly keylog?: boolean;
  /** Keying material can be exported (RFC 5705). */
  readonly exporter?: boolean;
  /** `lookup` may answer by a promise, and `server.names` where `sni` is claimed. */
  readonly asyncLookup?: boolean;
  /** RFC 7627 extended master secret is offered and used. */
  readonly extendedMasterSecret?: boolean;
}

export interface TransportClaims {
  readonly operations: readonly TransportOperation[];
  readonly features: readonly TransportFeature[];
  /** Largest message, bytes. */
  readonly message?: number;
}

export type TransportOperation = 'connect' | 'bind' | 'accept' | 'send' | 'sendTo' | 'shutdown';

/** Fields of `TransportConfiguration` that a backend obeys. */
export type TransportFeature =
  | 'dscp'
  | 'priority'
  | 'reuseAddress'
  | 'transparent'
  | 'interfaceName'
  | 'preferredEndpoint'
  | 'addressFamily'
  | 'preferredFamily'
  | 'forcedMtu'
  | 'reusePort'
  | 'replyFromAskedAddress';

/** Sizes in bytes, times in milliseconds; what is left out is unlimited. */
export interface Limits {
  readonly pskIdentity?: number;
  readonly pskKey?: number;
  /** Identities may hold NUL bytes; undeclared: refused. */
  readonly identityNul?: boolean;
  /** Largest message, independent of the path. */
  readonly message?: number;
  /** Smallest `dtlsHandshakeTimeouts.min`. */
  readonly timerMin?: number;
  /** Largest number of waits that a schedule may have. */
  readonly timerWaits?: number;
  /** Longest server name; default 255. */
  readonly sni?: number;
  /** Largest `replayWindow`, records; undeclared: it cannot be chosen. */
  readonly replayWindow?: number;
}
