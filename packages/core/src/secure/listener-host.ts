/**
 * What a listener of an engine talks to (`ListenerHost`): runs the association of every peer that the listener lets in,
 * answers its questions from the configuration, and announces it once it is authenticated.
 */

import type { Address } from '../contract/address.ts';
import type { AssociationRequest, EngineErrorInit, Opening } from '../contract/association.ts';
import type { ListenerHost, LowerSocket, PeerOpening, SocketHost } from '../contract/backend.ts';
import type { Claims } from '../contract/claims.ts';
import type { SecureConfiguration, ServerLimits } from '../contract/configuration.ts';
import { NetError } from '../contract/error.ts';
import type { Adopted } from '../socket/adoption.ts';
import { answerNeeds } from './look-ups.ts';
import type { SecureOptions } from './secure-options.ts';
import { type PeerTarget, ServedPeer } from './served-peer.ts';

/** The server that a peer belongs to. */
export interface ServedBy {
  readonly host: SocketHost;
  readonly lower: Adopted;
  readonly options: SecureOptions;
  readonly configuration: SecureConfiguration;
  readonly claims: Claims;
  readonly error: (init: EngineErrorInit) => NetError;
}

export interface ListenerRules {
  readonly limits: ServerLimits;
  /** Throws to let nobody in. */
  readonly admit?: () => void;
  readonly announce: (peer: ServedPeer) => PeerTarget | undefined;
  readonly handshakeFailed?: (error: NetError) => void;
}

/** A peer and the hello that it begins with, if a listener has read it already. */
export interface PeerStart extends Omit<PeerOpening, 'opening'> {
  readonly address: Address;
  readonly opening?: Opening;
}

export function listenerHost(server: ServedBy, rules: ListenerRules): ListenerHost {
  const { host } = server;
  return {
    backend: host.backend,
    clock: host.clock,
    error: acceptError(host),
    limits: rules.limits,
    dropped: (reason) => host.dropped(reason),
    ...(host.trace && { trace: host.trace }),
    open: (peer) => servePeer(server, rules, { ...peer, address: peer.opening.from }),
    resume: (peer) => servePeer(server, rules, { ...peer, address: peer.from }),
  };
}

/** Begins the handshake with a peer. Throws what `rules.admit` and the engine throw. */
export function servePeer(server: ServedBy, rules: ListenerRules, start: PeerStart): ServedPeer {
  rules.admit?.();
  const { host, options } = server;
  const { address, opening, lower, association } = start;
  const mtu = lower.innerMtu();
  const request: Omit<AssociationRequest, 'output'> = {
    role: 'server',
    peer: address,
    ...(opening === undefined ? {} : { opening }),
    handshakeTimeouts: options.timeouts,
    ...(mtu === undefined ? {} : { lowerMtu: mtu }),
    error: acceptError(host),
  };
  const peer = new ServedPeer({
    address,
    opening: start,
    host,
    answer: answerNeeds(server),
    open: (output) => association({ ...request, output }),
    announce: rules.announce,
    handshakeFailed(_peer, failure) {
      host.trace?.({ type: 'handshakeFailed', peer: address, code: failure.code, message: failure.message });
      host.dropped('handshakeFailed');
      rules.handshakeFailed?.(failure);
    },
  });
  peer.driver.start();
  return peer;
}

function acceptError({ backend }: SocketHost): (init: EngineErrorInit) => NetError {
  return (init) => new NetError({ ...init, operation: 'accept', backend });
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
