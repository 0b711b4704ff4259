/**
 * How large a message may be and how many may be sent: limits of the record (RFC 5246 §6.2.1, RFC 6347 §4.1), of the
 * datagram, and of what the library counts with.
 */

import { type EngineErrorInit, findCiphersuite, maxPayload } from '@avs-net/core/plugin';

/** Bytes. The library encrypts more without a word, and the server discards it. */
export const LARGEST_MESSAGE = 16_384;

/** The library writes record numbers with 32 bits where it computes a MAC, and keys are not made for more anyway. */
export const LAST_RECORD: number = 2 ** 32 - 1;

/** Largest message whose datagram has at most `lowerLimit` bytes whichever of `ciphersuites` protects it. */
export function largestMessage(ciphersuites: readonly number[], lowerLimit: number): number {
  const sizes = ciphersuites.map((id) => maxPayload(findCiphersuite(id)!.protection, lowerLimit));
  return Math.min(LARGEST_MESSAGE, ...sizes);
}

/** Why a message cannot be sent; `lastRecord` is the number of the last record that was. */
export function unsendable(length: number, lastRecord: number): EngineErrorInit | undefined {
  if (length > LARGEST_MESSAGE) {
    const message = `a message of ${length} bytes is longer than a DTLS record, which holds ${LARGEST_MESSAGE}`;
    return { code: 'EMSGSIZE', message };
  }
  // One is left for close_notify.
  if (lastRecord < LAST_RECORD - 1) return undefined;
  return { code: 'EOVERFLOW', message: `the keys are used up after ${LAST_RECORD} records: close and connect again` };
}
