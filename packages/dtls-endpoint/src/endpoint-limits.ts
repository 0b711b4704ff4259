/**
 * The limits of a listener with their defaults (`ServerLimits`).
 */

import type { ServerLimits } from '@avs-net/core/plugin';

export interface EndpointLimits {
  readonly maxHalfOpen: number;
  readonly maxHalfOpenBytes: number;
  readonly maxPeers: number;
  readonly maxPeersPerHost: number;
  readonly handshakeTimeout: number;
  /** Undefined: never. */
  readonly idleTimeout: number | undefined;
}

export function endpointLimits(limits: ServerLimits): EndpointLimits {
  return {
    maxHalfOpen: limits.maxHalfOpen ?? 1_000,
    maxHalfOpenBytes: limits.maxHalfOpenBytes ?? 134_217_728,
    maxPeers: limits.maxPeers ?? 10_000,
    maxPeersPerHost: limits.maxPeersPerHost ?? 1_000,
    handshakeTimeout: limits.handshakeTimeout ?? 30_000,
    idleTimeout: limits.idleTimeout,
  };
}
