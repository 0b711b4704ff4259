/**
 * The peers of a bound socket: makes a socket of each and hands it to whoever wants it, or keeps it until somebody
 * does.
 */

import type { Address } from '../contract/address.ts';
import { type AcceptedPeer, AcceptQueue } from './accept-queue.ts';
import type { Accepted, MakePeer, SocketGuard } from './socket-guard.ts';
import type { SocketInit } from './socket-init.ts';

export class PeerSockets {
  readonly backlog: AcceptQueue = new AcceptQueue();
  readonly #guard: SocketGuard;
  readonly #make: MakePeer;
  /** What they have in common, as long as `recvTimeout` is the same. */
  #init: SocketInit | undefined;

  constructor(guard: SocketGuard, make: MakePeer) {
    this.#guard = guard;
    this.#make = make;
  }

  /** A new peer. `operations` is not called if it is refused. */
  announce(address: Address, operations: Accepted['operations']): void {
    const guard = this.#guard;
    const { taker } = guard;
    const pushed = taker !== undefined || guard.events.count('connection') > 0;
    const listening = guard.listening && !guard.disposed && (taker !== undefined || guard.owner === undefined);
    if (!listening || (this.backlog.full && !pushed)) {
      guard.dropped(listening ? 'backlogFull' : 'notListening');
      return;
    }
    const accepted = this.make(address, operations);
    if (taker === undefined) guard.init.admitted?.(accepted.socket);
    if (taker !== undefined) {
      accepted.admit();
      taker(accepted.socket);
    } else if (pushed) {
      accepted.admit();
      guard.events.emit('connection', accepted.socket);
    } else this.backlog.add(accepted);
  }

  /** A socket in state `accepted`. */
  make(address: Address, operations: Accepted['operations']): AcceptedPeer {
    const { init, recvTimeout } = this.#guard;
    if (this.#init?.configuration.recvTimeout !== recvTimeout) {
      this.#init = { ...init, configuration: { ...init.configuration, recvTimeout }, disposed: undefined };
    }
    return this.#make(this.#init, { address, operations });
  }
}
