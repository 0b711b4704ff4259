/**
 * Datagrams that anybody can forge at an established DTLS 1.2 association, from the address of its peer, as data: what
 * interop-proven stacks survive and others do not. None of them may end it, stall it, or come out as a message.
 */

import { fragmentOf, handshake, join, record } from './dtls-records.ts';

/** What an attacker on the path has seen so far, and a repeatable source of noise. */
export interface Seen {
  /** The last protected record in the direction of the attack. */
  readonly protectedRecord: Uint8Array;
  /** The first datagram in that direction. */
  readonly first: Uint8Array;
  noise(length: number): Uint8Array;
}

export interface Attack {
  readonly name: string;
  readonly datagrams: (seen: Seen) => readonly Uint8Array[];
  /**
   * How it is refused before the engine of an established association with an AEAD suite: a reason for each, or `keys`
   * where only authentication can tell, or `any` where it depends on the noise.
   */
  readonly refused: string;
}

export const ATTACKS: readonly Attack[] = [
  ...['application data', 'alert', 'handshake'].map((what, index) => ({
    name: `a protected ${what} record shorter than its nonce and tag`,
    datagrams: (seen: Seen) => [next(seen, [23, 21, 22][index]!, new Uint8Array(index === 2 ? 2 : 1))],
    refused: 'recordTooShort',
  })),
  one('a protected record of no bytes', 'recordTooShort', (seen) => next(seen, 23, new Uint8Array(0))),
  one('a record with a broken tag', 'keys', (seen) => altered(seen, 1, 1)),
  {
    name: 'a flood of records with broken tags',
    datagrams: (seen) => Array.from({ length: 64 }, (_, index) => altered(seen, 1 + index, 1 + index)),
    refused: 'keys',
  },
  one('a forged record at the end of the sequence numbers', 'keys', (seen) => moved(seen, 0xfffffffffff0)),
  { name: 'a replayed record', datagrams: (seen) => [seen.protectedRecord, seen.protectedRecord], refused: 'keys' },
  one('a fatal alert in the clear', 'plaintext', () => plain(21, Uint8Array.of(2, 40))),
  one('a close_notify in the clear', 'plaintext', () => plain(21, Uint8Array.of(1, 0))),
  one('application data in the clear', 'plaintext', () => plain(23, new TextEncoder().encode('forged'))),
  one('a change_cipher_spec in the clear', 'plaintext', () => plain(20, Uint8Array.of(1))),
  one('a Finished in the clear', 'plaintext', (seen) =>
    plain(22, fragmentOf({ type: 20, messageSeq: 9, body: seen.noise(12) })),
  ),
  one('a HelloRequest in the clear', 'plaintext', () => plain(22, fragmentOf({ type: 0 }))),
  one('a HelloVerifyRequest in the clear', 'plaintext', (seen) =>
    plain(22, fragmentOf({ type: 3, body: join(Uint8Array.of(0xfe, 0xfd, 20), seen.noise(20)) })),
  ),
  one('the first datagram again', 'plaintext', (seen) => seen.first),
  one('a record of the next epoch', 'wrongEpoch', (seen) => later(seen, 23, 1, 40)),
  {
    name: 'a flood of records of the next epoch',
    datagrams: (seen) => Array.from({ length: 300 }, (_, index) => later(seen, 23, index, 1_000)),
    refused: 'wrongEpoch',
  },
  {
    name: 'first fragments of many long certificates',
    datagrams: (seen) =>
      Array.from({ length: 16 }, (_, index) =>
        handshake(
          { type: 11, total: 0x3fff, messageSeq: 9 + index, offset: 100, body: seen.noise(8) },
          { sequence: 20 + index },
        ),
      ),
    refused: 'plaintext',
  },
  one('a record of TLS 1.2', 'wrongVersion', (seen) => {
    const bytes = moved(seen, sequenceOf(seen) + 1);
    bytes.set([3, 3], 1);
    return bytes;
  }),
  one('an unknown content type', 'unknownType', (seen) => next(seen, 99, seen.noise(40))),
  one('the content type of a connection id', 'unexpectedId', (seen) => next(seen, 25, seen.noise(40))),
  one('a record cut off', 'truncatedRecord', (seen) => seen.protectedRecord.slice(0, 20)),
  one('a length beyond the datagram and every limit', 'truncatedRecord', (seen) =>
    record({ type: 23, epoch: 1, sequence: sequenceOf(seen) + 1, length: 0x4801, body: seen.noise(30) }),
  ),
  one('half a record header', 'truncatedHeader', () => Uint8Array.of(23, 0xfe, 0xfd, 0, 1, 0)),
  one('an empty datagram', 'emptyDatagram', () => new Uint8Array(0)),
  {
    name: 'noise of every length',
    datagrams: (seen) => Array.from({ length: 50 }, (_, index) => seen.noise(1 + ((index * 24) % 1_200))),
    refused: 'any',
  },
  one('the largest record', 'keys', (seen) => next(seen, 23, seen.noise(16_384 + 256))),
  {
    name: 'sixty short records in one datagram',
    datagrams: (seen) => [
      join(
        ...Array.from({ length: 60 }, (_, index) =>
          record({ type: 23, epoch: 1, sequence: sequenceOf(seen) + 1 + index, body: seen.noise(10) }),
        ),
      ),
    ],
    refused: 'recordTooShort',
  },
  one('a unified header of DTLS 1.3', 'any', (seen) => join(Uint8Array.of(0x2f, 0, 1, 0, 32), seen.noise(32))),
  one('a STUN binding request', 'any', (seen) =>
    join(Uint8Array.of(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42), seen.noise(12)),
  ),
];

