/**
 * One association of one peer of a listener, begun by a verified hello, and the lower socket that it runs over: a view
 * of the shared one that sends to one address. Knows nothing of other peers.
 */

import type {
  Address,
  Alert,
  Association,
  AssociationRequest,
  LowerSink,
  LowerSocket,
  Need,
  NetError,
  Opening,
  Output,
  PeerContinuation,
  PeerOpening,
  PeerRun,
  TraceEvent,
} from '@avs-net/core/plugin';
import { RANDOM } from './client-hello.ts';
import type { MoveAllowance } from './move-allowance.ts';

/** What a session needs of whoever serves it. */
export interface SessionHost {
  readonly lower: LowerSocket;
  now(): number;
  associate(request: AssociationRequest, session: PeerSession): Association;
  established(session: PeerSession): void;
  /** `error` if it failed. */
  over(session: PeerSession, error: NetError | undefined): void;
  /** A message of the peer arrived, authenticated. */
  heard(session: PeerSession): void;
  /** A datagram left; a promise is that of the lower socket. */
  sent(bytes: number, room: void | Promise<void>): void;
  refused(reason: string): void;
  /** A record has proved that the peer is at `to`. */
  heardAt(session: PeerSession, to: Address): void;
}

export class PeerSession implements LowerSocket, PeerOpening, PeerContinuation {
  readonly kind = 'datagram';
  peer: Address;
  /** `peer` belongs to another association, this one is found by its id alone. */
  guest = false;
  /** What the peer puts on its records, if it does. */
  id: Uint8Array | undefined;
  /** Of `PeersById`. */
  nextById: PeerSession | undefined;
  moves: MoveAllowance | undefined;
  /** What it goes on from, while it is restored: there is no hello then. */
  continued: Uint8Array | undefined;
  /** The datagram of the hello. */
  readonly hello: Uint8Array;
  readonly begun: number;
  readonly #randomAt: number;
  readonly #host: SessionHost;
  run: PeerRun | undefined;
  /** Its handshake has succeeded. */
  authenticated = false;
  over = false;
  /** Nothing leaves any more: another association speaks to the peer. */
  muted = false;
  /** More than the hello has come, and passed the filter. */
  advanced = false;
  /** The peer has changed to the keys of this handshake: its protected records may belong here. */
  changedCipherSpec = false;
  lastHeard: number;
  #association: Association | undefined;
  #sink: LowerSink | undefined;
  #paused = false;
  #refusals = 0;
  /** Where the datagram comes from that is being delivered, if not from `peer`. */
  #elsewhere: Elsewhere | undefined;

  constructor(peer: Address, hello: Uint8Array, randomAt: number, host: SessionHost) {
    this.peer = peer;
    this.hello = hello;
    this.#randomAt = randomAt;
    this.#host = host;
    this.begun = host.now();
    this.lastHeard = this.begun;
  }

  get lower(): LowerSocket {
    return this;
  }

  get from(): Address {
    return this.peer;
  }

  get opening(): Opening {
    return { hello: this.hello, from: this.peer, cookieVerified: true };
  }

  association(request: AssociationRequest): Association {
    const { id, continued } = this;
    const output = new SessionOutput(request.output, this, this.#host);
    const what = { ...(id && { connectionId: id }), ...(continued && { continued }) };
    this.#association = this.#host.associate({ ...request, ...what, output }, this);
    return this.#association;
  }

  established(): void {
    this.#host.established(this);
  }

  closed(error?: NetError): void {
    this.#host.over(this, error);
  }

  /** What the peer puts on its records; of no bytes: nothing. */
  get negotiatedId(): Uint8Array | undefined {
    return this.#association?.info().connectionId?.own;
  }

  start(sink: LowerSink): void {
    this.#sink = sink;
  }

  send(data: Uint8Array): void | Promise<void> {
    if (this.muted) return undefined;
    const room = reply(this.#host.lower, data, this.peer);
    this.#host.sent(data.length, room);
    return room;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  innerMtu(): number | undefined {
    return this.#host.lower.innerMtu();
  }

  /** False: the peer takes nothing at the moment. */
  deliver(data: Uint8Array): boolean {
    if (this.#sink === undefined || this.#paused || this.over) return false;
    const before = this.#refusals;
    this.#sink.receive(data);
    if (this.#refusals === before) this.advanced = true;
    return true;
  }

  /** The same for a datagram that came from elsewhere, or to a guest: it may show where the peer is now. */
  deliverFrom(from: Address, data: Uint8Array): boolean {
    this.#elsewhere = { from, newest: this.#association?.newest ?? -1 };
    try {
      const taken = this.deliver(data);
      this.locate();
      return taken;
    } finally {
      this.#elsewhere = undefined;
    }
  }

  /** Called with everything that a datagram has brought, before it is passed on. RFC 9146 §6: newer than all before. */
  locate(): void {
    const elsewhere = this.#elsewhere;
    if (elsewhere === undefined || (this.#association?.newest ?? -1) <= elsewhere.newest) return;
    this.#elsewhere = undefined;
    this.#host.heardAt(this, elsewhere.from);
  }

  refused(reason: string): void {
    this.#refusals += 1;
    this.#host.refused(reason);
  }

  /** Ends it. */
  close(): void {
    this.run?.close();
  }

  /** The socket below is over. */
  lowerFailed(error: NetError): void {
    this.#sink?.failed(error);
  }

  /** Whether it began with a hello of the same random, which no client uses twice. */
  beganWith(bytes: Uint8Array, randomAt: number): boolean {
    for (let index = 0; index < RANDOM; index++) {
      if (this.hello[this.#randomAt + index] !== bytes[randomAt + index]) return false;
    }
    return true;
  }
}

/** Sends to `to` over a shared lower socket, or over one that has a single peer and knows it. */
export function reply(lower: LowerSocket, data: Uint8Array, to: Address): void | Promise<void> {
  return lower.sendTo === undefined || to === ONLY_PEER ? lower.send(data) : lower.sendTo(data, to);
}

/** The address of whoever is at the other end of a lower socket that does not say. */
export const ONLY_PEER: Address = { host: '', port: 0 };

interface Elsewhere {
  readonly from: Address;
  /** The newest record before. */
  readonly newest: number;
}

/** Notices what is authenticated. */
class SessionOutput implements Output {
  readonly #output: Output;
  readonly #session: PeerSession;
  readonly #host: SessionHost;

  constructor(output: Output, session: PeerSession, host: SessionHost) {
    this.#output = output;
    this.#session = session;
    this.#host = host;
  }

  datagram(bytes: Uint8Array): void | Promise<void> {
    this.#session.locate();
    return this.#output.datagram(bytes);
  }

  message(bytes: Uint8Array): void {
    this.#session.locate();
    this.#host.heard(this.#session);
    this.#output.message(bytes);
  }

  established(): void {
    this.#output.established();
  }

  closed(alert?: Alert): void {
    this.#session.locate();
    this.#output.closed(alert);
  }

  failed(error: NetError): void {
    this.#output.failed(error);
  }

  need(id: number, what: Need): void {
    this.#output.need(id, what);
  }

  dropped(reason: string): void {
    this.#session.refused(reason);
    this.#output.dropped(reason);
  }

  trace(event: TraceEvent): void {
    this.#output.trace?.(event);
  }
}
