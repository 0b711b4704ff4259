/**
 * What a listener of an engine talks to (`ListenerHost`): runs the association of every peer that the listener lets in,
 * answers its questions from the configuration, and announces it once it is authenticated.
 */

import { isUint8Array } from 'node:util/types';
import type { Address } from '../contract/address.ts';
import type { AssociationRequest, EngineErrorInit, Opening } from '../contract/association.ts';
import type { ListenerHost, LowerSocket, PeerOpening, SocketHost } from '../contract/backend.ts';
import type { Claims } from '../contract/claims.ts';
import type { SecureConfiguration, ServerLimits } from '../contract/configuration.ts';
import { NetError } from '../contract/error.ts';
import type { AnswerNeed } from '../driver/driver-lookups.ts';
import type { Adopted } from '../socket/adoption.ts';
import type { ExportedAssociations } from './exported-associations.ts';
import type { SecureOptions } from './secure-options.ts';
import { type PeerTarget, ServedPeer } from './served-peer.ts';

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

export interface ListenerRules {
  readonly limits: ServerLimits;
  /** Throws to let nobody in. */
  readonly admit?: () => void;
  readonly announce: (peer: ServedPeer) => PeerTarget | undefined;
  readonly handshakeFailed?: (error: NetError) => void;
}

/** A peer, as far as it is the same for all that begin. */
export type PeerStart = Omit<PeerOpening, 'opening'>;

export function listenerHost(server: ServedBy, rules: ListenerRules): ListenerHost {
  const { host } = server;
  return {
    backend: host.backend,
    clock: host.clock,
    error: acceptError(host),
    limits: rules.limits,
    dropped: (reason) => host.dropped(reason),
    ...(host.trace && { trace: host.trace }),
    open(peer) {
      const { opening } = peer;
      return servePeer(server, rules, peer, opening.from, opening);
    },
    resume: (peer) => servePeer(server, rules, peer, peer.from),
  };
}

/**
 * Runs the association of the peer at `address`; `opening`: the hello that it begins with, if a listener has read it
 * already. Throws what `rules.admit` and the engine throw.
 */
export function servePeer(
  server: ServedBy,
  rules: ListenerRules,
  start: PeerStart,
  address: Address,
  opening?: Opening,
): ServedPeer {
  rules.admit?.();
  const { host, options } = server;
  const mtu = start.lower.innerMtu();
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
    start,
    host,
    answer: answerNeeds(server),
    open: (output) => start.association({ ...request, output }),
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

/**
 * Look-ups of a configuration; undefined: there are none. A failure looks to the peer like an unknown identity; the
 * server is told by `lookupFailed`, as a drop that is counted and as a trace event with the reason.
 */
export function answerNeeds({
  configuration: { security },
  claims,
  host,
}: Pick<ServedBy, 'configuration' | 'claims' | 'host'>): AnswerNeed | undefined {
  if (!('lookup' in security)) return undefined;
  const failed = (error: unknown): undefined => {
    host.dropped('lookupFailed');
    host.trace?.({ type: 'lookupFailed', error });
  };
  const checked = (answer: unknown): Uint8Array | undefined => {
    if (answer === undefined || (isUint8Array(answer) && answer.length > 0)) return answer;
    const given = isUint8Array(answer) ? 'an empty key' : `a value of type ${typeof answer}`;
    return failed(new TypeError(`security.lookup must give the bytes of a key or undefined, it gave ${given}`));
  };
  return (what, signal) => {
    if (what.kind !== 'psk') return undefined;
    let answer: ReturnType<typeof security.lookup>;
    try {
      answer = security.lookup(what.identity, signal);
    } catch (error) {
      return failed(error);
    }
    if (!(answer instanceof Promise)) return checked(answer);
    if (claims.server?.asyncLookup === true) {
      // Who stops because the peer has gone has not failed.
      return answer.then(checked, (error: unknown) => (signal.aborted ? undefined : failed(error)));
    }
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
