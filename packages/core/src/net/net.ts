/**
 * The face of a net: the plugins of an application, the choice between them, and the sockets that were made of them.
 */

import type { TraceEvent } from '../contract/association.ts';
import type { LibraryVersion, Plugin } from '../contract/backend.ts';
import type { Claims } from '../contract/claims.ts';
import type { Clock } from '../contract/clock.ts';
import type { Configurations, SocketType } from '../contract/configuration.ts';
import type { Unmet } from '../contract/unmet.ts';
import type { WaitOptions } from '../queue/deadline.ts';
import type { Decision } from '../selection/backend-choice.ts';
import type { Use } from '../selection/selection.ts';
import type { Socket } from '../socket/socket.ts';

export interface NetOptions {
  readonly plugins: readonly Plugin[];
  /** Needed where several plugins provide one type; see `useFromEnvironment`. */
  readonly use?: Use | undefined;
  /** Replaces every timer; default: real time. */
  readonly clock?: Clock | undefined;
  /** Facts from the inside, for instance `flight` with its wait. Never a secret. */
  readonly trace?: ((event: TraceEvent) => void) | undefined;
}

export interface Net extends AsyncDisposable {
  /**
   * A closed socket. The configuration is copied before this returns its promise. Errors: EINVAL and ENOTSUP with
   * everything that is `unmet`, EPROTONOSUPPORT if no plugin provides `type`, ENODEV if its backend is unavailable,
   * and what the backend says of the credentials.
   */
  createSocket<T extends SocketType>(
    type: T,
    configuration?: Configurations[T],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Socket>;
  /** A secure socket over `lower`, see `Socket.decorate`. If it fails `lower` is still the caller's. */
  decorate<T extends 'dtls' | 'tls'>(
    type: T,
    lower: Socket,
    configuration: Configurations[T],
    options?: WaitOptions,
  ): Promise<Socket>;
  /**
   * What `createSocket` would refuse: every unmet requirement, against declared claims until a backend was probed, and
   * against probed ones from then on. Loads and opens nothing.
   */
  check<T extends SocketType>(type: T, configuration?: Configurations[T]): readonly Unmet[];
  /** Every backend: whether it would work here, and what it claims. */
  backends(): Promise<readonly BackendReport[]>;
  /** Who serves which type, and who was skipped why. */
  readonly decisions: readonly Decision[];
  /** Disposes every socket that is left. Idempotent. */
  close(): Promise<void>;
}

/** What `net.backends()` tells of a backend. */
export interface BackendReport {
  readonly name: string;
  readonly provides: SocketType;
  readonly available: boolean;
  /** Why it is not available. */
  readonly reason?: string;
  readonly library?: LibraryVersion;
  /** As narrowed by its probe. */
  readonly claims: Claims;
  /** Claims that only its probe makes; they are not believed. */
  readonly widened: readonly string[];
}
