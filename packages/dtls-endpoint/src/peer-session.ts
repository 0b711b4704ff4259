/**
 * One association of one peer of a listener, begun by a verified hello, and the lower socket that it runs over: a view
 * of the shared one that sends to one address. Knows nothing of other peers.
 */

import type {
  Address,
  Association,
  AssociationRequest,
  LowerSink,
  LowerSocket,
  NetError,
  Opening,
  PeerContinuation,
  PeerOpening,
  PeerRun,
} from '@avs-net/core/plugin';
import { RANDOM } from './client-hello.ts';
import type { MoveAllowance } from './move-allowance.ts';
import { SessionOutput } from './session-output.ts';

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
  // What every datagram needs comes first and stands close together: with many peers it is in no cache any more.
  #sink: LowerSink | undefined;
  #paused = false;
  over = false;
  /** Undefined once it has succeeded. */
  handshake: SessionHandshake | undefined;
  /** Where the datagram comes from that is being delivered, if not from `peer`. */
  #elsewhere: Elsewhere | undefined;
  /** Nothing leaves any more: another association speaks to the peer. */
  muted = false;
  readonly #host: SessionHost;
  peer: Address;
  /** `peer` belongs to another association, this one is found by its id alone. */
  guest = false;
  /** What the peer puts on its records, if it does. */
  id: Uint8Array | undefined;
  readonly kind = 'datagram';
  /** Of `PeersById`. */
  nextById: PeerSession | undefined;
  moves: MoveAllowance | undefined;
  /** What it goes on from, while it is restored: there is no hello then. */
  continued: Uint8Array | undefined;
  run: PeerRun | undefined;
  /** Only kept where peers may be silent for too long. */
  lastHeard = 0;
  /** What is left of the random of the hello. */
  #randomTag = 0;
  #association: Association | undefined;

  /** `hello`: the record that it begins with, whose random is at `randomAt`. */
  constructor(peer: Address, hello: Uint8Array, randomAt: number, host: SessionHost) {
    this.peer = peer;
    this.#host = host;
    const begun = host.now();
    this.handshake = { hello, randomAt, begun, refusals: 0, keptBytes: 0, advanced: false, changedCipherSpec: false };
  }

  /** What its association may keep while nobody is authenticated. */
  get engineBytes(): number | undefined {
    return this.#association?.halfOpenBytes;
  }

  /** Its handshake has succeeded. */
  get authenticated(): boolean {
    return this.handshake === undefined;
  }

  get lower(): LowerSocket {
    return this;
  }

  get from(): Address {
    return this.peer;
  }

  /** During the handshake. */
  get opening(): Opening {
    return { hello: this.handshake!.hello, from: this.peer, cookieVerified: true };
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

  /** The handshake is over, and all that it needed goes. */
  finish(): void {
    const { hello, randomAt } = this.handshake!;
    this.#randomTag = randomTag(hello, randomAt);
    this.handshake = undefined;
  }

  /** What the peer puts on its records; of no bytes: nothing. */
  get negotiatedId(): Uint8Array | undefined {
    return this.#association?.info().connectionId?.own;
  }

  /** Whether both have proved to be the same: by PSK identity or certificate, or neither by anything. */
  isSamePeer(other: PeerSession): boolean {
    const [mine, others] = [this.#identity, other.#identity];
    return mine === undefined || others === undefined ? mine === others : Buffer.compare(mine, others) === 0;
  }

  get #identity(): Uint8Array | undefined {
    const { pskIdentity, peerCertificates } = this.#association?.info() ?? {};
    return pskIdentity ?? peerCertificates?.[0];
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
    const { handshake } = this;
    const before = handshake?.refusals;
    this.#sink.receive(data);
    if (handshake !== undefined && handshake.refusals === before) handshake.advanced = true;
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
    if (this.handshake !== undefined) this.handshake.refusals += 1;
    this.#host.refused(reason);
  }

  /** Ends it. */
  close(): void {
    this.run?.close();
  }

  /** The socket below has nothing more. */
  lowerEnded(): void {
    this.#sink?.end();
  }

  /** The socket below is over. */
  lowerFailed(error: NetError): void {
    this.#sink?.failed(error);
  }

  /** Whether it began with a hello of the same random, which no client uses twice; by a tag once that is long ago. */
  beganWith(bytes: Uint8Array, randomAt: number): boolean {
    if (this.handshake === undefined) return this.#randomTag === randomTag(bytes, randomAt);
    const { hello, randomAt: at } = this.handshake;
    for (let index = 0; index < RANDOM; index++) if (hello[at + index] !== bytes[randomAt + index]) return false;
    return true;
  }
}

export interface SessionHandshake {
  readonly hello: Uint8Array;
  readonly randomAt: number;
  readonly begun: number;
  /** What the filter refused. */
  refusals: number;
  /** What it was last reckoned to make the process keep, bytes. */
  keptBytes: number;
  /** More than the hello has come, and passed the filter. */
  advanced: boolean;
  /** The peer has changed to the keys of this handshake: its protected records may belong here. */
  changedCipherSpec: boolean;
}

/** The last 48 bits of a random: that another has the same does not happen, and would cost its client one attempt. */
function randomTag(bytes: Uint8Array, randomAt: number): number {
  let tag = 0;
  for (let index = RANDOM - TAG; index < RANDOM; index++) tag = tag * 256 + (bytes[randomAt + index] ?? 0);
  return tag;
}

const TAG = 6;

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
