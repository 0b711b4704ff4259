/**
 * What all peers of one listener share: the server that they belong to, what lets them in, and the answers to what
 * their associations ask.
 */

import type { EngineErrorInit } from '../contract/association.ts';
import type { ServerLimits } from '../contract/configuration.ts';
import { NetError } from '../contract/error.ts';
import type { AnswerNeed } from '../driver/driver-lookups.ts';
import type { ServedBy } from './listener-host.ts';
import { answerNeeds } from './look-ups.ts';
import type { PeerTarget, ServedPeer } from './served-peer.ts';

export interface ListenerRules {
  readonly limits: ServerLimits;
  /** Throws to let nobody in. */
  readonly admit?: () => void;
  /** The peer is authenticated; undefined: nobody wants it. */
  readonly announce: (peer: ServedPeer) => PeerTarget | undefined;
  readonly handshakeFailed?: (error: NetError) => void;
}

export interface PeerService {
  readonly server: ServedBy;
  readonly rules: ListenerRules;
  readonly answer: AnswerNeed | undefined;
  readonly error: (init: EngineErrorInit) => NetError;
}

export function peerService(server: ServedBy, rules: ListenerRules): PeerService {
  const { backend } = server.host;
  return {
    server,
    rules,
    answer: answerNeeds(server),
    error: (init) => new NetError({ ...init, operation: 'accept', backend }),
  };
}
