/**
 * Who is known at which address. Two maps, host and port, so that finding a peer builds no string (unless the socket
 * below tells local addresses apart); IPv4-mapped addresses count as IPv4. An address has at most one established association and one handshake.
 */

import { type Address, unmapAddress } from '@avs-net/core/plugin';
import type { PeerSession } from './peer-session.ts';

export interface Peer {
  readonly address: Address;
  established: PeerSession | undefined;
  handshake: PeerSession | undefined;
}

export class PeerTable {
  readonly #hosts = new Map<string, Map<number | string, Peer>>();
  /** Oldest first. */
  readonly halfOpen: Set<PeerSession> = new Set();
  readonly established: Set<PeerSession> = new Set();

  find(from: Address): Peer | undefined {
    return this.#hosts.get(hostOf(from))?.get(portOf(from));
  }

  /** Addresses of one host, with their handshakes. */
  peersOfHost(from: Address): number {
    return this.#hosts.get(hostOf(from))?.size ?? 0;
  }

  /** Who goes first when there are too many handshakes: the oldest of the least advanced ones. */
  leastAdvanced(except?: PeerSession): PeerSession | undefined {
    let oldest: PeerSession | undefined;
    for (const session of this.halfOpen) {
      if (session === except) continue;
      if (!session.advanced) return session;
      oldest ??= session;
    }
    return oldest;
  }

  /** The same among the handshakes of one host, of addresses without association. */
  leastAdvancedOfHost(from: Address): PeerSession | undefined {
    let first: PeerSession | undefined;
    for (const peer of this.#hosts.get(hostOf(from))?.values() ?? []) {
      const session = peer.established === undefined ? peer.handshake : undefined;
      if (session !== undefined && (first === undefined || goesBefore(session, first))) first = session;
    }
    return first;
  }

  begin(session: PeerSession): void {
    const host = hostOf(session.peer);
    let ports = this.#hosts.get(host);
    if (ports === undefined) {
      ports = new Map();
      this.#hosts.set(host, ports);
    }
    let peer = ports.get(portOf(session.peer));
    if (peer === undefined) {
      peer = { address: session.peer, established: undefined, handshake: undefined };
      ports.set(portOf(session.peer), peer);
    }
    peer.handshake = session;
    this.halfOpen.add(session);
  }

  /** Makes the handshake the association of its address and returns the one that it replaces. */
  promote(session: PeerSession): PeerSession | undefined {
    const peer = this.find(session.peer);
    if (peer === undefined || peer.handshake !== session) return undefined;
    const replaced = peer.established;
    if (replaced !== undefined) this.established.delete(replaced);
    this.halfOpen.delete(session);
    this.established.add(session);
    peer.established = session;
    peer.handshake = undefined;
    return replaced;
  }

  remove(session: PeerSession): void {
    this.halfOpen.delete(session);
    this.established.delete(session);
    const host = hostOf(session.peer);
    const ports = this.#hosts.get(host);
    const peer = ports?.get(portOf(session.peer));
    if (ports === undefined || peer === undefined) return;
    if (peer.established === session) peer.established = undefined;
    if (peer.handshake === session) peer.handshake = undefined;
    if (peer.established !== undefined || peer.handshake !== undefined) return;
    ports.delete(portOf(session.peer));
    if (ports.size === 0) this.#hosts.delete(host);
  }

  /** Everything that is kept, for showing that strangers leave nothing behind. */
  get entries(): number {
    let entries = this.halfOpen.size + this.established.size;
    for (const ports of this.#hosts.values()) entries += 1 + ports.size;
    return entries;
  }
}

function goesBefore(one: PeerSession, other: PeerSession): boolean {
  return one.advanced === other.advanced ? one.begun < other.begun : other.advanced;
}

/** Whoever speaks to two of our addresses has an association with each. */
function portOf({ port, local }: Address): number | string {
  return local === undefined ? port : `${port} ${local.host}`;
}

/** The test saves a regular expression per datagram for all but mapped addresses. */
function hostOf(address: Address): string {
  return address.host.startsWith('::') ? unmapAddress(address.host) : address.host;
}
