/**
 * The inside of a guarded socket: its state, its queues and the life of its operations (avs reference section 3).
 * `Socket` checks arguments and ownership before it comes here; the layer above that adopted a socket comes here
 * directly. States and what may be called in them are decided here and nowhere else.
 */

import type { Address } from '../contract/address.ts';
import type { Attempt } from '../contract/backend.ts';
import { NetError, toNetError } from '../contract/error.ts';
import { DEFAULT_RECV_TIMEOUT } from '../contract/options.ts';
import type { SocketState } from '../contract/state.ts';
import type { Waiter, WaitOptions } from '../queue/deadline.ts';
import { ReceiveQueue } from '../queue/receive-queue.ts';
import type { AcceptedPeer } from './accept-queue.ts';
import { DROPS, publishDrop } from './diagnostics.ts';
import { missingClaim } from './missing-claim.ts';
import { PeerSockets } from './peer-sockets.ts';
import type { Socket } from './socket.ts';
import { SocketEvents } from './socket-events.ts';
import { socketHost } from './socket-host.ts';
import type { GuardedOperations, Remote, SocketInit } from './socket-init.ts';
import { SocketCounters } from './socket-stats.ts';
import { strangerLimits } from './stranger-limits.ts';
import { Transition } from './transition.ts';

/** The peer of an accepted socket. */
export interface Accepted {
  readonly address: Address;
  readonly operations: SocketInit['operations'];
}

export type MakePeer = (init: SocketInit, accepted: Accepted) => AcceptedPeer;

export class SocketGuard {
  // What every message needs comes first and stands close together: with many peers it is in no cache any more.
  state: SocketState = 'closed';
  readonly counters: SocketCounters = new SocketCounters();
  readonly reception: ReceiveQueue;
  readonly events: SocketEvents = new SocketEvents();
  readonly operations: GuardedOperations;
  /** Connected or accepted, neither failed nor disposed: `send` may go on. */
  ready = false;
  /** The layer above that adopted the socket. */
  owner: string | undefined;
  /** The call that is inside the operations now: their errors belong to it. */
  calling: string | undefined;
  /** Largest message that may be sent, bytes. */
  readonly largest: number;
  readonly kind: 'datagram' | 'stream';
  readonly secure: boolean;
  readonly init: SocketInit;
  recvTimeout: number;
  disposed = false;
  /** Where peers go that are the owner's. */
  taker: ((peer: Socket) => void) | undefined;
  /** What was given to `connect`; numeric after accept. */
  hostname: string | undefined;
  port: number | undefined;
  failure: NetError | undefined;
  /** `accept` was used since `bind`. */
  listening = false;
  /** How often it was closed. */
  closes = 0;
  /** From the first one on. */
  #transition: Transition | undefined;
  #peers: PeerSockets | undefined;
  readonly #makePeer: MakePeer;
  #readable = true;
  #gone: (() => void) | undefined;
  #disposing: Promise<void> | undefined;

  /** `accepted`: it is the socket of a peer. */
  constructor(init: SocketInit, makePeer: MakePeer, accepted?: Accepted) {
    const { type, claims, configuration } = init;
    this.init = init;
    this.#makePeer = makePeer;
    this.kind = type === 'udp' || type === 'dtls' ? 'datagram' : 'stream';
    this.secure = type === 'dtls' || type === 'tls';
    this.largest = claims.limits?.message ?? claims.transport?.message ?? Number.POSITIVE_INFINITY;
    this.recvTimeout = configuration.recvTimeout ?? DEFAULT_RECV_TIMEOUT;
    this.reception = new ReceiveQueue(
      this,
      accepted !== undefined && type === 'udp'
        ? strangerLimits(configuration.receiveQueue)
        : configuration.receiveQueue,
    );
    this.hostname = accepted?.address.host;
    this.port = accepted?.address.port;
    if (accepted !== undefined) this.enter('accepted');
    this.operations = (accepted ?? init).operations(socketHost(this, accepted !== undefined));
  }

  /** The operation that is under way. */
  get attempting(): string | undefined {
    return this.#transition?.operation;
  }

  /** Those of a bound socket. */
  get peers(): PeerSockets {
    this.#peers ??= new PeerSockets(this, this.#makePeer);
    return this.#peers;
  }

  async connect(host: string, port: number, limits: WaitOptions): Promise<void> {
    await this.reach('connect', limits, async (attempt) => {
      await this.operations.connect?.(host, port, attempt);
      return { hostname: host, port };
    });
  }

