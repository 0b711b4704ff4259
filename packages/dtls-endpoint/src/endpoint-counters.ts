/**
 * The counters of a listener: plain numbers by name, refusals and failures by reason.
 */

import type { NetError } from '@avs-net/core/plugin';
import type { Refusal } from './refusal.ts';

/** Why a handshake did not finish, where it is not the engine that says so. */
export type GivenUp = 'timedOut' | 'evicted' | 'closed';

export class EndpointCounters {
  /** Received. */
  datagrams = 0;
  bytes = 0;
  datagramsOut = 0;
  bytesOut = 0;
  hellos = 0;
  cookiesSent = 0;
  cookiesRefused = 0;
  handshakesBegun = 0;
  handshakesFinished = 0;
  handshakesFailed = 0;
  /** Established peers that came back with a new handshake, and those closed for their silence. */
  peersReplaced = 0;
  peersIdle = 0;
  /**
   * Peers that went on from another address, and those that were not believed: too often, or too many of their host.
   */
  peersMoved = 0;
  movesRefused = 0;
  /** Without a handshake, from a state. */
  peersRestored = 0;
  readonly #reasons = new Map<string, number>();

  sent(bytes: number): void {
    this.datagramsOut += 1;
    this.bytesOut += bytes;
  }

  refuse(reason: Refusal | string): void {
    this.#count(`dropped.${reason}`);
  }

  /** By alert where there was one, else by error code. */
  failed(reason: GivenUp | NetError): void {
    this.handshakesFailed += 1;
    this.#count(`failed.${typeof reason === 'string' ? reason : (reason.alert?.name ?? reason.code)}`);
  }

  /** All of them, refusals as `dropped.<reason>` and failed handshakes as `failed.<reason>`. */
  snapshot(): Record<string, number> {
    const { datagrams, bytes, datagramsOut, bytesOut, hellos, cookiesSent, cookiesRefused } = this;
    const { handshakesBegun, handshakesFinished, handshakesFailed, peersReplaced, peersIdle } = this;
    const { peersMoved, movesRefused, peersRestored } = this;
    return {
      ...{ datagrams, bytes, datagramsOut, bytesOut, hellos, cookiesSent, cookiesRefused },
      ...{ handshakesBegun, handshakesFinished, handshakesFailed, peersReplaced, peersIdle },
      ...{ peersMoved, movesRefused, peersRestored },
      ...Object.fromEntries(this.#reasons),
    };
  }

  #count(name: string): void {
    this.#reasons.set(name, (this.#reasons.get(name) ?? 0) + 1);
  }
}
