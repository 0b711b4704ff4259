/**
 * Who is known at which address. Finding a peer allocates nothing; IPv4-mapped addresses count as IPv4. An address
 * belongs to at most one established association and one handshake; who is found by connection id may be a guest there
 * (RFC 9146 §6).
 */

import { randomInt } from 'node:crypto';
import { type Address, unmapAddress } from '@avs-net/core/plugin';
import type { PeerSession } from './peer-session.ts';

export interface Peer {
  readonly address: Address;
  // What is compared for every datagram, here and not in the address, which has rarely been looked at lately.
  readonly host: string | number;
  readonly port: number;
  readonly local: string | undefined;
  established: PeerSession | undefined;
  handshake: PeerSession | undefined;
  /** Whose address has the same hash. */
  next: Peer | undefined;
}

export class PeerTable {
  /** By hash of the address. */
  readonly #first = new Map<number, Peer>();
  #size = 0;
  /** Addresses of a host, and guests there. */
  readonly #ofHost = new Map<string, number>();
  /** Oldest first. */
  readonly halfOpen: Set<PeerSession> = new Set();
  readonly established: Set<PeerSession> = new Set();

  find(from: Address): Peer | undefined {
    const host = comparableHost(from);
    const local = from.local?.host;
    let peer = this.#first.get(hashOf(host, from.port, local));
    while (peer !== undefined && !(peer.host === host && peer.port === from.port && peer.local === local)) {
      peer = peer.next;
    }
    return peer;
  }

  /** Addresses of one host, with their handshakes, and guests. */
  peersOfHost(from: Address): number {
    return this.#ofHost.get(hostOf(from)) ?? 0;
  }

  /** Who goes first when there are too many handshakes: the oldest of the least advanced ones. */
  leastAdvanced(except?: PeerSession): PeerSession | undefined {
    let oldest: PeerSession | undefined;
    for (const session of this.halfOpen) {
      if (session === except) continue;
      if (session.handshake?.advanced === false) return session;
      oldest ??= session;
    }
    return oldest;
  }

  /** The same among the handshakes of one host, of addresses without association. */
  leastAdvancedOfHost(from: Address): PeerSession | undefined {
    let first: PeerSession | undefined;
    for (const session of this.halfOpen) {
      if (!isSameHost(session.peer, from) || this.find(session.peer)?.established !== undefined) continue;
      if (session.handshake?.advanced === false) return session;
      first ??= session;
    }
    return first;
  }

  begin(session: PeerSession): void {
    this.#peerAt(session.peer).handshake = session;
    this.halfOpen.add(session);
  }

  /**
   * Makes the handshake the association of its address and returns the one that it replaces. One that `stays` becomes a
   * guest there instead.
   */
  promote(session: PeerSession, stays: (owner: PeerSession) => boolean): PeerSession | undefined {
    const peer = this.find(session.peer);
    if (peer === undefined || peer.handshake !== session) return undefined;
    const owner = peer.established;
    const isGuest = owner !== undefined && stays(owner);
    if (isGuest) {
      owner.guest = true;
      this.#count(session.peer, 1);
    } else if (owner !== undefined) this.established.delete(owner);
    this.halfOpen.delete(session);
    this.established.add(session);
    peer.established = session;
    peer.handshake = undefined;
    return isGuest ? undefined : owner;
  }

  /** An established association without handshake: it may have to be a guest at its address, see `move`. */
  settle(session: PeerSession): void {
    this.#count(session.peer, 1);
    session.guest = true;
    this.established.add(session);
    this.claim(session);
  }

  /**
   * An established association goes on at `to`, and its old address keeps nothing. The new one becomes its own unless a
   * handshake runs there, or somebody lives there who can be found by nothing else: then it is a guest.
   */
  move(session: PeerSession, to: Address): void {
    this.#leave(session);
    session.peer = to;
    session.guest = true;
    this.#count(to, 1);
    this.claim(session);
  }

  /** Makes the address of a guest its own, if it may be; who had it becomes the guest. */
  claim(session: PeerSession): void {
    const peer = this.find(session.peer);
    const owner = peer?.established;
    if (!session.guest || peer?.handshake !== undefined || (owner !== undefined && owner.id === undefined)) return;
    session.guest = false;
    if (owner === undefined) this.#count(session.peer, -1);
    else owner.guest = true;
    this.#peerAt(session.peer).established = session;
  }

