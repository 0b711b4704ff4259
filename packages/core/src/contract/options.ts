/**
 * The socket options, `avs_net_socket_opt_key_t`: one table, read by the guarded socket, by the claims and by the
 * conformance kit. Times are milliseconds. Every option may be asked for from creation on (reference: in avs_net some
 * are EBADF before first use).
 */

import type { AddressFamily } from './address.ts';
import type { SocketState } from './state.ts';

/** Value type of every option. */
export interface OptionValues {
  /** How long `receive` waits; `Infinity` waits for ever, 0 polls once. */
  recvTimeout: number;
  state: SocketState;
  /** Family of the system socket, `unspec` when closed. */
  addrFamily: AddressFamily;
  /** Largest IP packet of the path, bytes. */
  mtu: number;
  /** Largest payload that fits one datagram, bytes. */
  innerMtu: number;
  sessionResumed: boolean;
  /** Bytes on the wire of the lowest socket, monotonic over close. */
  bytesSent: number;
  bytesReceived: number;
  daneTlsaArray: readonly TlsaRecord[];
  /** Whether received data waits inside this process. */
  hasBufferedData: boolean;
  /** Used from the next handshake on. */
  dtlsHandshakeTimeouts: HandshakeTimeouts;
  connectionIdResumed: boolean;
  preferredAddrFamily: AddressFamily;
  forcedAddrFamily: AddressFamily;
}

export type OptionKey = keyof OptionValues;

/**
 * Retransmission timer in milliseconds: starts at `min`, doubles, is capped at `max`
 * (`avs_net_dtls_handshake_timeouts_t`).
 */
export interface HandshakeTimeouts {
  readonly min: number;
  readonly max: number;
}

/** A TLSA record, `avs_net_socket_dane_tlsa_record_t` (RFC 6698 §2.1); numbers are those of the registry. */
export interface TlsaRecord {
  readonly certificateUsage: 0 | 1 | 2 | 3;
  readonly selector: 0 | 1;
  readonly matchingType: 0 | 1 | 2;
  readonly associationData: Uint8Array;
}

export interface OptionDescription {
  readonly avsName: string;
  /** Number in `avs_net_socket_opt_key_t`. */
  readonly avsNumber: number;
  readonly readable: boolean;
  readonly writable: boolean;
  /**
   * Who knows the answer: `guard` the guarded socket itself; `lowest` the transport at the bottom, through every layer
   * above; `own` the socket's own backend; `secure` a TLS or DTLS backend only (EINVAL on a transport).
   */
  readonly layer: 'guard' | 'lowest' | 'own' | 'secure';
}

/** avs_net 1 s / 60 s, RFC 6347 §4.2.4.1. */
export const DEFAULT_HANDSHAKE_TIMEOUTS: HandshakeTimeouts = { min: 1_000, max: 60_000 };

/** `AVS_NET_SOCKET_DEFAULT_RECV_TIMEOUT`, milliseconds. */
export const DEFAULT_RECV_TIMEOUT = 30_000;

const row = (
  avsName: string,
  avsNumber: number,
  access: 'r' | 'w' | 'rw',
  layer: OptionDescription['layer'],
): OptionDescription => ({
  avsName: `AVS_NET_SOCKET_${avsName}`,
  avsNumber,
  readable: access !== 'w',
  writable: access !== 'r',
  layer,
});

export const OPTIONS: Readonly<Record<OptionKey, OptionDescription>> = {
  recvTimeout: row('OPT_RECV_TIMEOUT', 0, 'rw', 'guard'),
  state: row('OPT_STATE', 1, 'r', 'guard'),
  addrFamily: row('OPT_ADDR_FAMILY', 2, 'r', 'lowest'),
  mtu: row('OPT_MTU', 3, 'r', 'lowest'),
  innerMtu: row('OPT_INNER_MTU', 4, 'r', 'own'),
  sessionResumed: row('OPT_SESSION_RESUMED', 5, 'r', 'secure'),
  bytesSent: row('OPT_BYTES_SENT', 6, 'r', 'lowest'),
  bytesReceived: row('OPT_BYTES_RECEIVED', 7, 'r', 'lowest'),
  daneTlsaArray: row('OPT_DANE_TLSA_ARRAY', 8, 'w', 'secure'),
  hasBufferedData: row('HAS_BUFFERED_DATA', 9, 'r', 'guard'),
  dtlsHandshakeTimeouts: row('OPT_DTLS_HANDSHAKE_TIMEOUTS', 10, 'w', 'secure'),
  connectionIdResumed: row('OPT_CONNECTION_ID_RESUMED', 11, 'r', 'secure'),
  preferredAddrFamily: row('OPT_PREFERRED_ADDR_FAMILY', 12, 'rw', 'lowest'),
  forcedAddrFamily: row('OPT_FORCED_ADDR_FAMILY', 13, 'rw', 'lowest'),
};
