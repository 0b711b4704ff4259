/**
 * What a socket is created from: `avs_net_socket_configuration_t` and `avs_net_ssl_configuration_t`.
 * A configuration is ephemeral: everything in it is copied by `createSocket`, nothing is borrowed afterwards but
 * `preferredEndpoint`, `session`, `store` and functions, which are meant to be shared.
 */

import type { Address, AddressFamily } from './address.ts';
import type { HandshakeTimeouts } from './options.ts';
import type { Security, ServerNames } from './security.ts';

/** `avs_net_socket_configuration_t`: options of a udp or tcp socket, also below a TLS one. */
export interface TransportConfiguration {
  /** Differentiated services code point, 0..63. */
  readonly dscp?: number;
  /** SO_PRIORITY, 0..7. */
  readonly priority?: number;
  /** SO_REUSEADDR at bind. */
  readonly reuseAddress?: boolean;
  /** SO_REUSEPORT at bind: several processes serve one port, and the system gives each client to one of them. */
  readonly reusePort?: boolean;
  /**
   * A socket bound to every address of the machine answers from the one that it was asked at, and tells which that was,
   * by opening one socket for each address that the machine has at that moment.
   */
  readonly replyFromAskedAddress?: boolean;
  /** IP_TRANSPARENT. */
  readonly transparent?: boolean;
  /** SO_BINDTODEVICE. */
  readonly interfaceName?: string;
  /** Filled with the address that was used and tried first by the next connect, `preferred_endpoint`. */
  readonly preferredEndpoint?: PreferredEndpoint;
  /** The only family that is allowed; default `unspec`: any. */
  readonly addressFamily?: AddressFamily;
  /** The family that is tried first; default `unspec`: IPv6 first. */
  readonly preferredFamily?: AddressFamily;
  /** Overrides the path MTU when above 0, bytes. */
  readonly forcedMtu?: number;
  readonly receiveQueue?: QueueLimits;
}

/** Shared and mutable on purpose: address stickiness over sockets. */
export interface PreferredEndpoint {
  address?: Address | undefined;
}

/** Bounds of what waits to be received; datagrams beyond it are dropped and counted as `queueFull`. */
export interface QueueLimits {
  /** Default 256. */
  readonly messages?: number;
  /** Default 1 MiB. */
  readonly bytes?: number;
}

/** `avs_net_ssl_configuration_t`, for dtls and tls sockets. */
export interface SecureConfiguration {
  readonly security: Security;
  /** Default: what the backend considers current, never below (D)TLS 1.2. */
  readonly version?: VersionRange;
  /** IANA numbers or names, best first; default: all of the mode that the backend claims. */
  readonly ciphersuites?: readonly (number | string)[];
  /** Default 1 s / 60 s. */
  readonly dtlsHandshakeTimeouts?: HandshakeTimeouts;
  /** Overrides the host given to `connect` for SNI, verification and DANE base; at most 255 characters. */
  readonly serverNameIndication?: string;
  /**
   * RFC 9146; `use_connection_id`. Used if the peer wants it too, otherwise the association does without. `true`: a
   * client takes an id from the server and gives none (length 0), a server gives ids of 8 bytes.
   */
  readonly connectionId?: boolean | ConnectionIdRules;
  /**
   * How many record numbers behind the newest one are still taken, once each (RFC 6347 §4.1.2.6): a multiple of 64.
   * More than the usual 64 for paths that reorder much. Of AEAD suites; DTLS only.
   */
  readonly replayWindow?: number;
  /** Where associations are kept that go on in another process or after a sleep, without a handshake. */
  readonly associations?: AssociationKeeping;
  /** Enables resumption and says where the session is kept. */
  readonly session?: SessionStore;
  /** ALPN protocol names, best first (RFC 7301). */
  readonly alpn?: readonly string[];
  /** Receives NSS key log lines; secrets of the connection, so only for debugging. */
  readonly keylog?: (line: string) => void;
  readonly server?: ServerConfiguration;
  /** Configuration of the udp or tcp socket below. */
  readonly backendConfiguration?: TransportConfiguration;
  readonly receiveQueue?: QueueLimits;
}

