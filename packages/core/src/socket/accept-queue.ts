/**
 * Peers of a bound socket that nobody has accepted yet: bounded, what does not fit is refused and counted.
 */

import type { NetError } from '../contract/error.ts';
import { abortedError, type Waiter, type WaitOptions } from '../queue/deadline.ts';
import { PendingCalls } from '../queue/pending-calls.ts';
import type { Socket } from './socket.ts';

/** A socket in state `accepted`. */
export interface AcceptedPeer {
  readonly socket: Socket;
  /** Calls `gone` if it fails before it is admitted. */
  hold(gone: () => void): void;
  /** It has an owner now: its queue may grow to its configured size. */
  admit(): void;
}

export class AcceptQueue {
  readonly #peers = new Set<AcceptedPeer>();
  readonly #calls = new PendingCalls<AcceptedPeer>();

  /** Number of `accept` calls that wait. */
  get waiting(): number {
    return this.#calls.size;
  }

  get full(): boolean {
    return this.#peers.size >= BACKLOG;
  }

  add(peer: AcceptedPeer): void {
    if (this.#calls.give(peer)) return;
    this.#peers.add(peer);
    // Nobody will ask for a peer that is gone: it must not keep others out.
    peer.hold(() => {
      this.#peers.delete(peer);
      void peer.socket.dispose().catch(() => {});
    });
  }

  take(waiter: Waiter, limits: WaitOptions): Promise<Socket> {
    const aborted = abortedError(waiter, limits.signal);
    if (aborted !== undefined) return Promise.reject(aborted);
    const peer = this.shift();
    if (peer !== undefined) return Promise.resolve(peer);
    return this.#calls.wait(admitted, waiter, limits);
  }

  /** The next peer that is there already. */
  shift(): Socket | undefined {
    const [peer] = this.#peers;
    if (peer === undefined) return undefined;
    this.#peers.delete(peer);
    return admitted(peer);
  }

  /** Rejects the calls that wait. */
  refuse(error: NetError): void {
    this.#calls.refuseAll(error);
  }

  /** Rejects the calls that wait and gives back the peers that nobody accepted. */
  reset(error: NetError): Socket[] {
    this.#calls.refuseAll(error);
    const strangers = [...this.#peers].map((peer) => peer.socket);
    this.#peers.clear();
    return strangers;
  }
}

function admitted(peer: AcceptedPeer): Socket {
  peer.admit();
  return peer.socket;
}

/** Listen backlog of avs_net. */
const BACKLOG = 1024;
