/**
 * A (D)TLS engine without sockets and clocks: bytes in, bytes out. RFC 6347 says *association* for what two peers share
 * after (and during) a handshake. The driver of core runs one over any lower socket.
 *
 * Rules. Bytes are valid only during the call, in both directions: whoever keeps them copies. Every call gets `now`,
 * milliseconds of the socket's clock. The driver never enters an association while it is inside a call of it: what
 * `Output` reports is passed on when the call returns. Behind each call, and each report outside of one, it reads
 * `deadline`: an engine that has waited for something of its own goes on in `timeout`. Junk from the network is no
 * error: it goes to `dropped`.
 */

import type { Address } from './address.ts';
import type { Alert } from './alert.ts';
import type { Version } from './configuration.ts';
import type { NetError } from './error.ts';
import type { HandshakeTimeouts, TlsaRecord } from './options.ts';
import type { CertificateServerInfo } from './security.ts';

export type Role = 'client' | 'server';

export interface Association {
  /** Client: sends the first flight. Server: adopts `opening`. Called once, first. */
  start(now: number): void;
  /** One datagram of the peer, or a piece of its stream. */
  receive(bytes: Uint8Array, now: number): void;
  /**
   * One message to the peer; only when established. Throws EMSGSIZE above the limit of the protocol. The message is
   * taken; a promise, for engines with a queue of their own, says: send no more before it resolves. It never rejects.
   */
  send(message: Uint8Array, now: number): void | Promise<void>;
  /** `deadline` has passed. Calling it early is harmless. */
  timeout(now: number): void;
  /** Answers a `need`. An association that never asks leaves it out. */
  answer?(id: number, answer: NeedAnswer, now: number): void;
  /**
   * Answers a `need` of kind `sni`: the credential of that name, undefined if there is none. It is one of the table, or
   * what a function gave, which may be new. It stays valid while the context lives.
   */
  answerName?(id: number, credential: CertificateServerInfo | undefined, now: number): void;
  /**
   * Sends close_notify where the protocol has it and goes to `closed`; over a stream it may go on to read until the
   * peer has ended too. A promise resolves when close_notify has gone to the lower socket. Idempotent.
   */
  shutdown(now: number): void | Promise<void>;
  /**
   * The stream below has ended. For engines that learn in a later turn of the event loop what they were told: `closed`
   * or `failed` has to follow. Without this method the driver looks at `phase`: if no close_notify came, ECONNRESET.
   */
  end?(now: number): void;
  /** When `timeout` wants to be called, by the same clock as `now`; undefined: no timer runs. */
  readonly deadline: number | undefined;
  readonly phase: Phase;
  /**
   * In a handshake: what it waits for, what was heard last and what to try, in the words that it would fail with
   * itself; for a deadline of the caller that runs out first. An alert that came and was not believed goes with it.
   */
  silence?(now: number): Silence | undefined;
  /**
   * Bytes that it may be made to keep, itself included, as long as nobody is authenticated; a listener adds them up.
   * Without it 64 KiB are assumed.
   */
  readonly halfOpenBytes?: number | undefined;
  /** Largest message whose datagram has at most `lowerLimit` bytes; 0 if none fits. */
  maxMessage(lowerLimit: number): number;
  /**
   * Highest number of a record that was authenticated, for associations whose peer uses a connection id of ours. What
   * brought a higher one came from where the peer is now (RFC 9146 §6).
   */
  readonly newest?: number | undefined;
  /** Associations that can go on elsewhere; absent: this one cannot. */
  readonly continuation?: Continuation | undefined;
  info(): AssociationInfo;
  /**
   * RFC 5705, only when established; throws EINVAL for a label that the protocol reserves. The bytes are the caller's.
   */
  readonly exportKeyingMaterial?: ExportKeyingMaterial | undefined;
  /** Frees everything and wipes keys; nothing is called afterwards. Idempotent. */
  destroy(): void;
}

/**
 * Leaves an association to a successor so that no record number, and so no AEAD nonce, is ever used twice, whatever
 * crashes: the successor begins at a number that this association cannot reach. It must be stored before more numbers
 * are used. An association that was never saved has no bound.
 */
export interface Continuation {
  /** Numbers that may still be used; 0: what is sent is refused with EAGAIN. */
  readonly left: number;
  /**
   * The state that a successor goes on from, secret, the caller's to wipe. The successor begins `reserve` numbers from
   * here, at a number that no state before promised. With `reserve` 0 this association sends nothing more, ever.
   */
  save(reserve: number): Uint8Array;
  /** The latest state that `save` gave is stored: the numbers below the beginning of its successor may be used. */
  stored(): void;
}

/** `length` bytes that both ends derive alike from `label` and `context`; an empty context differs from none. */
export type ExportKeyingMaterial = (label: string, length: number, context?: Uint8Array) => Uint8Array;

