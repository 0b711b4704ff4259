/**
 * Where peers may be: how many of one host, and whether one that has proved to be elsewhere goes on from there. Only
 * its own record proves that, newer than all before (RFC 9146 §6); no path is probed (RFC 9853).
 */

import type { Address } from '@avs-net/core/plugin';
import type { EndpointCounters } from './endpoint-counters.ts';
import type { EndpointLimits } from './endpoint-limits.ts';
import { MoveAllowance } from './move-allowance.ts';
import type { PeerSession } from './peer-session.ts';
import { isSameAddress, isSameHost, type PeerTable } from './peer-table.ts';

export class PeerPlaces {
  readonly #table: PeerTable;
  readonly #limits: EndpointLimits;
  readonly #counters: EndpointCounters;
  readonly #evict: (session: PeerSession) => void;

  constructor(
    table: PeerTable,
    limits: EndpointLimits,
    counters: EndpointCounters,
    evict: (session: PeerSession) => void,
  ) {
    this.#table = table;
    this.#limits = limits;
    this.#counters = counters;
    this.#evict = evict;
  }

  /** Room for one more peer of a host, at the cost of a handshake there if it must be. */
  makeRoom(from: Address): boolean {
    if (this.#table.peersOfHost(from) < this.#limits.maxPeersPerHost) return true;
    const first = this.#table.leastAdvancedOfHost(from);
    if (first !== undefined) this.#evict(first);
    return first !== undefined;
  }

  /**
   * Whether the `owner` of an address is somebody else than who has just shaken hands there, and can still be found: a NAT
   * gives the ports of those that are silent for long to others.
   */
  staysBeside(owner: PeerSession, session: PeerSession): boolean {
    return owner.id !== undefined && this.#table.established.size < this.#limits.maxPeers && !owner.isSamePeer(session);
  }

  /** `session` has proved to be at `to`. */
  move(session: PeerSession, to: Address, now: number): void {
    if (session.over) return;
    if (isSameAddress(session.peer, to)) {
      this.#table.claim(session);
      return;
    }
    session.moves ??= new MoveAllowance(now);
    if (!session.moves.take(now) || !(isSameHost(session.peer, to) || this.makeRoom(to))) {
      this.#counters.movesRefused += 1;
      return;
    }
    const address = { ...to };
    this.#table.move(session, address);
    this.#counters.peersMoved += 1;
    session.run?.moved?.(address);
  }
}
