/**
 * The endpoint: serves the associations of many peers over one lower socket. Demultiplexes by address, keeps strangers
 * out until they have proved theirs, bounds what everybody costs, and lets a peer that lost its state come back
 * (RFC 6347 §4.2.8). Opens nothing, decrypts nothing: associations are run by the host.
 */

import type { Address, Listener, ListenerHost, LowerSocket, NetError } from '@avs-net/core/plugin';
import { holdsChangeCipherSpec, isHello, isPlaintext } from './datagram-contents.ts';
import { EndpointCounters, type GivenUp } from './endpoint-counters.ts';
import { type EndpointLimits, endpointLimits } from './endpoint-limits.ts';
import { HalfOpenBytes } from './half-open-bytes.ts';
import { HelloExchange } from './hello-exchange.ts';
import { ONLY_PEER, PeerSession, reply, type SessionHost } from './peer-session.ts';
import { type Peer, PeerTable } from './peer-table.ts';
import type { MakeAssociation } from './record-filter.ts';
import type { Refusal } from './refusal.ts';
import { SessionDeadlines } from './session-deadlines.ts';

/**
 * Serves `lower`. `make` makes the association of a peer, behind its own record filter; its request carries the opening
 * hello. A lower socket without sender addresses is taken for one with a single peer.
 */
export function listen(lower: LowerSocket, make: MakeAssociation, host: ListenerHost): Listener {
  return new Endpoint(lower, make, host);
}