/** More of the kind, that single stacks were found to obey. */
export const FURTHER_ATTACKS: readonly Attack[] = [
  one('a fatal alert of the next epoch', 'wrongEpoch', () =>
    record({ type: 21, epoch: 2, sequence: 1, body: Uint8Array.of(2, 40) }),
  ),
  one('a change_cipher_spec of the next epoch', 'wrongEpoch', () =>
    record({ type: 20, epoch: 2, sequence: 1, body: Uint8Array.of(1) }),
  ),
  one('a change_cipher_spec of the current epoch', 'unknownType', (seen) => next(seen, 20, seen.noise(17))),
  one('plaintext far ahead in the sequence numbers', 'plaintext', () =>
    record({ type: 22, sequence: 0xfffffffffff0, body: fragmentOf({ type: 14, messageSeq: 3 }) }),
  ),
  one('a record beyond 2^14 + 2048 bytes', 'recordTooLong', (seen) => next(seen, 23, seen.noise(16_384 + 2_049))),
];

function one(name: string, refused: string, datagram: (seen: Seen) => Uint8Array): Attack {
  return { name, refused, datagrams: (seen) => [datagram(seen)] };
}

function next(seen: Seen, type: number, body: Uint8Array): Uint8Array {
  return record({ type, epoch: 1, sequence: sequenceOf(seen) + 1, body });
}

function later(seen: Seen, type: number, sequence: number, size: number): Uint8Array {
  return record({ type, epoch: 2, sequence, body: seen.noise(size) });
}

function plain(type: number, body: Uint8Array): Uint8Array {
  return record({ type, sequence: 9, body });
}

/** The record that was seen, under another sequence number. */
function moved(seen: Seen, sequence: number): Uint8Array {
  const bytes = Buffer.from(seen.protectedRecord);
  bytes.writeUIntBE(sequence, 5, 6);
  return new Uint8Array(bytes);
}

function altered(seen: Seen, ahead: number, bits: number): Uint8Array {
  const bytes = moved(seen, sequenceOf(seen) + ahead);
  bytes[bytes.length - 1]! ^= bits;
  return bytes;
}

function sequenceOf({ protectedRecord }: Seen): number {
  return Buffer.from(protectedRecord).readUIntBE(5, 6);
}
