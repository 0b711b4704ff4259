/**
 * What a listener of an engine talks to (`ListenerHost`): runs the association of every peer that the listener lets in,
 * answers its questions from the configuration, and announces it once it is authenticated.
 */

import type { Adopted } from './adoption.ts';
import type { AssociationRequest, EngineErrorInit } from './association.ts';
import type { ListenerHost, LowerSocket, SocketHost } from './backend.ts';
import type { Claims } from './claims.ts';
import type { SecureConfiguration, ServerLimits } from './configuration.ts';
import type { AnswerNeed } from './driver-lookups.ts';
import { NetError } from './error.ts';
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

export function listenerHost(server: ServedBy, rules: ListenerRules): ListenerHost {
  const { host, options } = server;
  const answer = answerNeeds(server);
  const error = (init: EngineErrorInit): NetError =>
    new NetError({ ...init, operation: 'accept', backend: host.backend });
  return {
    backend: host.backend,
    clock: host.clock,
    error,
    limits: rules.limits,
    dropped: (reason) => host.dropped(reason),
    ...(host.trace && { trace: host.trace }),
    open(opening) {
      rules.admit?.();
      const mtu = opening.lower.innerMtu();
      const request: Omit<AssociationRequest, 'output'> = {
        role: 'server',
        peer: opening.opening.from,
        opening: opening.opening,
        handshakeTimeouts: options.timeouts,
        ...(mtu === undefined ? {} : { lowerMtu: mtu }),
        error,
      };
      const peer = new ServedPeer({
        opening,
        host,
        answer,
        open: (output) => opening.association({ ...request, output }),
        announce: rules.announce,
        handshakeFailed({ address }, failure) {
          host.trace?.({ type: 'handshakeFailed', peer: address, code: failure.code, message: failure.message });
          host.dropped('handshakeFailed');
          rules.handshakeFailed?.(failure);
        },
      });
      peer.driver.start();
      return peer;
    },
  };
}

/** Look-ups of a configuration; undefined: there are none. */
export function answerNeeds({ configuration: { security }, claims, host }: ServedBy): AnswerNeed | undefined {
  if (!('lookup' in security)) return undefined;
  return (what, signal) => {
    if (what.kind !== 'psk') return undefined;
    const answer = security.lookup(what.identity, signal);
    if (!(answer instanceof Promise) || claims.server?.asyncLookup === true) return answer;
    // Nobody waits for it: this engine has to have the key at once.
    answer.catch(() => {});
    host.dropped('asyncLookupUnclaimed');
    return undefined;
  };
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
