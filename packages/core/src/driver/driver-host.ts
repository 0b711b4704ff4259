/**
 * What an association is driven for: the socket of a client, or one peer of a server.
 */

import type { Address } from '../contract/address.ts';
import type { Alert } from '../contract/alert.ts';
import type { TraceEvent } from '../contract/association.ts';
import type { Clock } from '../contract/clock.ts';
import type { NetError } from '../contract/error.ts';
import type { AnswerNeed } from './driver-lookups.ts';

/** What an association is driven for. Nothing is called after `destroy`. */
export interface DriverHost {
  readonly clock: Clock;
  readonly backend: string;
  /** The bytes belong to the receiver. */
  message(bytes: Uint8Array): void;
  established(): void;
  /** The association ended in order. */
  closed(alert: Alert | undefined): void;
  /** The datagram socket below has nothing more; neither the association nor its peer knows. */
  ended(): void;
  /** The association is over and destroyed. */
  failed(error: NetError): void;
  /** Something went wrong below after the handshake; the association lives. */
  softError(error: NetError): void;
  dropped(reason: string): void;
  /** The peer is at `to` now. */
  peerMoved?(to: Address): void;
  /** To be kept for the next association; belongs to the receiver. */
  session?(session: Uint8Array): void;
  trace?(event: TraceEvent): void;
  /** Answers what only the application knows. */
  readonly answer?: AnswerNeed | undefined;
}
