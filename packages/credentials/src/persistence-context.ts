/**
 * Where persistence writes to or reads from, `avs_persistence_context_t`: numbers are big endian. The bytes may hold
 * keys, so both directions keep them in memory of their own and can wipe it.
 */

import { unpooledCopy, wipe } from '@avs-net/core/plugin';
import { copyBytes } from './byte-argument.ts';
import { refusal, unexpected } from './credential-error.ts';

export type PersistenceContext = StoreContext | RestoreContext;

/** `avs_persistence_store_context_create`; more than `limit` bytes are EMSGSIZE. */
export function storeContext(options: { readonly limit?: number } = {}): StoreContext {
  const { limit = Number.POSITIVE_INFINITY } = options;
  if (typeof limit !== 'number' || !(limit >= 0)) {
    throw unexpected({ operation: 'storeContext', path: 'limit' }, 'a number of bytes from 0', limit);
  }
  return new StoreContext(limit);
}

/** `avs_persistence_restore_context_create` on a copy of `bytes`. Errors: EINVAL. */
export function restoreContext(bytes: Uint8Array): RestoreContext {
  return new RestoreContext(copyBytes(bytes, { operation: 'restoreContext', path: 'bytes' }));
}

class StoreContext {
  readonly direction = 'store';
  readonly #limit: number;
  #buffer = new Uint8Array(new ArrayBuffer(256));
  #position = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes written so far. */
  get position(): number {
    return this.#position;
  }

  /** A copy of what was written. */
  bytes(): Uint8Array {
    return unpooledCopy(this.#buffer.subarray(0, this.#position));
  }

  write(bytes: Uint8Array, operation: string): void {
    const end = this.#position + bytes.byteLength;
    if (end > this.#limit) {
      const message = `the output is limited to ${this.#limit} bytes; at least ${end} are needed`;
      throw refusal('EMSGSIZE', { operation, path: '' }, message);
    }
    if (end > this.#buffer.byteLength) {
      const larger = new Uint8Array(new ArrayBuffer(end * 2));
      larger.set(this.#buffer.subarray(0, this.#position));
      wipe(this.#buffer);
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#position);
    this.#position = end;
  }

  writeUint32(value: number, operation: string): void {
    if (value > 0xffff_ffff) {
      throw refusal('E2BIG', { operation, path: '' }, `${value} does not fit into the 32 bits of the format`);
    }
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value);
    this.write(bytes, operation);
  }

  /** Takes back what was written after `position`. */
  truncate(position: number): void {
    wipe(this.#buffer.subarray(position, this.#position));
    this.#position = position;
  }

  /** Overwrites everything and starts again. */
  wipe(): void {
    this.truncate(0);
  }
}

class RestoreContext {
  readonly direction = 'restore';
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#position;
  }

  get remaining(): number {
    return this.#bytes.byteLength - this.#position;
  }

  /** The next `size` bytes, valid until `wipe`. Errors: EOF. */
  read(size: number, what: string, operation: string): Uint8Array {
    if (size > this.remaining) {
      const message = `the input ends within ${what}: ${size} bytes wanted, ${this.remaining} left`;
      throw refusal('EOF', { operation, path: '', origin: `offset ${this.#position}` }, message);
    }
    this.#position += size;
    return this.#bytes.subarray(this.#position - size, this.#position);
  }

  readUint8(what: string, operation: string): number {
    return this.read(1, what, operation)[0] as number;
  }

  readUint32(what: string, operation: string): number {
    const bytes = this.read(4, what, operation);
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
  }

  /** Overwrites the copy of the input. */
  wipe(): void {
    wipe(this.#bytes);
    this.#position = this.#bytes.byteLength;
  }
}

export type { RestoreContext, StoreContext };
