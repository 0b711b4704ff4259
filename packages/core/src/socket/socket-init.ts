/**
 * What a guarded socket is made of, by the net and by a bound socket for its peers.
 */

import type { ExportRules } from '../continuation/association-keeper.ts';
import type { Address } from '../contract/address.ts';
import type { EngineErrorInit, TraceEvent } from '../contract/association.ts';
import type { Attempt, SocketHost, SocketOperations } from '../contract/backend.ts';
import type { Claims } from '../contract/claims.ts';
import type { Clock } from '../contract/clock.ts';
import type { QueueLimits, SocketType } from '../contract/configuration.ts';
import type { SocketState } from '../contract/state.ts';
import type { Socket } from './socket.ts';

export interface SocketInit {
  readonly type: SocketType;
  readonly backend: string;
  readonly claims: Claims;
  readonly clock: Clock;
  readonly operations: (host: SocketHost) => GuardedOperations;
  readonly configuration: SocketSettings;
  readonly trace?: ((event: TraceEvent) => void) | undefined;
  /** After the socket was disposed: free the context, wipe the snapshot, forget it in the net. Awaited. */
  readonly disposed?: (() => void | Promise<void>) | undefined;
  /** Told of every peer that is accepted from this socket. */
  readonly admitted?: ((peer: Socket) => void) | undefined;
}

/** What the guard itself needs of a configuration. */
export interface SocketSettings {
  readonly recvTimeout?: number | undefined;
  readonly receiveQueue?: QueueLimits | undefined;
}

/** Operations as core has them: a secure socket can also be put over another socket. */
export interface GuardedOperations extends SocketOperations {
  /** Adopts `lower`, and releases it if it fails; the state that the socket has afterwards. */
  decorate?(lower: Socket, attempt: Attempt): Promise<SocketState>;
  /** What is known of a `connect` or `decorate` that takes too long. */
  unfinished?(): EngineErrorInit | undefined;
  /** Peers come from `bind` on, and wait to be accepted; otherwise from the first use of `accept`. */
  readonly listensAtBind?: boolean;
  /** To the configured store. */
  exportAssociation?(id: string, rules: ExportRules, attempt: Attempt): Promise<void>;
  /** Goes on from the configured store; undefined: nothing was there that could be gone on from. */
  continueAssociation?(id: string, attempt: Attempt): Promise<Remote | undefined>;
  /** The same for a peer of this bound socket: becomes what `accept` makes of it. */
  continuePeer?(id: string, attempt: Attempt, accept: AcceptContinued): Promise<Socket | undefined>;
  /** Whether a bound socket lets peers in that are not there yet; it does until it is told. */
  admit?(anybody: boolean): void;
}

/** The peer of a connected socket, by the name that `connect` was given if it was. */
export interface Remote {
  readonly hostname: string;
  readonly port: number;
}

/** Makes the socket of a peer in state `accepted`. */
export type AcceptContinued = (peer: Address, operations: SocketInit['operations']) => Socket;
