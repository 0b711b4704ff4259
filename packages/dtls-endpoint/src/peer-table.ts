/**
 * Who is known at which address. Two maps, host and port, so that finding a peer builds no string (unless the socket
 * below tells local addresses apart); IPv4-mapped addresses count as IPv4. An address belongs to at most one established
 * association and one handshake; who is found by connection id may be a guest there (RFC 9146 §6).
 */

import { type Address, unmapAddress } from '@avs-net/core/plugin';
import type { PeerSession } from './peer-session.ts';

export interface Peer {
  established: PeerSession | undefined;
  handshake: PeerSession | undefined;
}

interface Host {
  readonly ports: Map<number | string, Peer>;
  /** Associations at addresses of this host that belong to others. */
  guests: number;
}

export class PeerTable {
  readonly #hosts = new Map<string, Host>();
  /** Oldest first. */
  readonly halfOpen: Set<PeerSession> = new Set();
  readonly established: Set<PeerSession> = new Set();

  find(from: Address): Peer | undefined {
    return this.#hosts.get(hostOf(from))?.ports.get(portOf(from));
  }

  /** Addresses of one host, with their handshakes, and guests. */
  peersOfHost(from: Address): number {
    const host = this.#hosts.get(hostOf(from));
    return host === undefined ? 0 : host.ports.size + host.guests;
  }

  /** Who goes first when there are too many handshakes: the oldest of the least advanced ones. */
  leastAdvanced(): PeerSession | undefined {
    for (const session of this.halfOpen) if (!session.advanced) return session;
    const [oldest] = this.halfOpen;
    return oldest;
  }

  /** The same among the handshakes of one host, of addresses without association. */
  leastAdvancedOfHost(from: Address): PeerSession | undefined {
    let first: PeerSession | undefined;
    for (const peer of this.#hosts.get(hostOf(from))?.ports.values() ?? []) {
      const session = peer.established === undefined ? peer.handshake : undefined;
      if (session !== undefined && (first === undefined || goesBefore(session, first))) first = session;
    }
    return first;
  }

  begin(session: PeerSession): void {
    this.#peerAt(session.peer).handshake = session;
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

  /** An established association without handshake: it may have to be a guest at its address, see `move`. */
  settle(session: PeerSession): void {
    this.#hostAt(session.peer).guests += 1;
    session.guest = true;
    this.established.add(session);
    this.claim(session);
  }

  /**
   * An established association goes on at `to`, and its old address keeps nothing. The new one becomes its own unless a
   * handshake runs there, or somebody lives there who can be found by nothing else: then it is a guest.
   */
  move(session: PeerSession, to: Address): void {
    // First, so that a host with nothing else is not forgotten and made again.
    this.#hostAt(to).guests += 1;
    this.#leave(session);
    session.peer = to;
    session.guest = true;
    this.claim(session);
  }

  /** Makes the address of a guest its own, if it may be; who had it becomes the guest. */
  claim(session: PeerSession): void {
    const host = this.#hostAt(session.peer);
    const peer = host.ports.get(portOf(session.peer));
    const owner = peer?.established;
    if (!session.guest || peer?.handshake !== undefined || (owner !== undefined && owner.id === undefined)) return;
    if (owner === undefined) host.guests -= 1;
    else owner.guest = true;
    session.guest = false;
    this.#peerAt(session.peer).established = session;
  }

  remove(session: PeerSession): void {
    this.halfOpen.delete(session);
    this.established.delete(session);
    this.#leave(session);
  }

  /** Everything that is kept, for showing that strangers leave nothing behind. */
  get entries(): number {
    let entries = this.halfOpen.size + this.established.size;
    for (const { ports } of this.#hosts.values()) entries += 1 + ports.size;
    return entries;
  }

  #leave(session: PeerSession): void {
    const host = this.#hosts.get(hostOf(session.peer));
    if (host === undefined) return;
    if (session.guest) host.guests -= 1;
    else vacate(host.ports, session);
    if (host.ports.size + host.guests === 0) this.#hosts.delete(hostOf(session.peer));
  }

  #hostAt(address: Address): Host {
    let host = this.#hosts.get(hostOf(address));
    if (host === undefined) {
      host = { ports: new Map(), guests: 0 };
      this.#hosts.set(hostOf(address), host);
    }
    return host;
  }

  #peerAt(address: Address): Peer {
    const { ports } = this.#hostAt(address);
    let peer = ports.get(portOf(address));
    if (peer === undefined) {
      peer = { established: undefined, handshake: undefined };
      ports.set(portOf(address), peer);
    }
    return peer;
  }
}

/** Whether datagrams that come from the one and from the other come from one place. */
export function isSameAddress(one: Address, other: Address): boolean {
  return one.port === other.port && isSameHost(one, other) && one.local?.host === other.local?.host;
}

export function isSameHost(one: Address, other: Address): boolean {
  return one.host === other.host || hostOf(one) === hostOf(other);
}

function vacate(ports: Map<number | string, Peer>, session: PeerSession): void {
  const port = portOf(session.peer);
  const peer = ports.get(port);
  if (peer === undefined) return;
  if (peer.established === session) peer.established = undefined;
  if (peer.handshake === session) peer.handshake = undefined;
  if (peer.established === undefined && peer.handshake === undefined) ports.delete(port);
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
