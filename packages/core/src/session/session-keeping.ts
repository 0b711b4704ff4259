/**
 * Keeps the session of one client and one server name in a `SessionStore` (avs: session_resumption_buffer). What comes
 * out is only used if it went in here: for the same backend, credential and name, and undamaged; anything else means a
 * full handshake. A store that fails is reported as trace event `sessionStoreFailed` and costs no connection.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { TraceEvent } from '../contract/association.ts';
import type { SessionStore } from '../contract/configuration.ts';
import { unpooledCopy, wipe } from '../contract/secret-bytes.ts';

export interface SessionPlace {
  readonly store: SessionStore;
  /** What a session is bound to: backend, credential, server name. */
  readonly bonds: readonly string[];
  readonly trace?: ((event: TraceEvent) => void) | undefined;
}

export class SessionKeeping {
  /** Opaque: tells nothing of what it is made of. */
  readonly key: string;
  readonly #place: SessionPlace;
  #writing: Promise<void> | undefined;

  constructor(place: SessionPlace) {
    this.#place = place;
    const hash = createHash('sha256').update('avs-net session 1');
    for (const bond of place.bonds) hash.update(`\0${Buffer.byteLength(bond)}:${bond}`);
    this.key = hash.digest('hex');
  }

  /** Settles when the store has what was saved last; undefined: it has. Never rejects. */
  get writing(): Promise<void> | undefined {
    return this.#writing;
  }

  /** The session, in memory of the caller, who wipes it. */
  async load(): Promise<Uint8Array | undefined> {
    try {
      await this.#writing;
      const kept: unknown = await this.#place.store.get(this.key);
      return kept instanceof Uint8Array ? this.#open(kept) : undefined;
    } catch (error) {
      this.#failed('get', error);
      return undefined;
    }
  }

  /** Replaces the one before. `session` is wiped. */
  save(session: Uint8Array): void {
    const seal = this.#seal(session);
    const kept = new Uint8Array(seal.length + session.length);
    kept.set(seal);
    kept.set(session, seal.length);
    wipe(session);
    this.#write('set', () => this.#place.store.set(this.key, kept));
  }

  /** The server would not have it. */
  forget(): void {
    this.#write('delete', () => this.#place.store.delete(this.key));
  }

  /** Undefined for what was not sealed here. */
  #open(kept: Uint8Array): Uint8Array | undefined {
    if (kept.length <= SEAL) return undefined;
    const session = unpooledCopy(kept.subarray(SEAL));
    if (timingSafeEqual(this.#seal(session), kept.subarray(0, SEAL))) return session;
    wipe(session);
    return undefined;
  }

  #seal(session: Uint8Array): Uint8Array {
    return createHash('sha256').update(this.key).update(session).digest();
  }

  /** One after the other, so that the latest stays. */
  #write(operation: string, run: () => unknown): void {
    const writing = Promise.resolve(this.#writing)
      .then(run)
      .catch((error: unknown) => this.#failed(operation, error))
      .then(() => {
        if (this.#writing === writing) this.#writing = undefined;
      });
    this.#writing = writing;
  }

  #failed(operation: string, error: unknown): void {
    this.#place.trace?.({ type: 'sessionStoreFailed', operation, message: String(Object(error).message ?? error) });
  }
}

/** Bytes of SHA-256 before the session. */
const SEAL = 32;
