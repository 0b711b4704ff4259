/**
 * What a native call reports: frames of one byte of kind, one of zero, two of length (little endian) and a payload, in
 * an arena that is lent for the call. Mirrors native/frames.h.
 */

import type { Refusal } from '@avs-net/dtls-endpoint';

export const FrameKind = {
  datagram: 1,
  message: 2,
  /** Level, description, 0 the peer's or 1 ours. */
  alert: 3,
  established: 4,
  closed: 5,
  /** Attempt and wait in milliseconds. */
  flight: 6,
  /** Milliseconds until the retransmission timer expires, or `NO_TIMER`. */
  timer: 7,
  /** `FailureKind`, last handshake message sent and received, X509_V_ERR_…, library code, library text. */
  failed: 8,
  /** A datagram for the peer that did not fit. */
  lost: 9,
  /** A line of a key log: secret. */
  keyLog: 10,
  /** The PSK identity whose session a client wants to resume. */
  sessionClaim: 11,
  /** The name that a client asks for, as it was sent. */
  serverName: 12,
  /** Client, behind `established`: what can be resumed later: secret. */
  session: 13,
  /** An index of `DROP_REASONS`. */
  dropped: 14,
} as const;

export const FailureKind = { protocol: 0, timeout: 1, end: 2, exhausted: 3 } as const;

/** `DropReason` of native/frames.h: why a protected record had no effect. */
export const DROP_REASONS: readonly Refusal[] = [
  'malformedRecord',
  'wrongEpoch',
  'foreignId',
  'replayed',
  'forged',
  'earlyRecord',
  'unexpectedRecord',
  'renegotiation',
  'repeatedFlight',
];

export const FRAME_HEADER = 4;

export const NO_TIMER = 0xffffffff;

/** Handshake message that stands for none. */
export const NO_MESSAGE = 255;

export function readUint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

/** Memory for the frames of one call; the next borrower overwrites it. */
export function borrowArena(): Uint8Array {
  const arena = spare ?? new Uint8Array(ARENA_SIZE);
  spare = undefined;
  return arena;
}

export function returnArena(arena: Uint8Array): void {
  spare = arena;
}

/** One per thread; a second is made only when calls are nested. */
let spare: Uint8Array | undefined;

/** `kMinArena` of native/frames.h, twice. */
const ARENA_SIZE = 256 * 1024;
