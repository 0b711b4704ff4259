/**
 * What both roles of a handshake share (RFC 6347 §4.2): message numbers, reassembly, transcript, flights and their
 * retransmission, doubts. Which messages mean what is decided by the role; records belong to the association.
 */

import type { AssociationInfo, EngineErrorInit, HandshakeTimeouts, NeedAnswer, Silence } from '@avs-net/core/plugin';
import type { Ciphersuite } from './ciphersuite.ts';
import { type FlightItem, RetransmissionTimer } from './flight.ts';
import { FINISHED, type Fragment, type HandshakeMessage, HELLO_VERIFY_REQUEST } from './handshake-message.ts';
import { HandshakeTranscript } from './handshake-transcript.ts';
import type { HandshakeRole, Negotiation } from './negotiation.ts';
import { Reassembly } from './reassembly.ts';
import type { TrafficKeys } from './record-layer.ts';

/** What a handshake does to its association. */
export interface HandshakeHost {
  /** Milliseconds of the socket's clock at the current call. */
  readonly now: number;
  /** Sends a flight, for the `attempt`th time. */
  transmit(flight: readonly FlightItem[], attempt: number): void;
  protect(suite: Ciphersuite, keys: TrafficKeys): void;
  need(identity: Uint8Array): void;
  established(): void;
  failed(error: EngineErrorInit): void;
  dropped(reason: string): void;
  flightSent(attempt: number, waitMs: number): void;
}

export class Handshake implements Negotiation {
  readonly #host: HandshakeHost;
  readonly #role: HandshakeRole;
  readonly #timer: RetransmissionTimer;
  readonly #reassembly = new Reassembly();
  readonly #transcript = new HandshakeTranscript();
  #flight: readonly FlightItem[] = [];
  /** message_seq of our next message. */
  #sequence = 0;
  #isAwaitingKey = false;
  #isOver = false;
  #doubt: EngineErrorInit | undefined;
  #repeatUntil = 0;
  #repeatedAt = 0;
  /** The message that the current flight waits for first. */
  #awaited = 0;
  /** In which wait the flight was sent early. */
  #hastened = 0;

  constructor(host: HandshakeHost, timeouts: HandshakeTimeouts, role: (negotiation: Negotiation) => HandshakeRole) {
    this.#host = host;
    this.#timer = new RetransmissionTimer(timeouts);
    this.#role = role(this);
  }

  get deadline(): number | undefined {
    return this.#timer.deadline;
  }

  /** What it would be refused with now. */
  get silence(): Silence {
    return this.#doubt ?? { message: this.#role.silence() };
  }

  get isAwaitingKey(): boolean {
    return this.#isAwaitingKey;
  }

  get info(): AssociationInfo {
    return this.#role.info;
  }

  start(): void {
    this.#role.start();
  }

