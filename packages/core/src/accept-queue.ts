/**
 * Peers of a bound socket that nobody has accepted yet: bounded, what does not fit is refused and counted.
 */

import { abortedError, type Waiter, type WaitOptions } from './deadline.ts';
import type { NetError } from './error.ts';
import { Fifo } from './fifo.ts';
import { PendingCalls } from './pending-calls.ts';
import type { Socket } from './socket.ts';

/** A socket in state `accepted`. */
export interface AcceptedPeer {
  readonly socket: Socket;
  /** It has an owner now: its queue may grow to its configured size. */
  admit(): void;
}

export class AcceptQueue {
  readonly #peers = new Fifo<AcceptedPeer>();
  readonly #calls = new PendingCalls<AcceptedPeer>();
  #failure: NetError | undefined;

  /** Number of `accept` calls that wait. */
  get waiting(): number {
    return this.#calls.size;
  }

  get full(): boolean {
    return this.#peers.size >= BACKLOG;
  }

  add(peer: AcceptedPeer): void {
    if (!this.#calls.give(peer)) this.#peers.push(peer);
  }

  take(waiter: Waiter, limits: WaitOptions): Promise<Socket> {
    const aborted = abortedError(waiter, limits.signal);
    if (aborted !== undefined) return Promise.reject(aborted);
    const peer = this.shift();
    if (peer !== undefined) return Promise.resolve(peer);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return this.#calls.wait(admitted, waiter, limits);
  }

  /** The next peer that is there already. */
  shift(): Socket | undefined {
    const peer = this.#peers.shift();
    return peer && admitted(peer);
  }

  /** The bound socket failed: nobody will come any more. */
  fail(error: NetError): void {
    this.#failure ??= error;
    this.#calls.refuseAll(error);
  }

  /** Rejects pending calls and forgets a failure; gives back the peers that nobody accepted. */
  reset(error: NetError): Socket[] {
    this.#failure = undefined;
    this.#calls.refuseAll(error);
    const strangers: Socket[] = [];
    for (let peer = this.#peers.shift(); peer !== undefined; peer = this.#peers.shift()) strangers.push(peer.socket);
    return strangers;
  }
}

function admitted(peer: AcceptedPeer): Socket {
  peer.admit();
  return peer.socket;
}

/** Listen backlog of avs_net. */
const BACKLOG = 1024;
