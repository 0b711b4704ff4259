/**
 * Records of one association in both directions: epoch 0 in the clear for the handshake, epoch 1 protected. It numbers
 * what goes out and refuses what was seen, is too old or is not authentic. There is no third epoch: no renegotiation.
 */

import type { Ciphersuite } from './ciphersuite.ts';
import type { DirectionKeys, DtlsRecord } from './record.ts';
import {
  emptyRecord,
  LARGEST_FRAGMENT,
  LAST_SEQUENCE,
  openRecord,
  overhead,
  RECORD_HEADER,
  sealRecord,
} from './record.ts';
import { ReplayWindow } from './replay-window.ts';

export interface TrafficKeys {
  readonly write: DirectionKeys;
  readonly read: DirectionKeys;
}

/** Why a protected record was refused. */
export type RecordRefusal = 'replayed' | 'badRecordMac' | 'recordOverflow';

export class RecordLayer {
  /** Next sequence number to send, by epoch. */
  readonly #next: [number, number];
  readonly #window = new ReplayWindow();
  #suite: Ciphersuite | undefined;
  #keys: TrafficKeys | undefined;

  constructor(firstSequence = 0) {
    this.#next = [firstSequence, 0];
  }

  /** From now on epoch 1 can be written and read. */
  protect(suite: Ciphersuite, keys: TrafficKeys): void {
    this.#suite = suite;
    this.#keys = keys;
  }

  get isProtected(): boolean {
    return this.#keys !== undefined;
  }

  /** Whether the protected epoch has no numbers left; the last one is kept for an alert. */
  get isExhausted(): boolean {
    return this.#next[1] >= LAST_SEQUENCE;
  }

  /** Bytes that a record of `epoch` has beside its payload. */
  overhead(epoch: 0 | 1): number {
    return epoch === 1 && this.#suite !== undefined ? overhead(this.#suite) : RECORD_HEADER;
  }

  /** One record, ready for the wire. */
  write(type: number, epoch: 0 | 1, payload: Uint8Array): Uint8Array {
    const sequence = this.#next[epoch]++;
    if (epoch === 1) {
      if (this.#suite === undefined || this.#keys === undefined) throw new Error('epoch 1 has no keys yet');
      return sealRecord(this.#suite, this.#keys.write, { type, epoch, sequence }, payload);
    }
    const record = emptyRecord(type, epoch, sequence, payload.length);
    record.set(payload, RECORD_HEADER);
    return record;
  }

  /** The payload of a record of epoch 1, or why it is refused. */
  read(record: DtlsRecord): Uint8Array | RecordRefusal {
    if (this.#suite === undefined || this.#keys === undefined) return 'badRecordMac';
    if (!this.#window.isFresh(record.sequence)) return 'replayed';
    const payload = openRecord(this.#suite, this.#keys.read, record);
    if (payload === undefined) return 'badRecordMac';
    if (payload.length > LARGEST_FRAGMENT) return 'recordOverflow';
    this.#window.accept(record.sequence);
    return payload;
  }

  destroy(): void {
    for (const { key, iv } of this.#keys === undefined ? [] : [this.#keys.write, this.#keys.read]) {
      key.fill(0);
      iv.fill(0);
    }
    this.#keys = undefined;
  }
}