export type Version = 'DTLSv1.0' | 'DTLSv1.2' | 'DTLSv1.3' | 'TLSv1.0' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

export interface VersionRange {
  readonly min?: Version;
  readonly max?: Version;
}

/**
 * Where sessions survive; keys are opaque and bound to host name and credential. What is returned is awaited: a Map
 * will do.
 */
export interface SessionStore {
  get(key: string): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  set(key: string, session: Uint8Array): unknown;
  delete(key: string): unknown;
}

/** The ids that peers put on what they send to us; all of one socket have the same length. */
export interface ConnectionIdRules {
  /** Bytes, 0..254; 0: we put the peer's id on what we send, and want none on what we receive. */
  readonly length?: number;
  /**
   * Makes an id, for example one that begins with a node number for a load balancer to route by. Called for each
   * handshake; ids in use are asked for again. It has to be hard to guess beyond such a prefix (RFC 9146 §8).
   */
  readonly generate?: () => Uint8Array;
}

export interface AssociationKeeping {
  readonly store: AssociationStore;
  /**
   * Each of at least 32 random bytes, secret: the first encrypts what is stored, all decrypt, so that keys can be
   * rotated.
   */
  readonly keys: readonly Uint8Array[];
  /** Records that may be sent between two exports; what a crash loses. Default 1024. */
  readonly reserve?: number;
}

/**
 * Where exported associations are. Both operations are atomic, because two that go on from one entry would use a nonce
 * twice; and what has gone must never come back, by no crash and no backup. There is no way to read an entry without
 * removing it. Ids are texts of 1 to 255 characters; entries are encrypted, and most have less than a kilobyte.
 */
export interface AssociationStore {
  /**
   * Puts `entry` under `id`, or with undefined removes what is there, if what is there equals `expected` (undefined:
   * nothing is there), or is `entry` already, so that a call whose answer was lost can be repeated. False: something
   * else is there, and nothing was changed. A promise that rejects says nothing of what happened.
   */
  replace(id: string, expected: Uint8Array | undefined, entry: Uint8Array | undefined): boolean | Promise<boolean>;
  /** Removes an entry and gives it to whoever is first. */
  take(id: string): Uint8Array | undefined | Promise<Uint8Array | undefined>;
}

export interface ServerLimits {
  /** Concurrent handshakes after the cookie exchange; default 1000. */
  readonly maxHalfOpen?: number;
  /** Bytes that all of these together may make the process keep, engines included; dtls only; default 128 MiB. */
  readonly maxHalfOpenBytes?: number;
  /** Established peers; default 10 000. */
  readonly maxPeers?: number;
  /** Peers and handshakes of one IP address; default 1000. */
  readonly maxPeersPerHost?: number;
  /** Milliseconds from a verified hello to Finished; default 30 000. */
  readonly handshakeTimeout?: number;
  /** Milliseconds of silence after which a peer is closed; default: never. */
  readonly idleTimeout?: number;
}

export interface ServerConfiguration extends ServerLimits {
  /**
   * Credentials by the name that a client asks for; `security` serves clients that ask for none. Any other name is
   * refused with unrecognized_name (112). Needs `security` with a certificate.
   */
  readonly names?: ServerNames;
  /**
   * Keys of session tickets, each of at least 32 random bytes, secret: the first encrypts, all decrypt, so that several
   * processes can resume each other's sessions and keys can be rotated. A function is asked for every handshake; it
   * gives the same array as long as nothing has changed. Default: keys of this socket's own.
   */
  readonly ticketKeys?: readonly Uint8Array[] | (() => readonly Uint8Array[]);
}

/** Configuration by socket type. */
export interface Configurations {
  udp: TransportConfiguration;
  tcp: TransportConfiguration;
  dtls: SecureConfiguration;
  tls: SecureConfiguration;
}

/** `avs_net_socket_type_t`. */
export type SocketType = keyof Configurations;

export type Configuration = TransportConfiguration | SecureConfiguration;
