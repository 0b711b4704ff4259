/**
 * Streams between the hosts of the in-process network: connections, their two directions, a log of what was sent, and
 * what a test does to them (pieces, changed bytes, a cut). Ordered and without loss, as TCP gives it.
 */

import { type Address, formatAddress, type Plugin } from '@avs-net/core/plugin';
import { Pipe } from './stream-pipe.ts';
import { type VirtualTcpInit, virtualTcp } from './virtual-tcp.ts';

export interface StreamEntry {
  readonly from: Address;
  readonly to: Address;
  readonly data: Uint8Array;
}

export interface StreamNetwork {
  /** What was sent, in order. */
  readonly log: readonly StreamEntry[];
  /** Bytes that came to the host of that address. */
  deliveredTo(host: string): number;
  /** A tcp backend whose sockets are those of one host. */
  plugin(init: VirtualTcpInit): Plugin;
  /** From now on no piece is larger; 0: as they were sent. */
  chop(size: number): void;
  /** What becomes of what is sent from now on; undefined: it is lost and the stream goes on without it. */
  tamper(change: (data: Uint8Array, from: Address) => Uint8Array | undefined): void;
  /** Every stream ends in both directions, as by a FIN that neither side has sent. */
  cut(): void;
}

/** The network as its sockets see it. */
export interface StreamCore {
  /** False: the address is taken. */
  listen(address: Address, admit: (connection: StreamEnd) => void): boolean;
  unlisten(address: Address): void;
  freePort(): number;
  /** Undefined: nobody listens there. */
  connect(from: Address, to: Address): StreamEnd | undefined;
}

/** One end of a connection. */
export interface StreamEnd {
  readonly local: Address;
  readonly remote: Address;
  readonly incoming: Pipe;
  readonly outgoing: Pipe;
}

export function createStreamNetwork(): StreamNetwork {
  const log: StreamEntry[] = [];
  const delivered = new Map<string, number>();
  const listeners = new Map<string, (connection: StreamEnd) => void>();
  const pipes = new Set<Pipe>();
  let pieceSize = Number.POSITIVE_INFINITY;
  let change = (data: Uint8Array, _from: Address): Uint8Array | undefined => data;
  let port = FIRST_PORT;

  const pipe = (from: Address, to: Address): Pipe => {
    const made = new Pipe({
      carry(data) {
        log.push({ from, to, data });
        return change(data, from);
      },
      pieceSize: () => pieceSize,
      delivered: (count) => void delivered.set(to.host, (delivered.get(to.host) ?? 0) + count),
    });
    pipes.add(made);
    return made;
  };

  const core: StreamCore = {
    listen(address, admit) {
      if (listeners.has(formatAddress(address))) return false;
      listeners.set(formatAddress(address), admit);
      return true;
    },
    unlisten: (address) => void listeners.delete(formatAddress(address)),
    freePort: () => port++,
    connect(from, to) {
      const admit = listeners.get(formatAddress(to));
      if (admit === undefined) return undefined;
      const [there, back] = [pipe(from, to), pipe(to, from)];
      admit({ local: to, remote: from, incoming: there, outgoing: back });
      return { local: from, remote: to, incoming: back, outgoing: there };
    },
  };

  return {
    log,
    deliveredTo: (host) => delivered.get(host) ?? 0,
    plugin: (init) => virtualTcp(core, init),
    chop(size) {
      pieceSize = size > 0 ? size : Number.POSITIVE_INFINITY;
    },
    tamper(wanted) {
      change = wanted;
    },
    cut() {
      for (const each of pipes) each.end();
    },
  };
}

const FIRST_PORT = 40_000;
