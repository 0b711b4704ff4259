/**
 * What can be said of a protected record without its keys: epoch, version, type, connection id, and the shortest length
 * that its protection leaves (RFC 6347 §4.1, RFC 5246 §6.2.3, RFC 9146 §4). OpenSSL before 3.0.23 ends an association
 * over a record that is shorter (CVE-2026-75806), whatever it stands on must not see one.
 */

import { type AssociationInfo, type Ciphersuite, findCiphersuite, type Protection } from '@avs-net/core/plugin';
import { ContentType, DTLS_1_0, DTLS_1_2, type RecordHeader } from './record.ts';
import type { Refusal } from './refusal.ts';

/** Without renegotiation, which is off in both roles, there is no other. */
export const PROTECTED_EPOCH = 1;

export class ProtectedRules {
  #version: number | undefined;
  #minima: Minima = UNKNOWN_SUITE;
  /** The id that every record of the peer bears; undefined: none does. */
  #id: Uint8Array | undefined;
  /** The id that it may bear as long as nothing is known: the hello that tells may be in the same datagram. */
  #offered: Uint8Array | undefined;

  /** Takes over what is negotiated, as far as the engine tells; `offered`: the own id while that is open. */
  learn(info: AssociationInfo, unknown: Minima, offered?: Uint8Array): void {
    const suite = info.ciphersuite === undefined ? undefined : findCiphersuite(info.ciphersuite.id);
    this.#minima = suite === undefined ? unknown : minimaOf(suite);
    if (info.version === 'DTLSv1.2') this.#version = DTLS_1_2;
    if (info.version === 'DTLSv1.0') this.#version = DTLS_1_0;
    const own = info.connectionId?.own;
    this.#id = own === undefined || own.length === 0 ? undefined : own;
    this.#offered = own === undefined && offered?.length !== 0 ? offered : undefined;
  }

  /** Judges a record of a later epoch than 0. */
  judge(bytes: Uint8Array, record: RecordHeader): Refusal | undefined {
    if (this.#version === undefined ? !isVersion(record.version) : record.version !== this.#version) {
      return 'wrongVersion';
    }
    if (record.epoch !== PROTECTED_EPOCH) return 'wrongEpoch';
    const misplaced = this.#judgeId(bytes, record);
    if (misplaced !== undefined) return misplaced;
    const shortest = this.#shortest(record.type);
    if (shortest === undefined) return 'unknownType';
    if (record.length < shortest) return 'recordTooShort';
    return record.length > LONGEST ? 'recordTooLong' : undefined;
  }

  #judgeId(bytes: Uint8Array, { type, start }: RecordHeader): Refusal | undefined {
    if (type !== ContentType.tls12Cid) return this.#id === undefined ? undefined : 'missingId';
    const id = this.#id ?? this.#offered;
    if (id === undefined) return 'unexpectedId';
    const idAt = start - LENGTH - id.length;
    for (let index = 0; index < id.length; index++) if (bytes[idAt + index] !== id[index]) return 'foreignId';
    return undefined;
  }

  #shortest(type: number): number | undefined {
    switch (type) {
      case ContentType.applicationData:
        return this.#minima.applicationData;
      case ContentType.tls12Cid:
        // Of empty application data: the type that it hides.
        return this.#minima.applicationData + 1;
      case ContentType.handshake:
        return this.#minima.handshake;
      case ContentType.alert:
        return this.#minima.alert;
      default:
        return undefined;
    }
  }
}

/** Shortest fragment by content type, bytes. */
export interface Minima {
  readonly applicationData: number;
  readonly handshake: number;
  readonly alert: number;
}

export function isVersion(version: number): boolean {
  return version === DTLS_1_2 || version === DTLS_1_0;
}

/** One object for all peers with that suite. */
function minimaOf({ id, protection }: Ciphersuite): Minima {
  const known = MINIMA.get(id);
  if (known !== undefined) return known;
  const minima = minimaUnder(protection);
  MINIMA.set(id, minima);
  return minima;
}

/** A CBC suite pads, so that the content makes no difference to the shortest record. */
function minimaUnder(protection: Protection): Minima {
  if (protection.kind === 'aead') {
    const overhead = protection.explicitNonce + protection.tag;
    return { applicationData: overhead, handshake: overhead + HANDSHAKE, alert: overhead + ALERT };
  }
  const { block, mac } = protection;
  // One IV; then MAC and padding in whole blocks, or with encrypt-then-MAC (RFC 7366) one block and the MAC behind it.
  const shortest = block + Math.min(Math.ceil((mac + 1) / block) * block, block + mac);
  return { applicationData: shortest, handshake: shortest, alert: shortest };
}

const MINIMA = new Map<number, Minima>();
/** Bytes of the length field, between id and fragment. */
const LENGTH = 2;
const LONGEST = 2 ** 14 + 2_048;
/** A handshake header; nothing is said of fragments. */
const HANDSHAKE = 12;
const ALERT = 2;

/**
 * During a handshake, while the suite is not known: no record that any known suite could choke on. What this refuses
 * by mistake is at most an early record of a suite with a small tag, which would have come out of order.
 */
export const UNKNOWN_SUITE: Minima = { applicationData: 24, handshake: 28, alert: 26 };
/** Established by an engine that does not name its suite: the least that any known suite adds. */
export const UNNAMED_SUITE: Minima = { applicationData: 16, handshake: 28, alert: 18 };
