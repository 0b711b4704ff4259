/**
 * A flight: messages that are sent together and sent again together until they are answered (RFC 6347 §4.2.4), and the
 * timer that says when: starts at `min`, doubles, is capped at `max`, and gives up after a wait of `max`.
 */

import type { HandshakeTimeouts } from '@avs-net/core/plugin';
import { concat } from './byte-reader.ts';
import { HANDSHAKE_HEADER, type HandshakeMessage, writeFragment } from './handshake-message.ts';
import { CHANGE_CIPHER_SPEC, HANDSHAKE } from './record.ts';
import type { RecordLayer } from './record-layer.ts';

export type FlightItem = HandshakeMessage | 'changeCipherSpec';

/**
 * The flight as datagrams of at most `limit` bytes, with fresh record numbers. What follows change_cipher_spec is
 * protected.
 */
export function packFlight(flight: readonly FlightItem[], records: RecordLayer, limit: number): readonly Uint8Array[] {
  const datagrams: Uint8Array[] = [];
  let current: Uint8Array[] = [];
  let used = 0;
  let epoch: 0 | 1 = 0;

  const close = (): void => {
    if (current.length > 0) datagrams.push(concat(...current));
    current = [];
    used = 0;
  };
  const put = (type: number, payload: Uint8Array): void => {
    if (used + records.overhead(epoch) + payload.length > limit) close();
    const record = records.write(type, epoch, payload);
    current.push(record);
    used += record.length;
  };

  for (const item of flight) {
    if (item === 'changeCipherSpec') {
      put(CHANGE_CIPHER_SPEC, Uint8Array.of(1));
      epoch = 1;
      continue;
    }
    let offset = 0;
    do {
      const fixed = records.overhead(epoch) + HANDSHAKE_HEADER;
      if (limit - used - fixed < Math.min(item.body.length - offset, SMALLEST_FRAGMENT)) close();
      const size = Math.min(item.body.length - offset, Math.max(SMALLEST_FRAGMENT, limit - used - fixed));
      put(HANDSHAKE, writeFragment(item, offset, size));
      offset += size;
    } while (offset < item.body.length);
  }
  close();
  return datagrams;
}

export class RetransmissionTimer {
  readonly #timeouts: HandshakeTimeouts;
  #wait = 0;
  /** When `expire` is due; undefined: it does not run. */
  deadline: number | undefined;
  /** How many times the flight was sent. */
  attempt = 0;

  constructor(timeouts: HandshakeTimeouts) {
    this.#timeouts = timeouts;
  }

  /** Milliseconds of the current wait. */
  get waitMs(): number {
    return this.#wait;
  }

  /** A new flight was sent. */
  start(now: number): void {
    this.attempt = 1;
    this.#wait = Math.min(this.#timeouts.min, this.#timeouts.max);
    this.deadline = now + this.#wait;
  }

  /** The wait is over: true to send again, false to give up. */
  expire(now: number): boolean {
    if (this.#wait >= this.#timeouts.max) return false;
    this.attempt += 1;
    this.#wait = Math.min(this.#wait * 2, this.#timeouts.max);
    this.deadline = now + this.#wait;
    return true;
  }

  stop(): void {
    this.deadline = undefined;
  }
}

/** Below this a fragment is not worth its headers. */
const SMALLEST_FRAGMENT = 16;
