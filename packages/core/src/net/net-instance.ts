/**
 * The net behind `createNet` and behind `netModule`: chooses backends, checks configurations, and remembers the sockets
 * that are open.
 */

import { checkConfiguration } from '../check/claims-check.ts';
import { unknownName } from '../check/nearest-name.ts';
import { checkTransport } from '../check/transport-check.ts';
import type { TraceEvent } from '../contract/association.ts';
import type { Claims } from '../contract/claims.ts';
import type { Clock } from '../contract/clock.ts';
import type { Configuration, Configurations, SecureConfiguration, SocketType } from '../contract/configuration.ts';
import { abortError, isNetError, NetError } from '../contract/error.ts';
import type { Unmet } from '../contract/unmet.ts';
import { abortable } from '../queue/abortable.ts';
import type { WaitOptions } from '../queue/deadline.ts';
import { type Chosen, chooseBackend, type Decision, firstDecision } from '../selection/backend-choice.ts';
import type { BackendRegistry } from '../selection/backend-registry.ts';
import { SOCKET_TYPES } from '../selection/descriptor.ts';
import type { Choice } from '../selection/selection.ts';
import type { Socket } from '../socket/socket.ts';
import { type Callee, checkWait } from '../socket/socket-arguments.ts';
import { snapshotConfiguration, wipeSnapshot } from './configuration-snapshot.ts';
import type { BackendReport, Net } from './net.ts';
import { openSocket } from './socket-factory.ts';

export interface NetInit {
  readonly choices: ReadonlyMap<SocketType, Choice>;
  readonly clock: Clock;
  readonly trace: ((event: TraceEvent) => void) | undefined;
  /** Asked at the first need. */
  readonly registry: () => Promise<BackendRegistry>;
}

export class NetInstance implements Net {
  readonly #init: NetInit;
  readonly #decisions: Map<SocketType, Decision>;
  readonly #sockets = new Set<Socket>();
  #loading: Promise<BackendRegistry> | undefined;
  /** Once it is there. */
  #registry: BackendRegistry | undefined;
  #closed = false;

  constructor(init: NetInit) {
    this.#init = init;
    this.#decisions = new Map([...init.choices].map(([type, choice]) => [type, firstDecision(choice)]));
  }

