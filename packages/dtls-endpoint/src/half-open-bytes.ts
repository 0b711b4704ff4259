/**
 * What all half-open handshakes together make the process keep: hello, messages announced but not complete, records
 * ahead of their turn, datagrams that wait for a key, and the engine. Reckoned from above, never measured. Over the
 * limit goes who keeps far more than a handshake takes, the most first; if nobody does, the least advanced.
 */

import type { PeerSession } from './peer-session.ts';

export class HalfOpenBytes {
  readonly #max: number;
  /** Bytes that all of them keep. */
  total = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** `session` may keep more than it did. */
  weigh({ handshake, engineBytes = ENGINE_BYTES }: PeerSession): void {
    if (handshake === undefined) return;
    const bytes = SESSION_BYTES + handshake.hello.length + engineBytes;
    this.total += bytes - handshake.keptBytes;
    handshake.keptBytes = bytes;
  }

  /** The handshake of `session` has succeeded, or it is gone. */
  release({ handshake }: PeerSession): void {
    if (handshake === undefined) return;
    this.total -= handshake.keptBytes;
    handshake.keptBytes = 0;
  }

  get isOver(): boolean {
    return this.total > this.#max;
  }

  /** Who keeps so much that it goes before anybody else, whatever it has sent. */
  greediest(sessions: Iterable<PeerSession>): PeerSession | undefined {
    let most = 2 * (SESSION_BYTES + ENGINE_BYTES);
    let greediest: PeerSession | undefined;
    for (const session of sessions) {
      const kept = session.handshake?.keptBytes ?? 0;
      if (kept <= most) continue;
      most = kept;
      greediest = session;
    }
    return greediest;
  }
}

/** Of an engine that does not say: an SSL object of OpenSSL 3 with its buffers, in mid-handshake, as measured. */
export const ENGINE_BYTES = 65_536;
/** Objects of this package and of the driver. */
const SESSION_BYTES = 8_192;