  /** A fragment out of a record of `epoch`. */
  fragment(fragment: Fragment, epoch: number): void {
    if (this.#isOver) this.#repeat(fragment);
    // Only Finished is protected, and nothing else may be: the epoch decides, not change_cipher_spec, which anybody
    // can send.
    else if ((fragment.type === FINISHED) !== (epoch === 1)) this.#host.dropped('wrongEpoch');
    else if (fragment.type === HELLO_VERIFY_REQUEST) this.#helloVerifyRequest(fragment);
    else {
      const refusal = this.#reassembly.add(fragment);
      if (refusal === undefined) this.#advance();
      else if (this.#isRepeatedFlight(fragment)) this.#transmitAgain();
      else this.#host.dropped(refusal);
    }
  }

  timeout(): void {
    const { now } = this.#host;
    if (this.#timer.deadline === undefined || now < this.#timer.deadline) return;
    if (this.#doubt !== undefined) this.refuse(this.#doubt);
    else if (!this.#timer.expire(now)) this.refuse({ code: 'ETIMEDOUT', message: this.#role.silence() });
    else if (!this.#isAwaitingKey) this.#transmit();
  }

  answer(psk: NeedAnswer): void {
    if (!this.#isAwaitingKey || this.#isOver) return;
    this.#isAwaitingKey = false;
    this.#role.answer(psk);
    this.#advance();
  }

  /** The peer has said something that only an established peer says: the last flight has arrived. */
  confirmed(): void {
    this.#flight = [];
  }

  stop(): void {
    this.#isOver = true;
    this.#isAwaitingKey = false;
    this.#timer.stop();
    this.#flight = [];
    this.#reassembly.clear();
    this.#role.destroy();
  }

  // Negotiation: what the role asks for.

  take(message: HandshakeMessage): void {
    this.#transcript.add(message);
    this.#reassembly.expect(message.sequence + 1);
    this.#doubt = undefined;
  }

  message(type: number, body: Uint8Array): HandshakeMessage {
    const message = { type, sequence: this.#sequence, body };
    this.#sequence += 1;
    this.#transcript.add(message);
    return message;
  }

  restart(sequence: number): void {
    this.#transcript.restart();
    this.#sequence = sequence;
    this.#reassembly.expect(sequence);
    this.#doubt = undefined;
  }

  sendFlight(flight: readonly FlightItem[], last?: 'last'): void {
    const { now } = this.#host;
    this.#flight = flight;
    this.#awaited = this.#reassembly.next;
    this.#hastened = 0;
    if (last === 'last') {
      this.#timer.stop();
      this.#repeatUntil = now + TWO_SEGMENT_LIFETIMES;
      this.#repeatedAt = now;
      this.#host.transmit(flight, 1);
    } else {
      this.#timer.start(now);
      this.#transmit();
    }
  }

  transcriptHash(): Uint8Array {
    return this.#transcript.digest();
  }

  protect(suite: Ciphersuite, keys: TrafficKeys): void {
    this.#host.protect(suite, keys);
  }

  needPsk(identity: Uint8Array): void {
    this.#isAwaitingKey = true;
    this.#host.need(identity);
  }

  established(): void {
    this.#isOver = true;
    this.#timer.stop();
    this.#reassembly.clear();
    this.#host.established();
  }

  doubt(error: EngineErrorInit): void {
    this.#doubt ??= error;
  }

  refuse(error: EngineErrorInit): void {
    this.#host.failed(error);
  }

  #transmit(): void {
    this.#host.flightSent(this.#timer.attempt, this.#timer.waitMs);
    this.#host.transmit(this.#flight, this.#timer.attempt);
  }

  /** RFC 6347 §4.2.4, state WAITING: the peer repeats the flight that ours answers, so ours was lost. */
  #isRepeatedFlight({ sequence, offset }: Fragment): boolean {
    const isLastBeforeOurs = this.#reassembly.next === this.#awaited && sequence === this.#awaited - 1 && offset === 0;
    return isLastBeforeOurs && this.#timer.deadline !== undefined && !this.#isAwaitingKey;
  }

  /** Nobody has authenticated what asks for it, so only once in every wait. */
  #transmitAgain(): void {
    const { attempt } = this.#timer;
    if (this.#hastened === attempt) return;
    this.#hastened = attempt;
    this.#host.transmit(this.#flight, attempt);
  }

  /** Hands complete messages to the role, in their order. */
  #advance(): void {
    while (!this.#isOver && !this.#isAwaitingKey) {
      const message = this.#reassembly.peek();
      if (message === undefined) return;
      if (this.#role.message(message)) continue;
      // It may be forged: the true one gets its chance.
      this.#reassembly.forget();
      this.#host.dropped('unexpectedHandshakeMessage');
    }
  }

  /** It is never fragmented, and a stateless server may number it as it likes (RFC 6347 §4.2.2). */
  #helloVerifyRequest({ type, sequence, length, offset, body }: Fragment): void {
    const isWhole = offset === 0 && body.length === length;
    if (isWhole && this.#role.message({ type, sequence, body })) return;
    this.#host.dropped('unexpectedHandshakeMessage');
  }

  /**
   * A repeated Finished says that our last flight was lost; it is authentic, or it would not come here. Several at a
   * time were held back or doubled, and one answer will do.
   */
  #repeat({ type, offset }: Fragment): void {
    if (type !== FINISHED || this.#flight.length === 0 || this.#host.now > this.#repeatUntil) {
      this.#host.dropped('renegotiation');
    } else if (offset === 0 && this.#host.now > this.#repeatedAt) {
      this.#repeatedAt = this.#host.now;
      this.#host.transmit(this.#flight, 1);
    }
  }
}

/** RFC 6347 §4.2.4: twice the default MSL of RFC 793, milliseconds. */
const TWO_SEGMENT_LIFETIMES = 240_000;
