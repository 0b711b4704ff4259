/**
 * The socket that callers hold, avs_net's vtable as a Node API (avs reference sections 1 to 3). It checks arguments and
 * ownership; states and queues are in socket-guard.ts. Made by `createSocket` and, for peers, by a bound socket.
 */

import type { SocketType } from '../contract/configuration.ts';
import type { OptionKey, OptionValues } from '../contract/options.ts';
import type { SocketState } from '../contract/state.ts';
import type { WaitOptions } from '../queue/deadline.ts';
import type { AcceptedPeer } from './accept-queue.ts';
import { acceptedPeers, acceptPeer } from './acceptance.ts';
import { continueAssociation, type ExportOptions, exportAssociation } from './continuation.ts';
import { checkDecoration } from './decoration.ts';
import { exportKeyingMaterial } from './keying-material.ts';
import { type Datagram, messages, receiveDatagram, receiveMessage } from './reception.ts';
import { checkHost, checkPort, checkWait, invalid } from './socket-arguments.ts';
import type { SocketEvent, SocketEventListeners } from './socket-events.ts';
import type { SocketInfo, SocketSummary } from './socket-facts.ts';
import * as facts from './socket-facts.ts';
import { type Accepted, SocketGuard } from './socket-guard.ts';
import type { SocketInit } from './socket-init.ts';
import { addListener, removeListener } from './socket-listeners.ts';
import { readOption, writeOption } from './socket-options.ts';
import { possessionError } from './socket-refusal.ts';
import type { SocketStatistics } from './socket-stats.ts';
import { transmit, transmitTo } from './transmission.ts';

export type { SocketInit } from './socket-init.ts';

/** For the layer above, see adoption.ts; not for applications. */
export let guardOf: (socket: Socket) => SocketGuard;

export class Socket implements AsyncDisposable, AsyncIterable<Uint8Array> {
  readonly #guard: SocketGuard;

  /** Not for applications: sockets come from `net.createSocket` and `accept`. */
  constructor(init: SocketInit, accepted?: Accepted) {
    this.#guard = new SocketGuard(init, Socket.#peer, accepted);
  }

