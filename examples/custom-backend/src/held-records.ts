/**
 * Records that came before their time: protected ones before the keys, and everything while a key is being looked up.
 * Nobody has authenticated them yet, so there are only a few of them; the rest comes again by retransmission.
 */

import type { DtlsRecord } from './record.ts';

export class HeldRecords {
  #records: Uint8Array[] = [];
  #bytes = 0;

  /** Keeps a copy; false: no room. */
  hold({ bytes }: DtlsRecord): boolean {
    if (this.#records.length >= MOST_RECORDS || this.#bytes + bytes.length > MOST_BYTES) return false;
    this.#records.push(bytes.slice());
    this.#bytes += bytes.length;
    return true;
  }

  /** Takes them out, oldest first. */
  release(): readonly Uint8Array[] {
    const records = this.#records;
    this.#records = [];
    this.#bytes = 0;
    return records;
  }
}

const MOST_RECORDS = 8;
const MOST_BYTES = 4_096;