  remove(session: PeerSession): void {
    this.halfOpen.delete(session);
    this.established.delete(session);
    this.#leave(session);
  }

  /** Everything that is kept, for showing that strangers leave nothing behind. */
  get entries(): number {
    return this.halfOpen.size + this.established.size + this.#ofHost.size + this.#size;
  }

  #leave(session: PeerSession): void {
    if (session.guest) {
      session.guest = false;
      this.#count(session.peer, -1);
      return;
    }
    const peer = this.find(session.peer);
    if (peer === undefined) return;
    if (peer.established === session) peer.established = undefined;
    if (peer.handshake === session) peer.handshake = undefined;
    if (peer.established === undefined && peer.handshake === undefined) this.#vacate(peer);
  }

  #peerAt(address: Address): Peer {
    const known = this.find(address);
    if (known !== undefined) return known;
    const host = comparableHost(address);
    const local = address.local?.host;
    const hash = hashOf(host, address.port, local);
    const next = this.#first.get(hash);
    const peer = { address, host, port: address.port, local, established: undefined, handshake: undefined, next };
    this.#first.set(hash, peer);
    this.#size += 1;
    this.#count(address, 1);
    return peer;
  }

  #vacate(peer: Peer): void {
    const hash = hashOf(peer.host, peer.port, peer.local);
    const first = this.#first.get(hash);
    if (first !== peer) {
      let before = first;
      while (before?.next !== peer) before = before!.next;
      before.next = peer.next;
    } else if (peer.next !== undefined) this.#first.set(hash, peer.next);
    else this.#first.delete(hash);
    this.#size -= 1;
    this.#count(peer.address, -1);
  }

  #count(address: Address, change: number): void {
    const host = hostOf(address);
    const count = (this.#ofHost.get(host) ?? 0) + change;
    if (count === 0) this.#ofHost.delete(host);
    else this.#ofHost.set(host, count);
  }
}

/** Whether datagrams that come from the one and from the other come from one place. */
export function isSameAddress(one: Address, other: Address): boolean {
  return one.port === other.port && isSameHost(one, other) && one.local?.host === other.local?.host;
}

export function isSameHost(one: Address, other: Address): boolean {
  return one.host === other.host || hostOf(one) === hostOf(other);
}

/** Whoever speaks to two of our addresses has an association with each. FNV-1a, thirty bits. */
function hashOf(host: string | number, port: number, local: string | undefined): number {
  // Before the first byte is mixed in: it would cancel the low byte of a port that a peer has chosen for it.
  let hash = Math.imul(SEED ^ port, PRIME);
  if (typeof host === 'string') hash = mixed(hash, host);
  else for (let shift = 0; shift < 32; shift += 8) hash = Math.imul(hash ^ ((host >>> shift) & 0xff), PRIME);
  if (local !== undefined) hash = mixed(hash, local);
  return (hash ^ (hash >>> 15)) & 0x3fff_ffff;
}

function mixed(seed: number, text: string): number {
  let hash = seed;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), PRIME);
  return hash;
}

/** An IPv4 address as a number, anything else as text. */
function comparableHost(address: Address): string | number {
  const host = hostOf(address);
  return ipv4Of(host) ?? host;
}

/** Undefined for all but four decimal numbers without leading zeros. */
function ipv4Of(text: string): number | undefined {
  let address = 0;
  let byte = -1;
  let dots = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === DOT) {
      if (byte < 0 || dots === 3) return undefined;
      address = (address << 8) | byte;
      byte = -1;
      dots += 1;
    } else {
      const digit = code - ZERO;
      if (digit < 0 || digit > 9 || byte === 0) return undefined;
      byte = byte < 0 ? digit : byte * 10 + digit;
      if (byte > 0xff) return undefined;
    }
  }
  return byte < 0 || dots !== 3 ? undefined : (address << 8) | byte;
}

/** The test saves a regular expression per datagram for all but mapped addresses. */
function hostOf(address: Address): string {
  return address.host.startsWith('::') ? unmapAddress(address.host) : address.host;
}

const DOT = 0x2e;
const ZERO = 0x30;
const PRIME = 0x0100_0193;
const SEED = randomInt(2 ** 32);
