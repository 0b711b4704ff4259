/**
 * Makes the ids that peers put on what they send to us (RFC 9146 §3). All ids of one socket have the same length, so
 * that a record can be told from its neighbours and its receiver before anything is decrypted. Keeps none of them.
 */

import { randomFillSync } from 'node:crypto';
import type { EngineErrorInit, NetError, Role, SecureConfiguration } from '@avs-net/core/plugin';

export class ConnectionIds {
  /** Bytes; 0: the peer puts no id on its records. */
  readonly length: number;
  readonly #generate: () => unknown;
  readonly #error: (init: EngineErrorInit) => NetError;

  constructor(length: number, generate: () => unknown, error: (init: EngineErrorInit) => NetError) {
    this.length = length;
    this.#generate = generate;
    this.#error = error;
  }

  /**
   * An id that is not taken, the receiver's to keep. EADDRINUSE: none was found in a bounded number of tries; EINVAL:
   * what the configured function gave is no id of this length; or what it threw.
   */
  make(isTaken?: (id: Uint8Array) => boolean): Uint8Array {
    for (let tries = 0; tries < TRIES; tries++) {
      const id = this.check(this.#generate());
      if (isTaken === undefined || !isTaken(id)) return id;
    }
    const message = `no unused connection id was found in ${TRIES} tries: connectionId needs more than ${this.length} bytes`;
    throw this.#error({ code: 'EADDRINUSE', message });
  }

  /** EINVAL unless `id` is bytes of this length. */
  check(id: unknown): Uint8Array {
    if (id instanceof Uint8Array && id.length === this.length) return id;
    const given = id instanceof Uint8Array ? `${id.length} bytes` : `a value of type ${typeof id}`;
    const message = `connectionId.generate must give ${this.length} bytes, as many as before; it gave ${given}`;
    throw this.#error({ code: 'EINVAL', message });
  }
}

/**
 * What `connectionId` of a configuration asks for; undefined: ids are not negotiated. A function is tried once, for the
 * length of its ids. Errors: EINVAL for a function that gives no ids or those of another length than `length`.
 */
export function connectionIds(
  wanted: SecureConfiguration['connectionId'],
  role: Role,
  error: (init: EngineErrorInit) => NetError,
): ConnectionIds | undefined {
  if (wanted === undefined || wanted === false) return undefined;
  const { length, generate } = wanted === true ? {} : wanted;
  if (generate === undefined) {
    const bytes = length ?? (role === 'server' ? SERVER_LENGTH : 0);
    return new ConnectionIds(bytes, bytes === 0 ? () => EMPTY : () => randomId(bytes), error);
  }
  let first: unknown;
  try {
    first = generate();
  } catch (cause) {
    throw error({ code: 'EINVAL', message: 'connectionId.generate threw when it was tried', cause });
  }
  const bytes = length ?? (first instanceof Uint8Array ? first.length : 0);
  if (bytes > LONGEST) throw error({ code: 'EINVAL', message: `connectionId: an id has at most ${LONGEST} bytes` });
  // The first id is looked at, and given to the first who asks.
  let next: unknown = first;
  const ids = new ConnectionIds(
    bytes,
    () => {
      const id = next ?? generate();
      next = undefined;
      return id instanceof Uint8Array ? new Uint8Array(id) : id;
    },
    error,
  );
  ids.check(first);
  return ids;
}

/** Random bytes are drawn for many ids at a time. */
function randomId(length: number): Uint8Array {
  if (left + length > POOL.length) {
    randomFillSync(POOL);
    left = 0;
  }
  const id = POOL.slice(left, left + length);
  left += length;
  return id;
}

const SERVER_LENGTH = 8;
/** RFC 9146 §3: `opaque cid<0..2^8-1>`; the configuration stops one short of it. */
const LONGEST = 254;
const TRIES = 32;
const EMPTY = new Uint8Array(0);
const POOL = new Uint8Array(4_096);
let left = POOL.length;
