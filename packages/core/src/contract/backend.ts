/**
 * What a backend author writes. A plugin is a plain object that can be read without touching native code; `load` gives
 * a module; a module makes a context of a configuration; a context makes sockets (transports) or associations
 * (engines). Nothing here needs a run-time import of ours.
 */

import type { Address } from './address.ts';
import type { Association, AssociationRequest, EngineErrorInit, Opening, TraceEvent } from './association.ts';
import type { Claims } from './claims.ts';
import type { Clock } from './clock.ts';
import type { Configuration, ServerLimits, SocketType } from './configuration.ts';
import type { NetError } from './error.ts';
import type { OptionKey, OptionValues } from './options.ts';

export interface Plugin {
  /** Version of this contract. */
  readonly contract: 1;
  /** Package name without scope: also folder and configuration value. */
  readonly name: string;
  readonly provides: SocketType;
  readonly claims: Claims;
  /** Narrows claims on this machine. Never throws, never widens; without it the plugin is available as declared. */
  readonly probe?: () => Probe | Promise<Probe>;
  /** First touch of native code. Success is kept, failure is forgotten. */
  readonly load: () => BackendModule | Promise<BackendModule>;
}

export type Probe =
  | { readonly available: true; readonly claims?: Claims; readonly library?: LibraryVersion }
  | { readonly available: false; readonly reason: string; readonly library?: LibraryVersion };

export interface LibraryVersion {
  readonly name: string;
  readonly built?: string;
  readonly running?: string;
}

export interface BackendModule {
  /**
   * Checks a configuration and turns it into what the library needs; credentials are resolved here and errors surface
   * here, before anything leaves. The configuration belongs to core, stays valid and unchanged until `destroy` and is
   * wiped after it.
   */
  context(configuration: Configuration, host: ContextHost): Context | Promise<Context>;
}

export interface ContextHost {
  readonly backend: string;
  readonly clock: Clock;
  error(init: EngineErrorInit): NetError;
}

/** Everything that sockets of one configuration share. */
export interface Context {
  /** Transports, and libraries that insist on a socket of their own. */
  socket?(host: SocketHost): SocketOperations;
  /**
   * Engines that resume sessions: a text that differs wherever a session of one configuration must not be used with
   * another, such as a digest of the credential. The same in every process.
   */
  readonly sessionScope?: string;
  /** Engines: one association. */
  association?(request: AssociationRequest): Association;
  /** Engines with a server role: serves `lower`, usually by `listen` of @avs-net/dtls-endpoint. */
  listen?(lower: LowerSocket, host: ListenerHost): Listener;
  /** Frees and wipes; no socket or association of it is left. Idempotent. */
  destroy(): void;
}

/**
 * The avs_net vtable. Everything but `close` is optional: an absent operation is ENOTSUP, decided by core alone.
 * States, arguments, queues, timeouts and signals are core's business: an operation is only called where it is legal.
 */
export interface SocketOperations {
  connect?(host: string, port: number, attempt: Attempt): Promise<void>;
  bind?(host: string, port: number): Promise<void>;
  /**
   * Starts to announce peers through `SocketHost.accepted`. Called once per `bind`, at the first use of `accept`.
   * `unread` was delivered before that, oldest first: it is the peers', as if it had come now.
   */
  listen?(unread: readonly UnreadDatagram[]): void;
  /** Returning void means taken; a promise is awaited. */
  send?(data: Uint8Array): void | Promise<void>;
  sendTo?(data: Uint8Array, to: Address): void | Promise<void>;
  /** Host names are resolved by the transport; absent: only IP literals may be given to `sendTo`. */
  resolve?(host: string, port: number): Promise<Address>;
  /** Ends both directions in order; the socket keeps its addresses. */
  shutdown?(how: 'both' | 'write'): Promise<void>;
  close(): Promise<void>;
  pause?(): void;
  resume?(): void;
  /** A file descriptor, or undefined where the platform does not tell. */
  getSystem?(): number | undefined;
  interfaceName?(): string;
  remote?(): Address | undefined;
  local?(): Address | undefined;
  /** Only options that the claims list. */
  getOption?<K extends OptionKey>(key: K): OptionValues[K];
  setOption?<K extends OptionKey>(key: K, value: OptionValues[K]): void;
  /** What both ends derive alike (RFC 5705); undefined: there is no association, or its engine cannot. */
  exportKeyingMaterial?(label: string, length: number, context?: Uint8Array): Uint8Array | undefined;
  /** Facts for `socket.info()`. */
  info?(): object;
  /** Counters for `socket.stats()`, merged into those of the guard. */
  stats?(): Readonly<Record<string, number>>;
}

