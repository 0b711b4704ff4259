/**
 * Everybody that a listener serves: begins, restores and ends their associations, gives them their ids, bounds how many
 * there are. What comes for whom is the listener's business.
 */

import type {
  Address,
  Association,
  AssociationRequest,
  ListenerHost,
  LowerSocket,
  NetError,
} from '@avs-net/core/plugin';
import type { ConnectionIds } from './connection-ids.ts';
import { EndpointCounters, type GivenUp } from './endpoint-counters.ts';
import { type EndpointLimits, endpointLimits } from './endpoint-limits.ts';
import { HalfOpenBytes } from './half-open-bytes.ts';
import { PeerPlaces } from './peer-places.ts';
import { PeerSession, type SessionHost } from './peer-session.ts';
import { type Peer, PeerTable } from './peer-table.ts';
import { PeersById } from './peers-by-id.ts';
import type { MakeAssociation } from './record-filter.ts';
import type { Refusal } from './refusal.ts';
import { SessionDeadlines } from './session-deadlines.ts';

export class ServedPeers implements SessionHost {
  readonly lower: LowerSocket;
  readonly counters: EndpointCounters = new EndpointCounters();
  readonly #make: MakeAssociation;
  readonly #host: ListenerHost;
  readonly #limits: EndpointLimits;
  readonly #table = new PeerTable();
  readonly #ids: ConnectionIds | undefined;
  /** Undefined where peers put no ids on what they send. */
  readonly #byId: PeersById | undefined;
  readonly #places: PeerPlaces;
  readonly #halfOpenBytes: HalfOpenBytes;
  readonly #deadlines: SessionDeadlines;
  /** Why the association ended that is being restored. */
  #failure: NetError | undefined;
  /** What the lower socket last wanted to be waited for. */
  #room: Promise<void> | undefined;

  constructor(lower: LowerSocket, make: MakeAssociation, host: ListenerHost, ids: ConnectionIds | undefined) {
    this.lower = lower;
    this.#make = make;
    this.#host = host;
    this.#ids = ids;
    if (ids !== undefined && ids.length > 0) this.#byId = new PeersById(ids.length);
    this.#limits = endpointLimits(host.limits);
    this.#halfOpenBytes = new HalfOpenBytes(this.#limits.maxHalfOpenBytes);
    this.#places = new PeerPlaces(this.#table, this.#limits, this.counters, (session) => this.#evict(session));
    this.#deadlines = new SessionDeadlines(host.clock, this.#table, this.#limits, (session) => this.#expire(session));
  }

  find(from: Address): Peer | undefined {
    return this.#table.find(from);
  }

  /** Whose id the bytes from `at` on are. */
  findById(data: Uint8Array, at: number): PeerSession | undefined {
    return this.#byId?.find(data, at);
  }

  /** Whether peers may put ids on what they send. */
  get haveIds(): boolean {
    return this.#byId !== undefined;
  }