  get decisions(): readonly Decision[] {
    return [...this.#decisions.values()];
  }

  async createSocket<T extends SocketType>(
    type: T,
    configuration?: Configurations[T],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Socket> {
    checkWait(CALLEE, 'createSocket', options);
    const socket = await this.#create(type, configuration, options?.signal);
    this.#sockets.add(socket);
    if (!this.#closed) return socket;
    await socket.dispose();
    throw closedError('createSocket');
  }

  async decorate<T extends 'dtls' | 'tls'>(
    type: T,
    lower: Socket,
    configuration: Configurations[T],
    options?: WaitOptions,
  ): Promise<Socket> {
    checkWait(CALLEE, 'decorate', options);
    const socket = await this.createSocket(type, configuration, options);
    try {
      await socket.decorate(lower, options);
      return socket;
    } catch (error) {
      await socket.dispose();
      throw error;
    }
  }

  check<T extends SocketType>(type: T, configuration?: Configurations[T]): readonly Unmet[] {
    const choice = this.#init.choices.get(type);
    if (choice === undefined) {
      const { known, message } = noPlugin(type);
      return [{ path: 'type', need: 'a type that a plugin provides', code: known ? 'ENOTSUP' : 'EINVAL', message }];
    }
    const lists = this.#knownClaims(choice).map((claims) => this.#unmet(type, configuration, claims));
    return lists.find((unmet) => unmet.length === 0) ?? lists[0]!;
  }

  async backends(): Promise<readonly BackendReport[]> {
    const registry = await this.#load();
    const reports = [...registry.values()].map(async (backend): Promise<BackendReport> => {
      const { name, provides } = backend.plugin;
      return { name, provides, ...(await backend.availability()) };
    });
    return Promise.all(reports);
  }

  async close(): Promise<void> {
    this.#closed = true;
    // A socket below another one belongs to that one, so that it refuses to be disposed until that one is.
    await Promise.allSettled([...this.#sockets].map((socket) => socket.dispose()));
    await Promise.all([...this.#sockets].map((socket) => socket.dispose()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #create(
    type: SocketType,
    configuration: Configuration | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Socket> {
    const operation = 'createSocket';
    if (this.#closed) throw closedError(operation);
    if (signal?.aborted === true) throw abortError(operation, signal);
    const choice = this.#init.choices.get(type);
    if (choice === undefined) {
      const { known, message } = noPlugin(type);
      throw CALLEE.error(known ? 'EPROTONOSUPPORT' : 'EINVAL', operation, message);
    }
    const snapshot = snapshotConfiguration<Configuration>(configuration ?? {}, operation);
    let chosen: Chosen;
    try {
      chosen = await abortable(this.#choose(choice, snapshot, operation), signal, operation);
    } catch (error) {
      wipeSnapshot(snapshot);
      throw error;
    }
    const { clock, trace } = this.#init;
    const { backendConfiguration } = snapshot as SecureConfiguration;
    const request = {
      type,
      snapshot,
      chosen,
      clock,
      trace,
      makeLower: (stop: AbortSignal | undefined) => this.#create(LOWER[type] ?? type, backendConfiguration, stop),
      forget: (socket: Socket) => this.#sockets.delete(socket),
      admitted: (peer: Socket) => this.#remember(peer),
    };
    return openSocket(request, signal, operation);
  }

  async #choose(choice: Choice, snapshot: Configuration, operation: string): Promise<Chosen> {
    const registry = await this.#load();
    const check = (claims: Claims): readonly Unmet[] => this.#unmet(choice.type, snapshot, claims);
    const { chosen, decision } = await chooseBackend(choice, registry, check, operation);
    this.#decisions.set(choice.type, decision);
    if (isNetError(chosen)) throw chosen;
    return chosen;
  }

  /** Peers are often never disposed: one that is closed, or a dtls one that is over, holds nothing any more. */
  #remember(peer: Socket): void {
    this.#sockets.add(peer);
    const forget = (): void => void this.#sockets.delete(peer);
    peer.once('close', forget);
    if (peer.type === 'dtls') peer.once('end', forget).once('error', forget);
  }

  /** Also of the transport below, as far as it is known who that will be. */
  #unmet(type: SocketType, configuration: Configuration | undefined, claims: Claims): readonly Unmet[] {
    const own = checkConfiguration(type, configuration, claims);
    const lower = this.#init.choices.get(LOWER[type] ?? type);
    const below = (configuration as Partial<SecureConfiguration> | null | undefined)?.backendConfiguration;
    if (LOWER[type] === undefined || lower === undefined || typeof below !== 'object' || below === null) return own;
    const lists = this.#knownClaims(lower).map((known) =>
      // What is wrong there for any transport is reported already.
      checkTransport(below, known, 'backendConfiguration').filter((line) => line.claim !== undefined),
    );
    return [...own, ...(lists.find((unmet) => unmet.length === 0) ?? lists[0]!)];
  }

  #knownClaims({ plugins }: Choice): readonly Claims[] {
    return plugins.map((plugin) => this.#registry?.get(plugin.name)?.claims ?? plugin.claims);
  }

  #load(): Promise<BackendRegistry> {
    this.#loading ??= this.#init.registry().then((registry) => {
      this.#registry = registry;
      return registry;
    });
    return this.#loading;
  }
}

/** Why nobody serves `type`, and whether it is one that a plugin could provide. */
function noPlugin(type: unknown): { readonly known: boolean; readonly message: string } {
  if (SOCKET_TYPES.includes(type as SocketType)) {
    return { known: true, message: `no plugin provides ${String(type)}: give one to createNet({ plugins })` };
  }
  if (typeof type === 'string') return { known: false, message: `type: ${unknownName(type, SOCKET_TYPES)}` };
  return { known: false, message: `type must be one of ${SOCKET_TYPES.join(', ')}, received ${typeof type}` };
}

function closedError(operation: string): NetError {
  return CALLEE.error('EBADF', operation, 'the net is closed');
}

/** Before a backend is chosen. */
const CALLEE: Callee = {
  error: (code, operation, message) => new NetError({ code, operation, message }),
};

/** What a secure socket is put over unless it is given something else. */
const LOWER: Readonly<Partial<Record<SocketType, SocketType>>> = { dtls: 'udp', tls: 'tcp' };
