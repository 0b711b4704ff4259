/**
 * The seam between an association and the handshake of its role: what a role may ask of the association, and what the
 * association asks of a role. A role decides on messages; records, timers, fragments and alerts are not its business.
 */

import type { AssociationInfo, EngineErrorInit } from '@avs-net/core/plugin';
import type { Ciphersuite } from './ciphersuite.ts';
import type { FlightItem } from './flight.ts';
import type { HandshakeMessage } from './handshake-message.ts';
import type { TrafficKeys } from './record-layer.ts';

export interface Negotiation {
  /** A message of the peer is good: it counts for the transcript and the next one is awaited. */
  take(message: HandshakeMessage): void;
  /** The next message of ours: numbered and counted in the transcript. */
  message(type: number, body: Uint8Array): HandshakeMessage;
  /** Sends a flight. `last`: nothing answers it, it is only repeated when the peer repeats itself. */
  sendFlight(flight: readonly FlightItem[], last?: 'last'): void;
  /** Forgets the transcript so far and numbers own and expected messages from here. */
  restart(sequence: number): void;
  /** SHA-256 of every message of both sides so far. */
  transcriptHash(): Uint8Array;
  protect(suite: Ciphersuite, keys: TrafficKeys): void;
  /** Asks for the key of an identity; the answer comes to `answer`. */
  needPsk(identity: Uint8Array): void;
  established(): void;
  /**
   * Something unauthenticated speaks against the handshake. It may be forged, so the peer gets until the end of the
   * current wait to go on properly.
   */
  doubt(error: EngineErrorInit): void;
  /** Over at once; a local alert goes to the peer. */
  refuse(error: EngineErrorInit): void;
}

/** One side of the handshake. */
export interface HandshakeRole {
  /** Client: sends the first flight. */
  start(): void;
  /** A complete message in its turn. False: it does not belong here and was not taken. */
  message(message: HandshakeMessage): boolean;
  answer(psk: Uint8Array | undefined): void;
  /** What probably happened when nothing more comes. */
  silence(): string;
  readonly info: AssociationInfo;
  /** Wipes what is secret. */
  destroy(): void;
}
