/**
 * Alerts in the clear during a handshake. Anybody can send one, so that it is advice: it never reaches the engine. A
 * genuine one means that the peer has gone: the handshake then makes no progress, and after a grace it ends with that
 * alert as its reason. If it does make progress the alert is only remembered, to explain a later failure. A delay of the
 * application is none of the peer's: the grace rests while a question is open.
 */

import { type Alert, alert, CLOSE_NOTIFY } from '@avs-net/core/plugin';
import type { RecordHeader } from './record.ts';
import type { Refusal } from './refusal.ts';

export class PlaintextAlert {
  readonly #grace: number;
  #last: Alert | undefined;
  #until: number | undefined;
  /** The question to the application that is open. */
  #need: number | undefined;

  /** `wait`: the first retransmission wait in milliseconds, in which an answer would come if the peer were there. */
  constructor(wait: number) {
    this.#grace = Math.min(wait, LONGEST_GRACE);
  }

  /** The last one that would have ended the handshake. */
  get last(): Alert | undefined {
    return this.#last;
  }

  /** When the handshake is to be given up. */
  get deadline(): number | undefined {
    return this.#need === undefined ? this.#until : undefined;
  }

  /** Takes note of an alert record of epoch 0. */
  note(bytes: Uint8Array, record: RecordHeader, now: number): Refusal {
    if (record.length !== 2) return 'malformedAlert';
    const level = bytes[record.start]!;
    const description = bytes[record.start + 1]!;
    if (level !== WARNING && level !== FATAL) return 'malformedAlert';
    // Warnings end nothing and OpenSSL counts them: close_notify alone says that the peer has gone.
    if (level === WARNING && description !== CLOSE_NOTIFY) return 'plaintextAlert';
    if (this.#until === undefined) {
      this.#last = alert(level, description, 'peer');
      this.#until = now + this.#grace;
    }
    return 'plaintextAlert';
  }

  /** The application is asked. */
  rest(need: number): void {
    this.#need = need;
  }

  /** It has answered, or is waited for no longer (`need` absent): the peer gets its grace from `now`. False: neither. */
  resume(now: number, need: number | undefined = this.#need): boolean {
    if (this.#need === undefined || need !== this.#need) return false;
    this.#need = undefined;
    if (this.#until !== undefined) this.#until = now + this.#grace;
    return true;
  }

  /** The engine answered the peer: the peer is still there. */
  progress(): void {
    this.#until = undefined;
  }
}

const WARNING = 1;
const FATAL = 2;
/** A slow network (RFC 7925 waits 9 s) needs its round trip, a caller wants an answer. */
const LONGEST_GRACE = 10_000;