class Endpoint implements Listener, SessionHost {
  readonly lower: LowerSocket;
  readonly #make: MakeAssociation;
  readonly #host: ListenerHost;
  readonly #limits: EndpointLimits;
  readonly #counters = new EndpointCounters();
  readonly #table = new PeerTable();
  readonly #halfOpenBytes: HalfOpenBytes;
  readonly #deadlines: SessionDeadlines;
  readonly #exchange: HelloExchange;
  #closed = false;
  #admitting = true;
  /** What the lower socket last wanted to be waited for. */
  #room: Promise<void> | undefined;
  readonly #answer = (answer: Uint8Array, to: Address): void => {
    try {
      reply(this.lower, answer, to);
      this.#counters.cookiesSent += 1;
      this.#counters.sent(answer.length);
    } catch (error) {
      // Whoever sends hellos from an address that nothing can be sent to must not be able to throw.
      this.#host.trace?.({ type: 'lower-error', error });
    }
  };

  constructor(lower: LowerSocket, make: MakeAssociation, host: ListenerHost) {
    this.lower = lower;
    this.#make = make;
    this.#host = host;
    this.#limits = endpointLimits(host.limits);
    this.#halfOpenBytes = new HalfOpenBytes(this.#limits.maxHalfOpenBytes);
    this.#exchange = new HelloExchange(host.clock.now());
    this.#deadlines = new SessionDeadlines(host.clock, this.#table, this.#limits, (session) => this.#expire(session));
    lower.start({
      receive: (data, from) => this.#receive(data, from ?? ONLY_PEER),
      end: () => void this.close(),
      // One peer's unreachable port says nothing about the others, and anybody can forge it.
      softError: (error) => host.trace?.({ type: 'lower-error', code: error.code }),
      failed: (error) => this.#lowerFailed(error),
    });
  }

  now(): number {
    return this.#host.clock.now();
  }

  heard(session: PeerSession): void {
    if (this.#limits.idleTimeout !== undefined) session.lastHeard = this.now();
  }

  sent(bytes: number, room: void | Promise<void>): void {
    this.#counters.sent(bytes);
    if (room !== undefined) this.#room = room;
  }

  refused(reason: string): void {
    this.#counters.refuse(reason);
  }

  close(): void | Promise<void> {
    if (this.#closed) return this.#room;
    this.#closed = true;
    this.#deadlines.stop();
    this.#room = undefined;
    for (const session of [...this.#table.halfOpen, ...this.#table.established]) this.#end(session, 'closed');
    return this.#room;
  }

  pause(): void {
    this.#admitting = false;
  }

  resume(): void {
    this.#admitting = true;
  }

  stats(): Readonly<Record<string, number>> {
    const { established, halfOpen, entries } = this.#table;
    const now = { peers: established.size, halfOpen: halfOpen.size, halfOpenBytes: this.#halfOpenBytes.total, entries };
    return { ...this.#counters.snapshot(), ...now };
  }

  #receive(data: Uint8Array, from: Address): void {
    if (this.#closed) return;
    this.#counters.datagrams += 1;
    this.#counters.bytes += data.length;
    const peer = this.#table.find(from);
    if (isHello(data)) this.#hello(data, from, peer);
    else if (peer === undefined) this.#refuse(data.length === 0 ? 'emptyDatagram' : 'noAssociation');
    else this.#route(data, peer);
  }

  /** Anything but a ClientHello from a known address. */
  #route(data: Uint8Array, { established, handshake }: Peer): void {
    if (handshake === undefined) this.#deliver(established, data);
    else if (established === undefined) this.#deliver(handshake, data);
    else if (isPlaintext(data)) {
      // What a finished association makes of plaintext is to drop it, so all of it belongs to the new handshake.
      if (!handshake.changedCipherSpec) handshake.changedCipherSpec = holdsChangeCipherSpec(data);
      this.#deliver(handshake, data);
    } else {
      // Protected: of the old association until the new one has keys, and then of either, which only the keys can tell.
      const maybeNew = handshake.changedCipherSpec;
      this.#deliver(established, data);
      if (maybeNew && !handshake.over) this.#deliver(handshake, data);
    }
  }

  #hello(data: Uint8Array, from: Address, peer: Peer | undefined): void {
    this.#counters.hellos += 1;
    if (peer === undefined && !this.#admitting) {
      this.#refuse('notAdmitting');
      return;
    }
    const refusal = this.#exchange.read(data);
    const { hello } = this.#exchange;
    if (refusal !== undefined) {
      // Later fragments of a verified hello, for its engine to put together.
      if (refusal === 'fragmentedHello' && peer?.handshake !== undefined) this.#deliver(peer.handshake, data);
      else this.#refuse(refusal);
      return;
    }
    if (hello.cookieLength > 0 && peer !== undefined) {
      if (peer.handshake?.beganWith(data, hello.randomAt)) {
        this.#deliver(peer.handshake, data);
        return;
      }
      if (peer.established?.beganWith(data, hello.randomAt)) {
        this.#refuse('replayedHello');
        return;
      }
    }
    const verdict = this.#exchange.judge(data, from, this.now(), this.#answer);
    if (verdict === 'verified') this.#admit(data, from, peer);
    else if (verdict === 'refused') this.#counters.cookiesRefused += 1;
  }

  /** Room for a verified hello: never at the cost of an established peer. */
  #admit(data: Uint8Array, from: Address, peer: Peer | undefined): void {
    const { maxPeers, maxPeersPerHost, maxHalfOpen } = this.#limits;
    const table = this.#table;
    if (peer?.established === undefined && table.established.size >= maxPeers) {
      this.#refuse('tooManyPeers');
      return;
    }
    // A client that starts again has forgotten the handshake that it had begun.
    if (peer?.handshake !== undefined) this.#evict(peer.handshake);
    if (peer === undefined && table.peersOfHost(from) >= maxPeersPerHost) {
      const first = table.leastAdvancedOfHost(from);
      if (first === undefined) {
        this.#refuse('tooManyPeersOfHost');
        return;
      }
      this.#evict(first);
    }
    if (table.halfOpen.size >= maxHalfOpen) {
      const first = table.leastAdvanced();
      if (first !== undefined) this.#evict(first);
    }
    this.#begin(data, from);
  }

  #begin(data: Uint8Array, from: Address): void {
    const { hello } = this.#exchange;
    // Only the record that was verified: what is behind it has passed no filter.
    if (hello.recordEnd < data.length) this.#refuse('behindHello');
    const address = from === ONLY_PEER ? from : { ...from };
    const session = new PeerSession(address, data.slice(0, hello.recordEnd), hello.randomAt, this);
    this.#counters.handshakesBegun += 1;
    this.#table.begin(session);
    try {
      session.run = this.#host.open({
        lower: session,
        opening: { hello: session.hello, from: address, cookieVerified: true },
        association: (request) => {
          session.association = this.#make(session.watched(request));
          return session.association;
        },
        established: () => this.#established(session),
        closed: (error) => this.#forget(session, error ?? 'closed'),
      });
    } catch (error) {
      this.#host.trace?.({ type: 'open-failed', peer: address, error });
      this.#refuse('openFailed');
      this.#forget(session, 'closed');
    }
    if (session.over) session.close();
    else this.#weigh(session);
    this.#deadlines.arm();
  }

  #established(session: PeerSession): void {
    if (session.over || session.established) return;
    session.established = true;
    session.association = undefined;
    this.#halfOpenBytes.release(session);
    session.lastHeard = this.now();
    this.#counters.handshakesFinished += 1;
    const replaced = this.#table.promote(session);
    if (replaced !== undefined) {
      this.#counters.peersReplaced += 1;
      // A close_notify under the old keys would be a forgery to the peer, which has new ones.
      replaced.muted = true;
      this.#end(replaced, 'closed');
    } else if (this.#table.established.size >= this.#limits.maxPeers) this.#endNewcomers();
    this.#deadlines.arm();
  }

  /** The last place is taken: who has not finished, and has none, cannot get one. */
  #endNewcomers(): void {
    for (const session of [...this.#table.halfOpen]) {
      if (this.#table.find(session.peer)?.established !== undefined) continue;
      this.#refuse('tooManyPeers');
      this.#evict(session);
    }
  }

  #expire(session: PeerSession): void {
    if (session.established) this.#counters.peersIdle += 1;
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
    session.association = undefined;
    this.#halfOpenBytes.release(session);
    if (!session.established) this.#counters.failed(reason);
    this.#table.remove(session);
  }

  #deliver(session: PeerSession | undefined, data: Uint8Array): void {
    if (session === undefined) return;
    if (!session.deliver(data)) this.#refuse('peerPaused');
    else if (!session.established && !session.over) this.#weigh(session);
  }

  /** Makes room in bytes for `session`; one handshake may always run. */
  #weigh(session: PeerSession): void {
    const bytes = this.#halfOpenBytes;
    const { halfOpen } = this.#table;
    bytes.weigh(session);
    while (bytes.isOver && halfOpen.size > 1)
      this.#evict(bytes.greediest(halfOpen) ?? this.#table.leastAdvanced(session)!);
  }

  #refuse(reason: Refusal): void {
    this.#counters.refuse(reason);
    this.#host.dropped(reason);
  }

  #lowerFailed(error: NetError): void {
    const sessions = [...this.#table.halfOpen, ...this.#table.established];
    this.#closed = true;
    this.#deadlines.stop();
    for (const session of sessions) {
      session.lowerFailed(error);
      this.#end(session, error);
    }
  }
}