  /** Becomes connected to whom `start` finds; false: to nobody. */
  async reach(
    operation: 'connect' | 'continueAssociation',
    limits: WaitOptions,
    start: (attempt: Attempt) => Promise<Remote | undefined>,
  ): Promise<boolean> {
    const { operations, state, kind } = this;
    const bound = state === 'bound' && kind === 'datagram' && !this.listening;
    if (state !== 'closed' && !bound) throw this.error('EISCONN', operation, this.#occupied());
    if (operations[operation] === undefined) throw this.unclaimed(operation, operation);
    const reached = await this.#transitions().run(operation, limits, start, !bound);
    if (reached === undefined) return false;
    this.hostname = reached.hostname;
    this.port = reached.port;
    this.enter('connected');
    const remote = operations.remote?.();
    // What strangers sent while the socket was only bound is not the peer's.
    if (bound && remote !== undefined) this.reception.sift((from) => isFrom(remote, from), 'notPeer');
    return true;
  }

  async bind(host: string, port: number): Promise<void> {
    const { operations } = this;
    if (this.state !== 'closed') throw this.error('EISCONN', 'bind', this.#occupied());
    if (operations.bind === undefined) throw this.unclaimed('bind', 'bind');
    await this.#transitions().run('bind', {}, async () => operations.bind?.(host, port), true);
    this.enter('bound');
    if (operations.listensAtBind === true || this.events.count('connection') > 0) this.listen('bind');
  }

  async decorate(lower: Socket, of: SocketGuard, limits: WaitOptions): Promise<void> {
    const { operations } = this;
    if (this.state !== 'closed') throw this.error('EISCONN', 'decorate', this.#occupied());
    const { hostname, port } = of;
    const state = await this.#transitions().run(
      'decorate',
      limits,
      async (attempt) => operations.decorate?.(lower, attempt) ?? 'closed',
      false,
    );
    this.hostname = hostname;
    this.port = port;
    this.enter(state);
    if (operations.listensAtBind === true) this.listen('decorate');
  }

  /** Announces peers from now on; once per `bind`. */
  listen(operation: string): void {
    if (this.listening || this.state !== 'bound') return;
    if (this.operations.listen === undefined) throw this.unclaimed(operation, 'accept');
    this.listening = true;
    this.calling = operation;
    try {
      this.operations.listen(
        this.reception.drain().flatMap(({ data, from }) => (from === undefined ? [] : [{ data, from }])),
      );
    } catch (error) {
      this.listening = false;
      throw toNetError(error, operation, this.init.backend);
    } finally {
      this.calling = undefined;
    }
  }

  /** This accepted peer waits for an owner. */
  hold(gone: () => void): void {
    this.#gone = gone;
  }

  /** This accepted peer has an owner. */
  admit(): void {
    this.#gone = undefined;
    this.reception.limits = this.init.configuration.receiveQueue ?? {};
  }

  async shutdown(how: 'both' | 'write'): Promise<void> {
    const { operations, state } = this;
    if (state === 'closed') throw this.error('ENOTCONN', 'shutdown', 'the socket is closed, nothing is open yet');
    if (state === 'shutdown' && (how === 'write' || !this.#readable)) return;
    if (operations.shutdown === undefined) throw this.unclaimed('shutdown', 'shutdown');
    this.#transition?.abandon('the socket was shut down meanwhile');
    this.enter('shutdown');
    this.#readable = how === 'write';
    try {
      await operations.shutdown(how);
    } catch (error) {
      throw toNetError(error, 'shutdown', this.init.backend);
    } finally {
      if (how === 'both' && this.state === 'shutdown') this.reception.finish();
    }
  }

  /** Back to `closed`, whatever is under way. The object can be used again. */
  async close(): Promise<void> {
    if (this.state === 'closed' && this.attempting === undefined) return this.#transition?.released;
    this.failure = undefined;
    this.hostname = undefined;
    this.port = undefined;
    this.listening = false;
    this.taker = undefined;
    this.closes++;
    this.enter('closed');
    const released = this.#transitions().close('the socket was closed meanwhile');
    this.reception.reset(this.error('ECONNABORTED', 'receive', 'the socket was closed meanwhile'));
    const aborted = this.error('ECONNABORTED', 'accept', 'the socket was closed meanwhile');
    const strangers = this.#peers?.backlog.reset(aborted) ?? [];
    try {
      await Promise.all([released, ...strangers.map((peer) => peer.dispose())]);
    } finally {
      this.events.emit('close');
    }
  }

  dispose(): Promise<void> {
    this.#disposing ??= this.#dispose();
    return this.#disposing;
  }

  failed(error: NetError): void {
    if (this.state === 'closed' || this.failure !== undefined) return;
    this.failure = error;
    this.ready = false;
    this.reception.finish(error);
    this.#peers?.backlog.refuse(error);
    this.#gone?.();
  }

  dropped(reason: string): void {
    this.counters.drop(reason);
    this.events.emit('drop', reason);
    if (DROPS.hasSubscribers) publishDrop(this, reason);
  }

  waiter(operation: string): Waiter {
    return { clock: this.init.clock, operation, backend: this.init.backend };
  }

  error(code: string, operation: string, message: string): NetError {
    return new NetError({ code, operation, message, backend: this.init.backend });
  }

  /** ENOTSUP with the claim that is missing. */
  unclaimed(operation: string, ability: string): NetError {
    const claim = missingClaim(this.secure, ability);
    return this.error('ENOTSUP', operation, `not offered by this ${this.init.type} backend: its claims lack ${claim}`);
  }

  enter(state: SocketState): void {
    this.state = state;
    this.ready = (state === 'connected' || state === 'accepted') && this.failure === undefined && !this.disposed;
  }

  #transitions(): Transition {
    this.#transition ??= new Transition(this);
    return this.#transition;
  }

  #occupied(): string {
    const { state } = this;
    if (state === 'bound') return 'the socket is bound and serves peers: accept() them, or close() it first';
    return `the socket is ${state} already: close() it before it is used for another peer`;
  }

  async #dispose(): Promise<void> {
    this.disposed = true;
    try {
      await this.close();
    } finally {
      await this.init.disposed?.();
    }
  }

  throttle(paused: boolean): void {
    if (paused) this.operations.pause?.();
    else this.operations.resume?.();
  }

  /** Nothing more comes, and nothing is unread. */
  over(error: NetError | undefined): void {
    if (this.owner !== undefined) return;
    if (error === undefined) this.events.emit('end');
    else this.events.emit('error', error);
  }
}

function isFrom(peer: Address, from: Address | undefined): boolean {
  return from === undefined || (from.host === peer.host && from.port === peer.port);
}
