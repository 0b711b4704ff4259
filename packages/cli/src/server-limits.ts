/** What `serve` lets its peers cost, and where it listens: options turned into a server's part of a configuration. */

import type { SecureConfiguration, ServerLimits, SocketType, TransportConfiguration } from '@avs-net/core';
import { type SecureOptions, serverConfiguration } from './secure-options.ts';

/** As commander hands them over; times in milliseconds. */
export interface LimitOptions {
  readonly maxHalfOpen?: number;
  readonly maxHalfOpenBytes?: number;
  readonly maxPeers?: number;
  readonly maxPeersPerHost?: number;
  readonly handshakeTimeout?: number;
  readonly idleTimeout?: number;
  readonly replyFromAskedAddress?: boolean;
  readonly reusePort?: boolean;
}

export function servingConfiguration(
  type: SocketType,
  options: SecureOptions & LimitOptions,
): SecureConfiguration | TransportConfiguration {
  const configuration = serverConfiguration(type, options);
  const transport: TransportConfiguration = {
    ...(options.replyFromAskedAddress === true && { replyFromAskedAddress: true }),
    ...(options.reusePort === true && { reusePort: true }),
  };
  if (!('security' in configuration)) return { ...configuration, ...transport };
  const limits: ServerLimits = {
    ...(options.maxHalfOpen !== undefined && { maxHalfOpen: options.maxHalfOpen }),
    ...(options.maxHalfOpenBytes !== undefined && { maxHalfOpenBytes: options.maxHalfOpenBytes }),
    ...(options.maxPeers !== undefined && { maxPeers: options.maxPeers }),
    ...(options.maxPeersPerHost !== undefined && { maxPeersPerHost: options.maxPeersPerHost }),
    ...(options.handshakeTimeout !== undefined && { handshakeTimeout: options.handshakeTimeout }),
    ...(options.idleTimeout !== undefined && { idleTimeout: options.idleTimeout }),
  };
  const server = { ...configuration.server, ...limits };
  return { ...configuration, server, backendConfiguration: { ...configuration.backendConfiguration, ...transport } };
}
