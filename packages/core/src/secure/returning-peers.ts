/**
 * Peers of a server that come out of a store and not out of a handshake: the listener takes them in, and they are
 * handed to whoever asked for them when the store has them again, instead of being announced.
 */

import type { StoredAssociation } from '../continuation/association-entry.ts';
import type { Attempt, Listener, SocketHost } from '../contract/backend.ts';
import type { NetError } from '../contract/error.ts';
import { wipe } from '../contract/secret-bytes.ts';
import type { Socket } from '../socket/socket.ts';
import type { AcceptContinued } from '../socket/socket-init.ts';
import type { ServedBy } from './listener-host.ts';
import { exportPeer, PeerOperations } from './peer-operations.ts';
import type { ServedPeer } from './served-peer.ts';

export class ReturningPeers {
  /** Takes the peer that the listener opens just now. */
  #take: ((peer: ServedPeer, server: ServedBy) => SocketHost | undefined) | undefined;

  /** Whether `announce` has to be asked. */
  get expected(): boolean {
    return this.#take !== undefined;
  }

  announce(peer: ServedPeer, server: ServedBy): SocketHost | undefined {
    return this.#take?.(peer, server);
  }

  /** Undefined: nothing was there that `listener` could go on from. Errors: EADDRINUSE, ENOBUFS, those of the store. */
  async continue(
    server: Pick<ServedBy, 'exports' | 'error'>,
    listener: () => Listener | undefined,
    { id, attempt, accept }: PeerRequest,
  ): Promise<Socket | undefined> {
    const { exports, error } = server;
    const association = await exports.take(id, attempt);
    if (association === undefined) return undefined;
    const serving = listener();
    if (serving === undefined) {
      await exports.putBack(id, association);
      throw error({ code: 'ECONNABORTED', message: 'the socket was closed meanwhile' });
    }
    let returned: Returned | undefined;
    try {
      returned = this.#restore(serving, association, accept);
    } catch (refusal) {
      // That is a matter of this socket: its connection id is in use, or it has too many peers. Another may be free.
      if (['EADDRINUSE', 'ENOBUFS'].includes((refusal as NetError).code)) {
        await exports.putBack(id, association);
        throw refusal;
      }
      exports.refused(id, refusal);
    }
    wipe(association.state);
    if (returned === undefined) return undefined;
    try {
      await exportPeer(returned.peer, exports, id, {}, attempt);
      return returned.socket;
    } catch (failure) {
      returned.peer.silence();
      await returned.socket.dispose();
      throw failure;
    }
  }

  #restore(listener: Listener, { state, peer }: StoredAssociation, accept: AcceptContinued): Returned | undefined {
    if (listener.restore === undefined) throw new Error('the listener of the backend cannot take peers in');
    let returned: Returned | undefined;
    this.#take = (served, server) => {
      let target: SocketHost | undefined;
      const socket = accept(served.address, (host) => {
        target = host;
        return new PeerOperations(served, server, host);
      });
      returned = { peer: served, socket };
      return target;
    };
    try {
      listener.restore(state, peer);
      return returned;
    } finally {
      this.#take = undefined;
    }
  }
}

export interface PeerRequest {
  readonly id: string;
  readonly attempt: Attempt;
  readonly accept: AcceptContinued;
}

interface Returned {
  readonly peer: ServedPeer;
  readonly socket: Socket;
}
