/**
 * `accept` on a datagram socket: peers told apart by address and port in user space, all over one descriptor. A
 * datagram from an unknown address makes a peer and is its first message; a forgotten peer that sends again is a new
 * one.
 *
 * Anybody can make peers by forged source addresses. So their number is limited: beyond it the oldest peer that was
 * never answered makes room; if every peer was answered, the newcomer is dropped. How many wait for `accept` core
 * limits.
 */

import {
  type Address,
  formatAddress,
  NetError,
  type SocketHost,
  type SocketOperations,
  unmapAddress,
} from '@avs-net/core/plugin';

/** A peer as its socket sees it. */
export interface Peer {
  /** As the system writes it, with the local address if that is known. */
  readonly from: Address;
  /** v4-mapped addresses as IPv4. */
  readonly address: Address;
  send(data: Uint8Array): undefined | Promise<void>;
  forget(): void;
}

export interface PeerTableInit {
  readonly host: SocketHost;
  /** Largest number of peers. */
  readonly limit: number;
  readonly transmit: (data: Uint8Array, to: Address) => undefined | Promise<void>;
  readonly operations: (peer: Peer, host: SocketHost) => SocketOperations;
}

export class PeerTable {
  readonly #init: PeerTableInit;
  readonly #peers = new Map<string, Entry>();
  /** Oldest first. */
  readonly #unanswered = new Set<Entry>();

  constructor(init: PeerTableInit) {
    this.#init = init;
  }

  get size(): number {
    return this.#peers.size;
  }

  /** `from` as the system writes it. */
  receive(data: Uint8Array, from: Address): void {
    const key = from.local === undefined ? `${from.port} ${from.host}` : `${from.port} ${from.host} ${from.local.host}`;
    let entry = this.#peers.get(key);
    if (entry === undefined) {
      entry = this.#add(key, from);
      if (entry === undefined) return;
    }
    entry.host?.deliver(data, entry.address);
  }

  /** The bound socket is over, and every peer with it. */
  end(error: (peer: Address) => NetError): void {
    const entries = [...this.#peers.values()];
    this.#peers.clear();
    this.#unanswered.clear();
    for (const entry of entries) entry.host?.failed(error(entry.address));
  }

  transmit(entry: Entry, data: Uint8Array): undefined | Promise<void> {
    this.#unanswered.delete(entry);
    return this.#init.transmit(data, entry.from);
  }

  forget(entry: Entry): void {
    this.#unanswered.delete(entry);
    if (this.#peers.get(entry.key) === entry) this.#peers.delete(entry.key);
  }

  #add(key: string, from: Address): Entry | undefined {
    const { host, limit, operations } = this.#init;
    if (this.#peers.size >= limit) {
      const [oldest] = this.#unanswered;
      if (oldest === undefined) {
        host.dropped('peerLimit');
        return undefined;
      }
      this.#giveUp(oldest);
    }
    const entry = new Entry(key, from, this);
    this.#peers.set(key, entry);
    this.#unanswered.add(entry);
    host.accepted(entry.address, (peerHost) => {
      entry.host = peerHost;
      return operations(entry, peerHost);
    });
    // Core did not take it: it is shutting down, or has too many waiting.
    if (entry.host === undefined) {
      this.forget(entry);
      return undefined;
    }
    return entry;
  }

  #giveUp(entry: Entry): void {
    const { host, limit } = this.#init;
    this.forget(entry);
    host.dropped('peerEvicted');
    entry.host?.failed(
      new NetError({
        code: 'ECONNABORTED',
        operation: 'accept',
        backend: host.backend,
        message: `given up for a newer peer: there were ${limit} and ${formatAddress(entry.address)} had no answer yet`,
      }),
    );
  }
}

class Entry implements Peer {
  readonly key: string;
  readonly from: Address;
  readonly address: Address;
  readonly #table: PeerTable;
  host: SocketHost | undefined;

  constructor(key: string, from: Address, table: PeerTable) {
    this.key = key;
    this.from = from;
    this.address = { host: unmapAddress(from.host), port: from.port };
    this.#table = table;
  }

  send(data: Uint8Array): undefined | Promise<void> {
    return this.#table.transmit(this, data);
  }

  forget(): void {
    this.#table.forget(this);
    this.host = undefined;
  }
}