  static #peer(init: SocketInit, accepted: Accepted): AcceptedPeer {
    const socket = new Socket(init, accepted);
    const guard = socket.#guard;
    return { socket, hold: (gone) => guard.hold(gone), admit: () => guard.admit() };
  }

  get type(): SocketType {
    return this.#guard.init.type;
  }

  /** Name of the plugin underneath. */
  get backend(): string {
    return this.#guard.init.backend;
  }

  get state(): SocketState {
    return this.#guard.state;
  }

  /**
   * To `host` (name or IP literal) and `port`; dtls and tls sockets also do the handshake. Allowed on a closed socket
   * and on a bound udp or dtls one, else EISCONN. If it fails the socket is as before.
   */
  async connect(host: string, port: number, options?: WaitOptions): Promise<void> {
    const guard = this.#own('connect');
    checkHost(guard, 'connect', host);
    checkPort(guard, 'connect', port, 1);
    checkWait(guard, 'connect', options);
    await guard.connect(host, port, options ?? {});
  }

  /** To a local address; '' is any, port 0 an ephemeral one. Servers `accept` afterwards. */
  async bind(host = '', port = 0): Promise<void> {
    const guard = this.#own('bind');
    if (host !== '') checkHost(guard, 'bind', host);
    checkPort(guard, 'bind', port, 0);
    await guard.bind(host, port);
  }

  /** The next peer of a bound socket, in state `accepted`. Waits for ever unless `timeout` (ms) or `signal` end it. */
  async accept(options?: WaitOptions): Promise<Socket> {
    checkWait(this.#guard, 'accept', options);
    return acceptPeer(this.#own('accept'), options ?? {});
  }

  /** Every peer from now on, until this socket is closed. */
  accepted(options?: Pick<WaitOptions, 'signal'>): AsyncGenerator<Socket, void, void> {
    checkWait(this.#guard, 'accepted', options);
    return acceptedPeers(this.#guard, options?.signal);
  }

  /**
   * One message. The bytes may be reused when the promise is there; it is the same one for every message that was taken
   * at once. ENOTCONN before `connect`, EMSGSIZE above the limit of backend or path.
   */
  send(data: Uint8Array): Promise<void> {
    return transmit(this.#guard, data);
  }

  /** One datagram to anybody, on a bound udp socket. */
  sendTo(data: Uint8Array, host: string, port: number): Promise<void> {
    return transmitTo(this.#guard, data, host, port);
  }

  /**
   * The next message, or null at the end. `timeout` is in ms and defaults to the option `recvTimeout`; a call that is
   * out of time (ETIMEDOUT) or aborted has consumed nothing.
   */
  receive(options?: WaitOptions): Promise<Uint8Array | null> {
    return receiveMessage(this.#guard, options);
  }

  /** `receive` with the sender. ENOTSUP on dtls and tls sockets, which have one peer. */
  receiveFrom(options?: WaitOptions): Promise<Datagram | null> {
    return receiveDatagram(this.#guard, options);
  }

  /** Messages without time limit, until the end or `close`; throws what `receive` would. */
  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    return messages(this.#guard);
  }

  /** `message` listeners get everything from the next microtask on, what is unread first; then `receive` is EBUSY. */
  on<E extends SocketEvent>(event: E, listener: SocketEventListeners[E]): this {
    addListener(this.#own('on'), event, listener, 'on');
    return this;
  }

  once<E extends SocketEvent>(event: E, listener: SocketEventListeners[E]): this {
    addListener(this.#own('once'), event, listener, 'once');
    return this;
  }

  off<E extends SocketEvent>(event: E, listener: SocketEventListeners[E]): this {
    removeListener(this.#guard, event, listener);
    return this;
  }

  /** The same as `off`: what node's `events.once` calls. */
  removeListener<E extends SocketEvent>(event: E, listener: SocketEventListeners[E]): this {
    return this.off(event, listener);
  }

  /**
   * Keeps messages from the listeners: they queue up to the configured bound. A dtls server takes no new peers
   * meanwhile; those that it has go on.
   */
  pause(): this {
    const guard = this.#own('pause');
    guard.reception.pause();
    guard.operations.admit?.(false);
    return this;
  }

  resume(): this {
    const guard = this.#own('resume');
    guard.reception.resume();
    guard.operations.admit?.(true);
    return this;
  }

  /** Ends sending, or both directions: then `receive` ends at once. Addresses stay; only `close` leads on. */
  async shutdown(how: 'both' | 'write' = 'both'): Promise<void> {
    const guard = this.#own('shutdown');
    if (how !== 'both' && how !== 'write') throw invalid(guard, 'shutdown', 'how', 'must be "both" or "write"', how);
    await guard.shutdown(how);
  }

  /** Aborts what is under way (ECONNABORTED) and closes. The object can be used again. Idempotent. */
  async close(): Promise<void> {
    if (this.#guard.disposed) return this.#guard.dispose();
    await this.#own('close').close();
  }

  /** `avs_net_socket_cleanup`: closes and frees; everything afterwards is EBADF. Idempotent. */
  async dispose(): Promise<void> {
    if (!this.#guard.disposed) this.#own('dispose');
    await this.#guard.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /**
   * Puts this closed dtls or tls socket over `lower`. Connected: handshake as client now; accepted: as server now;
   * closed or bound: `connect` and `bind` go through it. Success adopts `lower`; a failure leaves it to the caller.
   */
  async decorate(lower: Socket, options?: WaitOptions): Promise<void> {
    const guard = this.#own('decorate');
    checkWait(guard, 'decorate', options);
    if (typeof lower !== 'object' || lower === null || !(#guard in lower)) {
      throw invalid(guard, 'decorate', 'lower', 'must be a socket of this package', lower);
    }
    checkDecoration(guard, lower.#guard);
    await guard.decorate(lower, lower.#guard, options ?? {});
  }

  getOption<K extends OptionKey>(key: K): OptionValues[K] {
    return readOption(this.#alive('getOption'), key);
  }

  setOption<K extends OptionKey>(key: K, value: OptionValues[K]): void {
    writeOption(this.#alive('setOption'), key, value);
  }

  /** File descriptor, undefined when closed or where the platform does not tell. For information only. */
  getSystem(): number | undefined {
    return this.#alive('getSystem').operations.getSystem?.();
  }

  interfaceName(): string {
    return facts.interfaceName(this.#alive('interfaceName'));
  }

  /** Numeric; ENOTCONN without a peer. */
  remoteHost(): string {
    return facts.remote(this.#alive('remoteHost'), 'remoteHost').host;
  }

  /** As given to `connect`; numeric after `accept`. */
  remoteHostname(): string {
    return facts.remoteHostname(this.#alive('remoteHostname'));
  }

  remotePort(): number {
    return facts.remotePort(this.#alive('remotePort'));
  }

  localHost(): string {
    return facts.local(this.#alive('localHost'), 'localHost').host;
  }

  localPort(): number {
    return facts.local(this.#alive('localPort'), 'localPort').port;
  }

  /** What is known of the connection: addresses, and what the backend tells, such as version and ciphersuite. */
  info(): SocketInfo {
    return { ...facts.summary(this.#guard), ...this.#alive('info').operations.info?.() };
  }

  /**
   * `length` bytes for the use named by `label`, the same at both ends of a dtls or tls connection (RFC 5705). Secret.
   * Where `info().extendedMasterSecret` is false they must not authenticate anybody (RFC 7627 §5.4).
   */
  exportKeyingMaterial(label: string, length: number, context?: Uint8Array): Uint8Array {
    return exportKeyingMaterial(this.#own('exportKeyingMaterial'), label, length, context);
  }

  /**
   * Puts the association into the store of `associations` under `id`, so that another socket can go on from there, in
   * whatever process, without a handshake. From then on it is kept up to date by itself, until the socket is closed,
   * which takes it away again. Errors: EEXIST where another one has the id, ESTALE if somebody goes on already,
   * ETIMEDOUT.
   */
  async exportAssociation(id: string, options?: ExportOptions): Promise<void> {
    return exportAssociation(this.#own('exportAssociation'), id, options);
  }

  /**
   * Goes on from an exported association: a client becomes connected without a packet, and a server gets the peer as
   * `accept` would have given it. Undefined: there is none, or none of this configuration: then connect.
   */
  async continueAssociation(id: string, options?: WaitOptions): Promise<Socket | undefined> {
    return continueAssociation(this.#own('continueAssociation'), this, id, options);
  }

  stats(): SocketStatistics {
    return this.#guard.counters.read(this.#guard.operations.stats?.());
  }

  toJSON(): SocketSummary {
    return facts.summary(this.#guard);
  }

  #alive(operation: string): SocketGuard {
    if (this.#guard.disposed) throw possessionError(this.#guard, operation);
    return this.#guard;
  }

  #own(operation: string): SocketGuard {
    const possession = possessionError(this.#guard, operation);
    if (possession !== undefined) throw possession;
    return this.#guard;
  }

  static {
    guardOf = (socket) => socket.#guard;
    // Not a method: a name that is computed from a global symbol cannot stand in a declaration file.
    Object.defineProperty(Socket.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value(this: Socket, _depth: number, options: object, inspect: (value: unknown, options: object) => string) {
        return `Socket ${inspect(this.toJSON(), options)}`;
      },
    });
  }
}
