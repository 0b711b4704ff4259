/**
 * The one timer of a listener: handshakes that take too long and peers that are silent for too long. Handshakes are
 * kept in the order in which they began, which is the order in which they run out of time.
 */

import type { Clock, Timer } from '@avs-net/core/plugin';
import type { PeerSession } from './peer-session.ts';
import type { PeerTable } from './peer-table.ts';

export interface DeadlineRules {
  readonly handshakeTimeout: number;
  readonly idleTimeout: number | undefined;
}

export class SessionDeadlines {
  readonly #clock: Clock;
  readonly #table: PeerTable;
  readonly #rules: DeadlineRules;
  readonly #expired: (session: PeerSession) => void;
  #timer: Timer | undefined;
  #due = Number.POSITIVE_INFINITY;

  /** `expired` removes the session from the table. */
  constructor(clock: Clock, table: PeerTable, rules: DeadlineRules, expired: (session: PeerSession) => void) {
    this.#clock = clock;
    this.#table = table;
    this.#rules = rules;
    this.#expired = expired;
  }

  /** A handshake began or a peer was established. */
  arm(): void {
    this.#schedule(this.#clock.now());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#due = Number.POSITIVE_INFINITY;
  }

  #run(): void {
    this.stop();
    const now = this.#clock.now();
    for (const session of this.#table.halfOpen) {
      if (begun(session) + this.#rules.handshakeTimeout > now) break;
      this.#expired(session);
    }
    const idle = this.#rules.idleTimeout;
    if (idle !== undefined) {
      for (const session of this.#table.established) if (session.lastHeard + idle <= now) this.#expired(session);
    }
    this.#schedule(now);
  }

  #schedule(now: number): void {
    const due = Math.min(this.#handshakeDue(), this.#idleDue(now));
    if (due >= this.#due) return;
    this.stop();
    this.#due = due;
    this.#timer = this.#clock.timer(Math.max(0, due - now), () => this.#run());
  }

  #handshakeDue(): number {
    for (const session of this.#table.halfOpen) return begun(session) + this.#rules.handshakeTimeout;
    return Number.POSITIVE_INFINITY;
  }

  /** Looking at everybody is done at most sixteen times in a timeout, so that a peer may last a sixteenth longer. */
  #idleDue(now: number): number {
    const idle = this.#rules.idleTimeout;
    if (idle === undefined || this.#table.established.size === 0) return Number.POSITIVE_INFINITY;
    if (this.#due !== Number.POSITIVE_INFINITY) return now + idle;
    let due = Number.POSITIVE_INFINITY;
    for (const session of this.#table.established) due = Math.min(due, session.lastHeard + idle);
    return Math.max(due, now + idle / 16);
  }
}

function begun({ handshake }: PeerSession): number {
  return handshake?.begun ?? 0;
}
