/**
 * The counters of a listener: plain numbers by name, refusals by reason.
 */

import type { Refusal } from './refusal.ts';

export class EndpointCounters {
  datagrams = 0;
  bytes = 0;
  hellos = 0;
  cookiesSent = 0;
  cookiesRefused = 0;
  handshakesBegun = 0;
  handshakesFinished = 0;
  handshakesFailed = 0;
  /** Of the failed ones: out of time, and pushed out by newer ones. */
  handshakesTimedOut = 0;
  handshakesEvicted = 0;
  /** Established peers that came back with a new handshake, and those closed for their silence. */
  peersReplaced = 0;
  peersIdle = 0;
  readonly #refusals = new Map<Refusal, number>();

  refuse(reason: Refusal): void {
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
  }

  /** All of them, refusals as `dropped.<reason>`. */
  snapshot(): Record<string, number> {
    const { datagrams, bytes, hellos, cookiesSent, cookiesRefused } = this;
    const { handshakesBegun, handshakesFinished, handshakesFailed, handshakesTimedOut, handshakesEvicted } = this;
    const counters: Record<string, number> = { datagrams, bytes, hellos, cookiesSent, cookiesRefused };
    Object.assign(counters, { handshakesBegun, handshakesFinished, handshakesFailed });
    Object.assign(counters, { handshakesTimedOut, handshakesEvicted });
    Object.assign(counters, { peersReplaced: this.peersReplaced, peersIdle: this.peersIdle });
    for (const [reason, count] of this.#refusals) counters[`dropped.${reason}`] = count;
    return counters;
  }
}