/** A datagram that came to a bound socket before `accept` was used. */
export interface UnreadDatagram {
  readonly data: Uint8Array;
  readonly from: Address;
}

/** What an operation that takes time gets. */
export interface Attempt {
  /** Aborted by the caller's signal, by the deadline and by `close`. */
  readonly signal: AbortSignal;
}

/** What a transport talks to: the guarded socket above it. */
export interface SocketHost extends ContextHost {
  /** Hands over received bytes; they must not be touched afterwards. `from` on datagram sockets. */
  deliver(data: Uint8Array, from?: Address): void;
  /** The peer ended the stream. */
  end(): void;
  /** One operation failed but the socket lives, such as ICMP port unreachable: reported once by the next receive. */
  softError(error: NetError): void;
  /** The socket is over. */
  failed(error: NetError): void;
  /**
   * A new peer: becomes a socket in state ACCEPTED. `operations` is called at once with the host of that peer, or not
   * at all if the peer is refused (nobody accepts, or too many wait).
   */
  accepted(peer: Address, operations: (host: SocketHost) => SocketOperations): void;
  dropped(reason: string): void;
  /** The peer goes on from another address. */
  moved?(from: Address, to: Address): void;
  trace?(event: TraceEvent): void;
}

/** A socket as seen from the layer above: nothing but bytes. */
export interface LowerSocket {
  readonly kind: 'datagram' | 'stream';
  /** Begins to deliver, what was queued first. The sink is never called from inside `send` or `start`. */
  start(sink: LowerSink): void;
  /** The bytes are taken. A promise says: send no more before it resolves; it never rejects. */
  send(data: Uint8Array): void | Promise<void>;
  sendTo?(data: Uint8Array, to: Address): void | Promise<void>;
  pause(): void;
  resume(): void;
  /** Largest datagram, bytes; undefined where nothing is known, and on streams. */
  innerMtu(): number | undefined;
}

export interface LowerSink {
  /** Valid only during the call. */
  receive(data: Uint8Array, from?: Address): void;
  /** Nothing more comes. A listener passes it on to the sinks of its peers before it ends their associations. */
  end(): void;
  softError(error: NetError): void;
  failed(error: NetError): void;
}

/** What serves the associations of many peers over one lower socket. */
export interface Listener {
  /**
   * Ends every association in order. The lower socket is not closed. A promise resolves when the goodbyes have left.
   */
  close(): void | Promise<void>;
  /** Takes nobody new until `resume`; who is there already goes on. */
  pause(): void;
  resume(): void;
  stats(): Readonly<Record<string, number>>;
  /**
   * Takes a peer in whose association goes on from `state`. Throws what the engine refuses; EADDRINUSE: its id is in
   * use.
   */
  restore?(state: Uint8Array, peer: Address): void;
}

/** What a listener talks to. */
export interface ListenerHost extends ContextHost {
  /**
   * Runs an association over the lower socket of one peer. When it is established the peer is handed to `accept`.
   * Look-ups (`need`) are answered from the configuration.
   */
  open(peer: PeerOpening): PeerRun;
  /** The same for an association that goes on. */
  resume?(peer: PeerContinuation): PeerRun;
  readonly limits: ServerLimits;
  dropped(reason: string): void;
  trace?(event: TraceEvent): void;
}

export interface PeerOpening {
  readonly lower: LowerSocket;
  readonly opening: Opening;
  /** Makes the association; the request carries `output`, timers and error constructor. */
  association(request: AssociationRequest): Association;
  established(): void;
  /** Over, for whatever reason; `lower` is not used any more. `error` if it failed. */
  closed(error?: NetError): void;
}

/** A peer whose association goes on from a state: `association` knows it, there is no hello and no handshake. */
export interface PeerContinuation extends Omit<PeerOpening, 'opening'> {
  readonly from: Address;
}

export interface PeerRun {
  /** Ends it: established ones with close_notify. */
  close(): void;
  /** The peer has another address now; what was authenticated there is delivered after this. */
  moved?(to: Address): void;
}