export type Phase = 'handshake' | 'established' | 'closed';

/**
 * What an association reports. The same object for its whole life; silent after `destroy`. Its methods belong to it:
 * whoever puts another one in front writes every method, because a copy by `...` has none.
 */
export interface Output {
  /**
   * To the peer. Streams: a piece of the stream. A promise is that of `LowerSocket.send`; who has no queue ignores it.
   */
  datagram(bytes: Uint8Array): void | Promise<void>;
  /** From the peer, authenticated and decrypted. */
  message(bytes: Uint8Array): void;
  established(): void;
  /** The peer ended the association in order (close_notify), or we did. */
  closed(alert?: Alert): void;
  /** The association is over. */
  failed(error: NetError): void;
  /** A session that later associations may resume, as often as there is a new one; the latest counts. Secret. */
  session?(session: Uint8Array): void;
  /** Something that only the application knows; the association waits for `answer(id, …)` and keeps its deadline. */
  need(id: number, what: Need): void;
  /** Refused input, by reason; counted, never thrown. */
  dropped(reason: string): void;
  /** A fact for whoever watches, for example `{ type: 'flight', attempt, waitMs }`. Never a secret. */
  trace?(event: TraceEvent): void;
}

export type Need =
  | { readonly kind: 'psk'; readonly identity: Uint8Array }
  | { readonly kind: 'session'; readonly sessionId: Uint8Array }
  /** In lower case, as `canonicalName` gives it. */
  | { readonly kind: 'sni'; readonly name: string };

/** The key or session that was asked for; undefined: there is none. Names are answered by `answerName`. */
export type NeedAnswer = Uint8Array | undefined;

export interface TraceEvent {
  readonly type: string;
  readonly [fact: string]: unknown;
}

/** Everything that one association is opened with, beside the context that it belongs to. */
export interface AssociationRequest {
  readonly role: Role;
  readonly output: Output;
  /**
   * Client: the name for SNI, verification and DANE base: the configured override, else the host given to `connect`.
   * May be an IP literal, which is verified but never sent as SNI (RFC 6066 §3).
   */
  readonly serverName?: string;
  readonly peer?: Address;
  /** Server: the verified hello that it continues from. */
  readonly opening?: Opening;
  readonly handshakeTimeouts: HandshakeTimeouts;
  readonly tlsa?: readonly TlsaRecord[];
  /** Largest datagram that the lower socket carries, bytes; undefined on streams. */
  readonly lowerMtu?: number;
  /** A session to resume: what `Output.session` gave out for the same `sessionScope` and server name. */
  readonly session?: Uint8Array;
  /**
   * The id that the peer is to put on its records to us (RFC 9146), unique among those of one socket; empty: we only
   * put the peer's on ours. Absent: not negotiated.
   */
  readonly connectionId?: Uint8Array;
  /**
   * What `Continuation.save` gave, in whatever process: no handshake, established by `start`, with nothing left to
   * send.
   */
  readonly continued?: Uint8Array;
  readonly error: (init: EngineErrorInit) => NetError;
}

/** What an engine says of an error; operation and backend are filled in by core. */
export interface EngineErrorInit {
  readonly code: string;
  readonly message: string;
  readonly alert?: Alert | undefined;
  readonly library?: { readonly code: number | string; readonly text: string } | undefined;
  readonly cause?: unknown;
}

export type Silence = Pick<EngineErrorInit, 'message' | 'alert'>;

/** The second ClientHello of a cookie exchange that someone else has done: its message_seq is 1 (RFC 6347 §4.2.1). */
export interface Opening {
  /** The whole datagram that carried it. */
  readonly hello: Uint8Array;
  readonly from: Address;
  readonly cookieVerified: true;
}

/** Negotiated facts; what a backend cannot tell it leaves out. */
export interface AssociationInfo {
  readonly version?: Version;
  readonly ciphersuite?: { readonly id: number; readonly name: string };
  readonly resumed?: boolean;
  readonly extendedMasterSecret?: boolean;
  readonly encryptThenMac?: boolean;
  /** Server: the identity that the peer authenticated with. Client: the hint of the server, if any. */
  readonly pskIdentity?: Uint8Array;
  readonly pskIdentityHint?: Uint8Array;
  readonly serverName?: string;
  readonly alpn?: string;
  /** DER, leaf first. */
  readonly peerCertificates?: readonly Uint8Array[];
  /** Negotiated (RFC 9146): what the peer puts on its records, and what we put on ours. */
  readonly connectionId?: { readonly own: Uint8Array; readonly peer: Uint8Array };
  /** Goes on from an exported one, without a handshake. */
  readonly continued?: boolean;
}
