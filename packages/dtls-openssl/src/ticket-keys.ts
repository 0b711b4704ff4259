/**
 * The keys of a server's session tickets (RFC 5077 §5.5): those of the configuration, which several processes may
 * share, or keys of our own, which change twice a day. The first encrypts, all decrypt.
 */

import { hkdfSync, randomBytes } from 'node:crypto';
import { isUint8Array } from 'node:util/types';
import { type EngineErrorInit, type ServerConfiguration, wipe } from '@avs-net/core/plugin';

type Source = NonNullable<ServerConfiguration['ticketKeys']>;

export class TicketKeys {
  readonly #use: (keys: Uint8Array) => void;
  readonly #refuse: (init: EngineErrorInit) => Error;
  readonly #source: Source | undefined;
  #last: readonly Uint8Array[] | undefined;
  #own: Buffer[] = [];
  #renewAt = Number.NEGATIVE_INFINITY;

  /** `use` is given keys of `TICKET_KEY` bytes, one behind the other, which are wiped afterwards. */
  constructor(source: Source | undefined, use: (keys: Uint8Array) => void, refuse: (init: EngineErrorInit) => Error) {
    this.#source = source;
    this.#use = use;
    this.#refuse = refuse;
  }

  /**
   * Brings them up to date. Errors: EINVAL for what a function gives that is no list of keys; then all is as before.
   */
  refresh(now: number): void {
    const source = this.#source;
    if (source !== undefined) this.#take(typeof source === 'function' ? source() : source);
    else if (now >= this.#renewAt) this.#renew(now);
  }

  wipe(): void {
    for (const key of this.#own.splice(0)) wipe(key);
  }

  #take(keys: readonly Uint8Array[]): void {
    if (keys === this.#last) return;
    checkTicketKeys(keys, this.#refuse);
    this.#give(keys);
    this.#last = keys;
  }

  /** The former key still decrypts, so that a ticket is good for half a day at least. */
  #renew(now: number): void {
    const [former, ...older] = this.#own;
    for (const key of older) wipe(key);
    this.#own = [randomBytes(MIN_TICKET_KEY), ...(former === undefined ? [] : [former])];
    this.#give(this.#own);
    this.#renewAt = now + RENEWAL;
  }

  #give(keys: readonly Uint8Array[]): void {
    const derived = new Uint8Array(new ArrayBuffer(keys.length * TICKET_KEY));
    keys.forEach((key, index) => {
      const one = new Uint8Array(hkdfSync('sha256', key, '', 'avs-net session ticket', TICKET_KEY));
      derived.set(one, index * TICKET_KEY);
      wipe(one);
    });
    try {
      this.#use(derived);
    } finally {
      wipe(derived);
    }
  }
}

/** Errors: EINVAL. */
export function checkTicketKeys(keys: unknown, refuse: (init: EngineErrorInit) => Error): void {
  const isList = Array.isArray(keys) && keys.length > 0 && keys.length <= MAX_TICKET_KEYS;
  if (isList && keys.every((key) => isUint8Array(key) && key.length >= MIN_TICKET_KEY)) return;
  const expected = `1 to ${MAX_TICKET_KEYS} keys of at least ${MIN_TICKET_KEY} random bytes`;
  throw refuse({ code: 'EINVAL', message: `server.ticketKeys: expected ${expected}` });
}

/** `TicketKeys` of native/session-tickets.h: its name, a key of AES-256, a key of HMAC-SHA256. */
const TICKET_KEY = 80;
const MAX_TICKET_KEYS = 16;
const MIN_TICKET_KEY = 32;
/** Milliseconds. */
const RENEWAL = 12 * 3_600_000;
