/**
 * Who is known by which connection id (RFC 9146). Finding somebody, or nobody, allocates nothing: the ids of strangers
 * are hashed where they lie. The hash is seeded, but nobody chooses ids that are kept, so that it need not be more.
 */

import { randomInt } from 'node:crypto';
import type { PeerSession } from './peer-session.ts';

export class PeersById {
  /** Bytes of every id. */
  readonly length: number;
  /** By hash; who has the same hash follows in `nextById`. */
  readonly #first = new Map<number, PeerSession>();
  #size = 0;

  constructor(length: number) {
    this.length = length;
  }

  get size(): number {
    return this.#size;
  }

  /** Whose id the bytes from `at` on are. */
  find(bytes: Uint8Array, at: number): PeerSession | undefined {
    if (at + this.length > bytes.length) return undefined;
    let session = this.#first.get(this.#hash(bytes, at));
    while (session !== undefined && !isId(session.id!, bytes, at)) session = session.nextById;
    return session;
  }

  /** `session` has an id that nobody else has. */
  add(session: PeerSession): void {
    const hash = this.#hash(session.id!, 0);
    session.nextById = this.#first.get(hash);
    this.#first.set(hash, session);
    this.#size += 1;
  }

  /** Does nothing for who is not here. */
  remove(session: PeerSession): void {
    if (session.id === undefined) return;
    const hash = this.#hash(session.id, 0);
    const first = this.#first.get(hash);
    if (first === session) {
      if (session.nextById === undefined) this.#first.delete(hash);
      else this.#first.set(hash, session.nextById);
    } else {
      let before = first;
      while (before !== undefined && before.nextById !== session) before = before.nextById;
      if (before === undefined) return;
      before.nextById = session.nextById;
    }
    session.nextById = undefined;
    this.#size -= 1;
  }

  /** FNV-1a, thirty bits: small integers in every build of V8. */
  #hash(bytes: Uint8Array, at: number): number {
    let hash = SEED;
    for (let index = at; index < at + this.length; index++) hash = Math.imul(hash ^ bytes[index]!, 0x0100_0193);
    return (hash ^ (hash >>> 15)) & 0x3fff_ffff;
  }
}

function isId(id: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < id.length; index++) if (id[index] !== bytes[at + index]) return false;
  return true;
}

const SEED = randomInt(2 ** 32);
