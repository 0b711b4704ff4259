/**
 * Checks of what callers pass. A wrong argument is EINVAL, always a NetError, names the argument and what was received.
 * Bytes are never shown: they may be secret.
 */

import { isUint8Array } from 'node:util/types';
import type { NetError } from '../contract/error.ts';
import type { WaitOptions } from '../queue/deadline.ts';
import { EVENTS, isSocketEvent } from './socket-events.ts';

/** Who is called, to make the error. */
export interface Callee {
  error(code: string, operation: string, message: string): NetError;
}

export function checkHost(callee: Callee, operation: string, host: unknown): asserts host is string {
  const wrong = (wanted: string) => invalid(callee, operation, 'host', wanted, host);
  if (typeof host !== 'string') throw wrong('must be a string');
  if (host === '') throw wrong('must not be empty: give a name or an IP literal');
  if (host.includes('\0')) throw wrong('must not hold NUL characters');
  if (host.startsWith('[')) throw wrong('must be an IPv6 literal without brackets');
  if (host.length > LONGEST_HOST) throw wrong(`must have at most ${LONGEST_HOST} characters`);
}

/** `lowest` is 1 where port 0 would mean nothing. */
export function checkPort(callee: Callee, operation: string, port: unknown, lowest: 0 | 1): asserts port is number {
  if (typeof port === 'number' && Number.isInteger(port) && port >= lowest && port <= 65_535) return;
  throw invalid(callee, operation, 'port', `must be an integer from ${lowest} to 65535`, port);
}

/** EINVAL, or undefined if `data` can be sent. Not an assertion: this is called once per message. */
export function messageError(
  callee: Callee & { readonly largest: number; readonly secure: boolean },
  operation: string,
  data: Uint8Array,
): NetError | undefined {
  if (!(data instanceof Uint8Array) && !isUint8Array(data)) {
    return typeof data === 'string'
      ? textError(callee, operation, data)
      : invalid(callee, operation, 'data', BYTES, data);
  }
  const { length } = data;
  if (length === 0) {
    if (isDetached(data)) return callee.error('EINVAL', operation, 'data is detached: its buffer was transferred');
    return callee.secure
      ? callee.error('EINVAL', operation, 'data must not be empty: a secure socket cannot carry an empty message')
      : undefined;
  }
  if (length <= callee.largest) return undefined;
  const message = `data has ${length} bytes, but a message may have at most ${callee.largest}: send less at a time`;
  return callee.error('EMSGSIZE', operation, message);
}

export function checkWait(
  callee: Callee,
  operation: string,
  options: unknown,
): asserts options is WaitOptions | undefined {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null) {
    throw invalid(callee, operation, 'options', 'must be an object', options);
  }
  const { signal, timeout } = options as { signal?: unknown; timeout?: unknown };
  if (signal !== undefined && !isSignal(signal)) {
    throw invalid(callee, operation, 'signal', 'must be an AbortSignal', signal);
  }
  if (timeout !== undefined) checkDuration(callee, operation, 'timeout', timeout);
}

/** Milliseconds from 0 to `Infinity`. */
export function checkDuration(
  callee: Callee,
  operation: string,
  name: string,
  value: unknown,
): asserts value is number {
  if (typeof value === 'number' && value >= 0) return;
  throw invalid(callee, operation, name, 'must be milliseconds from 0 to Infinity', value);
}

export function checkListener(callee: Callee, operation: string, event: unknown, listener: unknown): void {
  if (!isSocketEvent(event)) {
    throw invalid(callee, operation, 'event', `must be one of ${EVENTS.join(', ')}`, event);
  }
  if (typeof listener !== 'function') throw invalid(callee, operation, 'listener', 'must be a function', listener);
}

/** What was to be sent is nobody's business. */
function textError(callee: Callee, operation: string, { length }: string): NetError {
  const message = `data ${BYTES}, received a string of ${length} characters: use Buffer.from(text)`;
  return callee.error('EINVAL', operation, message);
}

export function invalid(callee: Callee, operation: string, name: string, wanted: string, value: unknown): NetError {
  return callee.error('EINVAL', operation, `${name} ${wanted}, received ${received(value)}`);
}

/** What was received, without the content of anything that could be a secret. */
function received(value: unknown): string {
  if (typeof value === 'string')
    return value.length > LONGEST_SHOWN ? `a string of ${value.length} characters` : JSON.stringify(value);
  if (typeof value === 'object' && value !== null) {
    const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
    return typeof name === 'string' && name !== '' ? `an object (${name})` : 'an object';
  }
  if (typeof value === 'function') return 'a function';
  return typeof value === 'bigint' ? `${value}n` : String(value);
}

function isSignal(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'aborted' in value &&
    'addEventListener' in value &&
    'reason' in value
  );
}

function isDetached({ buffer }: Uint8Array): boolean {
  if (buffer.byteLength > 0) return false;
  try {
    // Node 20 has no `ArrayBuffer.detached`; a view on a detached buffer cannot be made.
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

const BYTES = 'must be a Uint8Array';

/** avs_net keeps 256 bytes for a host name, with its NUL. */
const LONGEST_HOST = 255;
const LONGEST_SHOWN = 40;
