/**
 * What a listener of an engine talks to (`ListenerHost`): runs the association of every peer that the listener lets in,
 * answers its questions from the configuration, and announces it once it is authenticated.
 */

import type { Address } from '../contract/address.ts';
import type { EngineErrorInit, Opening } from '../contract/association.ts';
import type { ListenerHost, LowerSocket, SocketHost } from '../contract/backend.ts';
import type { Claims } from '../contract/claims.ts';
import type { SecureConfiguration } from '../contract/configuration.ts';
import type { NetError } from '../contract/error.ts';
import type { Adopted } from '../socket/adoption.ts';
import type { ExportedAssociations } from './exported-associations.ts';
import { type ListenerRules, type PeerService, peerService } from './peer-service.ts';
import type { SecureOptions } from './secure-options.ts';
import { type PeerStart, ServedPeer } from './served-peer.ts';

/** The server that a peer belongs to. */
export interface ServedBy {
  readonly host: SocketHost;
  readonly lower: Adopted;
  readonly options: SecureOptions;
  readonly configuration: SecureConfiguration;
  readonly claims: Claims;
  readonly exports: ExportedAssociations;
  readonly error: (init: EngineErrorInit) => NetError;
}

export function listenerHost(server: ServedBy, rules: ListenerRules): ListenerHost {
  const { host } = server;
  const service = peerService(server, rules);
  return {
    backend: host.backend,
    clock: host.clock,
    error: service.error,
    limits: rules.limits,
    dropped: (reason) => host.dropped(reason),
    ...(host.trace && { trace: host.trace }),
    open(peer) {
      const { opening } = peer;
      return servePeer(service, peer, opening.from, opening);
    },
    resume: (peer) => servePeer(service, peer, peer.from),
  };
}

/**
 * Runs the association of the peer at `address`; `opening`: the hello that it begins with, if a listener has read it
 * already. Throws what `rules.admit` and the engine throw.
 */
export function servePeer(service: PeerService, start: PeerStart, address: Address, opening?: Opening): ServedPeer {
  service.rules.admit?.();
  const peer = new ServedPeer(service, start, address, opening);
  peer.driver.start();
  return peer;
}

/** `lower` as given to a listener: its failure is also that of the socket that listens. */
export function watchedLower(lower: LowerSocket, failed: (error: NetError) => void): LowerSocket {
  return {
    ...lower,
    start: (sink) =>
      lower.start({
        receive: (data, from) => sink.receive(data, from),
        end: () => sink.end(),
        softError: (error) => sink.softError(error),
        failed(error) {
          sink.failed(error);
          failed(error);
        },
      }),
  };
}
