/**
 * How long a flight waits for its answer before it is sent again (RFC 6347 §4.2.4.1), with the bounds of
 * `avs_net_dtls_handshake_timeouts_t`: starts at `min`, doubles, is capped at `max`, and fails after a wait of `max`.
 * Pure; who sends and who waits is the engine's business.
 */

import type { HandshakeTimeouts } from './options.ts';

/** The wait after `previous` in milliseconds, undefined: give up. Without `previous`: the first wait. */
export function nextWait(previous: number | undefined, { min, max }: HandshakeTimeouts): number | undefined {
  if (previous === undefined) return Math.min(min, max);
  return previous >= max ? undefined : Math.min(previous * 2, max);
}

/** Every wait of a handshake that nobody answers, milliseconds. `min` is above 0. */
export function waitSchedule(timeouts: HandshakeTimeouts): readonly number[] {
  const waits: number[] = [];
  for (let wait = nextWait(undefined, timeouts); wait !== undefined; wait = nextWait(wait, timeouts)) waits.push(wait);
  return waits;
}