  get counts(): Readonly<Record<'peers' | 'halfOpen' | 'halfOpenBytes' | 'entries', number>> {
    const { established, halfOpen, entries } = this.#table;
    return {
      peers: established.size,
      halfOpen: halfOpen.size,
      halfOpenBytes: this.#halfOpenBytes.total,
      entries: entries + (this.#byId?.size ?? 0),
    };
  }

  /** Makes room for whoever begins at `from`, where `peer` is: never at the cost of an established one. */
  admit(from: Address, peer: Peer | undefined): Refusal | undefined {
    const { maxPeers, maxHalfOpen } = this.#limits;
    const table = this.#table;
    if (peer?.established === undefined && table.established.size >= maxPeers) return 'tooManyPeers';
    // A client that starts again has forgotten the handshake that it had begun.
    if (peer?.handshake !== undefined) this.#evict(peer.handshake);
    if (peer === undefined && !this.#places.makeRoom(from)) return 'tooManyPeersOfHost';
    if (table.halfOpen.size >= maxHalfOpen) {
      const first = table.leastAdvanced();
      if (first !== undefined) this.#evict(first);
    }
    return undefined;
  }

  /** The handshake that `hello` begins, whose random is at `randomAt`. */
  begin(hello: Uint8Array, randomAt: number, from: Address): void {
    const session = new PeerSession(from, hello, randomAt, this);
    this.counters.handshakesBegun += 1;
    this.#table.begin(session);
    try {
      session.id = this.#ids?.make((id) => this.findById(id, 0) !== undefined);
      this.#byId?.add(session);
      session.run = this.#host.open(session);
    } catch (error) {
      this.#host.trace?.({ type: 'open-failed', peer: from, error });
      this.refuse('openFailed');
      this.#forget(session, 'closed');
    }
    if (session.over) session.close();
    else this.weigh(session);
    this.#deadlines.arm();
  }

  /** Makes room in bytes for `session`, which something came for; one handshake may always run. */
  weigh(session: PeerSession): void {
    const bytes = this.#halfOpenBytes;
    const { halfOpen } = this.#table;
    bytes.weigh(session);
    while (bytes.isOver && halfOpen.size > 1) {
      this.#evict(bytes.greediest(halfOpen) ?? this.#table.leastAdvanced(session)!);
    }
  }

  /**
   * Takes in a peer whose association goes on from `state`. Throws what the engine refuses or fails with; EADDRINUSE:
   * its id is that of another, or it has none and its address is; EINVAL: its id is not as long as ours are; ENOBUFS:
   * too many.
   */
  restore(state: Uint8Array, from: Address): void {
    const { resume } = this.#host;
    if (resume === undefined) throw this.#host.error({ code: 'ENOTSUP', message: 'no associations are restored here' });
    if (this.#table.established.size >= this.#limits.maxPeers || !this.#places.makeRoom(from)) {
      throw this.#host.error({ code: 'ENOBUFS', message: 'maxPeers or maxPeersPerHost is reached' });
    }
    const session = new PeerSession({ ...from }, NO_HELLO, 0, this);
    session.continued = state;
    this.#failure = undefined;
    try {
      session.run = resume.call(this.#host, session);
    } catch (error) {
      this.#forget(session, 'closed');
      throw error;
    } finally {
      session.continued = undefined;
    }
    if (!session.over) return;
    session.close();
    const message = 'the association ended while it was restored: nobody accepted it';
    throw this.#failure ?? this.#host.error({ code: 'ECONNABORTED', message });
  }

  /** Ends all. A promise: until the goodbyes have left. */
  close(lowerEnded = false): void | Promise<void> {
    this.#deadlines.stop();
    this.#room = undefined;
    if (lowerEnded) for (const session of [...this.#table.established]) session.lowerEnded();
    for (const session of this.#all()) this.#end(session, 'closed');
    return this.#room;
  }

  /** What `close` returned. */
  get leaving(): void | Promise<void> {
    return this.#room;
  }

  lowerFailed(error: NetError): void {
    this.#deadlines.stop();
    for (const session of this.#all()) {
      session.lowerFailed(error);
      this.#end(session, error);
    }
  }

  refuse(reason: Refusal): void {
    this.counters.refuse(reason);
    this.#host.dropped(reason);
  }

  now(): number {
    return this.#host.clock.now();
  }

  associate(request: AssociationRequest, session: PeerSession): Association {
    const association = this.#make(request);
    if (session.continued === undefined) return association;
    try {
      this.#settle(session, association.info().connectionId?.own);
    } catch (error) {
      association.destroy();
      throw error;
    }
    return association;
  }

  established(session: PeerSession): void {
    if (session.over || session.authenticated) return;
    this.#halfOpenBytes.release(session);
    session.finish();
    this.heard(session);
    if (session.continued === undefined) this.counters.handshakesFinished += 1;
    else this.counters.peersRestored += 1;
    // The peer may not have wanted it.
    if (session.id !== undefined && !session.negotiatedId?.length) {
      this.#byId?.remove(session);
      session.id = undefined;
    }
    const replaced = this.#table.promote(session, (owner) => this.#places.staysBeside(owner, session));
    if (replaced !== undefined) {
      this.counters.peersReplaced += 1;
      // A close_notify under the old keys would be a forgery to the peer, which has new ones.
      replaced.muted = true;
      this.#end(replaced, 'closed');
    } else if (this.#table.established.size >= this.#limits.maxPeers) this.#endNewcomers();
    this.#deadlines.arm();
  }

  over(session: PeerSession, error: NetError | undefined): void {
    if (session.continued !== undefined) this.#failure = error;
    this.#forget(session, error ?? 'closed');
  }

  heard(session: PeerSession): void {
    if (this.#limits.idleTimeout !== undefined) session.lastHeard = this.now();
  }

  heardAt(session: PeerSession, to: Address): void {
    this.#places.move(session, to, this.now());
  }

  sent(bytes: number, room: void | Promise<void>): void {
    this.counters.sent(bytes);
    if (room !== undefined) this.#room = room;
  }

  refused(reason: string): void {
    this.counters.refuse(reason);
  }

  /** Finds a place for a session that is restored. */
  #settle(session: PeerSession, id: Uint8Array | undefined): void {
    if (id !== undefined && id.length > 0) {
      const length = this.#byId?.length ?? 0;
      if (id.length !== length) {
        const message = `the connection id of the association has ${id.length} bytes, those of this socket have ${length}`;
        throw this.#host.error({ code: 'EINVAL', message });
      }
      if (this.findById(id, 0) !== undefined) throw this.#inUse('connection id');
      session.id = new Uint8Array(id);
      this.#byId?.add(session);
    } else if (this.#table.find(session.peer) !== undefined) throw this.#inUse('address');
    this.#table.settle(session);
  }

  #inUse(what: string): NetError {
    const message = `another association of this socket has the same ${what}`;
    return this.#host.error({ code: 'EADDRINUSE', message });
  }

  #all(): readonly PeerSession[] {
    return [...this.#table.halfOpen, ...this.#table.established];
  }

  /** The last place is taken: who has not finished, and has none, cannot get one. */
  #endNewcomers(): void {
    for (const session of [...this.#table.halfOpen]) {
      if (this.#table.find(session.peer)?.established !== undefined) continue;
      this.refuse('tooManyPeers');
      this.#evict(session);
    }
  }

  #expire(session: PeerSession): void {
    if (session.authenticated) this.counters.peersIdle += 1;
    this.#end(session, 'timedOut');
  }

  #evict(session: PeerSession): void {
    session.muted = true;
    this.#end(session, 'evicted');
  }

  #end(session: PeerSession, reason: GivenUp | NetError): void {
    // Forgotten first: whatever closing it calls back finds it gone.
    this.#forget(session, reason);
    session.close();
  }

  /** `reason` is why its handshake failed, if it had not finished. */
  #forget(session: PeerSession, reason: GivenUp | NetError): void {
    if (session.over) return;
    session.over = true;
    this.#halfOpenBytes.release(session);
    if (!session.authenticated && session.continued === undefined) this.counters.failed(reason);
    this.#table.remove(session);
    this.#byId?.remove(session);
  }
}

const NO_HELLO = new Uint8Array(0);
