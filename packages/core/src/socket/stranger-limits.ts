/**
 * The queue of a peer on a transport, which nobody has authenticated.
 */

import type { QueueLimits } from '../contract/configuration.ts';

/** Peers on udp are not authenticated: until they are accepted they get little room. */
export function strangerLimits({
  messages = Number.POSITIVE_INFINITY,
  bytes = Number.POSITIVE_INFINITY,
}: QueueLimits = {}): QueueLimits {
  return { messages: Math.min(messages, STRANGER_MESSAGES), bytes: Math.min(bytes, STRANGER_BYTES) };
}

const STRANGER_MESSAGES = 64;
const STRANGER_BYTES = 65_536;
