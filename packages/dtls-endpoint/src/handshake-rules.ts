/**
 * What may pass while a handshake runs: handshake and change_cipher_spec in the clear within `HandshakeLimits`, and a
 * few protected records ahead of their turn, since datagrams overtake each other (CVE-2009-1377, CVE-2026-54874).
 * Alerts in the clear are `plaintext-alert.ts`.
 */

import type { Association } from '@avs-net/core/plugin';
import { fragment, readFragment } from './handshake-fragment.ts';
import type { HandshakeLimits } from './handshake-limits.ts';
import { isVersion, type ProtectedRules, UNKNOWN_SUITE } from './protected-rules.ts';
import { ContentType, type RecordHeader } from './record.ts';
import type { Refusal } from './refusal.ts';

export class HandshakeRules {
  readonly #limits: HandshakeLimits;
  readonly #protected: ProtectedRules;
  /** Finished, and data that overtook it, each have an allowance, so that neither can use up the other's. */
  #earlyHandshake = 0;
  #earlyOther = 0;
  #earlyBytes = 0;
  /** Since the beginning: no wait makes an engine forget them. */
  #earlyRecords = 0;
  #changeCipherSpecs = 0;
  #datagramIsProtected = false;

  readonly #ownId: Uint8Array | undefined;

  /** `ownId`: what the peer is asked to put on its records. */
  constructor(limits: HandshakeLimits, protectedRules: ProtectedRules, ownId?: Uint8Array) {
    this.#ownId = ownId;
    this.#limits = limits;
    this.#protected = protectedRules;
  }

  /** A new datagram. */
  begin(): void {
    this.#datagramIsProtected = false;
  }

  /** A wait for the peer is over, which renews every allowance; the number of waits is bounded by the schedule. */
  renew(): void {
    this.#limits.renew();
    this.#earlyHandshake = 0;
    this.#earlyOther = 0;
    this.#earlyBytes = 0;
    this.#changeCipherSpecs = 0;
  }

  /** Bytes that the engine may keep of what has passed. A self-bounded engine reckons its own. */
  get keptBytes(): number {
    const { rationed, announcedBytes } = this.#limits;
    return rationed ? announcedBytes + Math.min(this.#earlyRecords, ENGINE_QUEUE) * EARLY_RECORD_KEPT : 0;
  }

  /** Judges one record; `engine` is asked what is negotiated when a protected one comes. */
  judge(bytes: Uint8Array, record: RecordHeader, engine: Association): Refusal | undefined {
    if (!isVersion(record.version)) return 'wrongVersion';
    if (record.epoch !== 0) return this.#judgeEarly(bytes, record, engine);
    // No sender puts plaintext behind protected records; an engine may be established by what is in front of it.
    if (this.#datagramIsProtected) return 'wrongEpoch';
    if (record.length > LONGEST_PLAINTEXT) return 'recordTooLong';
    switch (record.type) {
      case ContentType.handshake:
        return this.#judgeHandshake(bytes, record);
      case ContentType.changeCipherSpec:
        if (record.length !== 1 || bytes[record.start] !== 1) return 'malformedChangeCipherSpec';
        if (this.#limits.rationed && this.#changeCipherSpecs >= EARLY_RECORDS) return 'malformedChangeCipherSpec';
        this.#changeCipherSpecs += 1;
        return undefined;
      case ContentType.applicationData:
        return 'plaintext';
      default:
        return 'unknownType';
    }
  }

  #judgeEarly(bytes: Uint8Array, record: RecordHeader, engine: Association): Refusal | undefined {
    const isHandshake = mayBeFinished(record);
    if (this.#limits.rationed && this.#isUsedUp(record)) return 'earlyRecord';
    // A Finished and its protection; a fragment of it is shorter still.
    if (record.type === ContentType.handshake && !isHandshake) return 'earlyRecord';
    this.#protected.learn(engine.info(), UNKNOWN_SUITE, this.#ownId);
    const refusal = this.#protected.judge(bytes, record);
    if (refusal !== undefined) return refusal;
    this.#datagramIsProtected = true;
    this.#earlyRecords += 1;
    if (isHandshake) this.#earlyHandshake += 1;
    else this.#earlyOther += 1;
    if (!isHandshake) this.#earlyBytes += record.length;
    return undefined;
  }

  #isUsedUp(record: RecordHeader): boolean {
    if (mayBeFinished(record)) return this.#earlyHandshake >= EARLY_RECORDS;
    return this.#earlyOther >= EARLY_RECORDS || this.#earlyBytes + record.length > EARLY_BYTES;
  }

  /** A record may hold several messages or fragments; one bad makes the rest unreadable. */
  #judgeHandshake(bytes: Uint8Array, record: RecordHeader): Refusal | undefined {
    if (record.length === 0) return 'malformedFragment';
    let at = record.start;
    while (at < record.end) {
      const refusal = readFragment(bytes, at, record.end, part) ?? this.#limits.admit(part);
      if (refusal !== undefined) return refusal;
      at = part.end;
    }
    return undefined;
  }
}

/** A record with an id hides its type, but not that it is too long. */
function mayBeFinished({ type, length }: RecordHeader): boolean {
  return (type === ContentType.handshake || type === ContentType.tls12Cid) && length <= LONGEST_FINISHED;
}

const part = fragment();
const LONGEST_PLAINTEXT = 2 ** 14;
const EARLY_RECORDS = 8;
const EARLY_BYTES = 4_096;
const LONGEST_FINISHED = 256;
/** OpenSSL keeps a full read buffer with each record of a later epoch, and a hundred of them (CVE-2026-54874). */
const EARLY_RECORD_KEPT = 17_408;
const ENGINE_QUEUE = 100;
