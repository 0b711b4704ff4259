/**
 * When the last flight is sent again and when to give up (RFC 6347 §4.2.4.1), and how long an unacceptable proposal is
 * doubted: anybody can forge one in the clear, so it ends the handshake only if the server does not go on in the
 * meantime. Runs no timer: it says when one should.
 */

import { type EngineErrorInit, type HandshakeTimeouts, nextWait } from '@avs-net/core/plugin';

export interface Refusal {
  readonly error: EngineErrorInit;
  /** AlertDescription to tell the server. */
  readonly alert: number;
}

export class RetransmissionTimer {
  readonly #timeouts: HandshakeTimeouts;
  #wait: number | undefined;
  #flightAt: number | undefined;
  #refusal: Refusal | undefined;
  #refusalAt = 0;
  #attempts = 0;
  #waited = 0;

  constructor(timeouts: HandshakeTimeouts) {
    this.#timeouts = timeouts;
  }

  get deadline(): number | undefined {
    if (this.#refusal === undefined) return this.#flightAt;
    return Math.min(this.#refusalAt, this.#flightAt ?? this.#refusalAt);
  }

  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  /** How often the flight has been sent. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Milliseconds that the flight has been waited for. */
  get waited(): number {
    return this.#waited;
  }

  /** The same, with what has passed of the wait that goes on. */
  waitedAt(now: number): number {
    if (this.#wait === undefined || this.#flightAt === undefined) return this.#waited;
    return this.#waited + Math.max(0, this.#wait - Math.max(0, this.#flightAt - now));
  }

  /** A new flight was sent. Gives the wait, milliseconds. */
  start(now: number): number {
    this.#attempts = 0;
    this.#waited = 0;
    this.#wait = undefined;
    return this.next(now);
  }

  /** The flight was sent again. */
  next(now: number): number {
    const wait = nextWait(this.#wait, this.#timeouts) ?? this.#timeouts.max;
    this.#attempts++;
    this.#wait = wait;
    this.#flightAt = now + wait;
    return wait;
  }

  /** The first refusal counts; later ones neither replace nor prolong it. */
  refuse(refusal: Refusal, now: number): void {
    if (this.#refusal !== undefined) return;
    this.#refusal = refusal;
    this.#refusalAt = now + Math.min(this.#timeouts.min, LONGEST_DOUBT);
  }

  /** The handshake goes on: who proposed that was not the server. */
  progress(): void {
    this.#refusal = undefined;
  }

  /** What has come due at `now`. */
  due(now: number): 'refusal' | 'repeat' | 'end' | undefined {
    if (this.#refusal !== undefined && now >= this.#refusalAt) return 'refusal';
    if (this.#flightAt === undefined || now < this.#flightAt) return undefined;
    this.#waited += this.#wait ?? 0;
    return nextWait(this.#wait, this.#timeouts) === undefined ? 'end' : 'repeat';
  }
}

/** Milliseconds; longer than most round trips, shorter than most patience. */
const LONGEST_DOUBT = 500;
