/**
 * Exported keying material (RFC 5705) of a socket: checks what is asked for before an engine hears of it.
 */

import { isUint8Array } from 'node:util/types';
import { toNetError } from '../contract/error.ts';
import { invalid } from './socket-arguments.ts';
import type { SocketGuard } from './socket-guard.ts';

/** EINVAL, ENOTCONN without an association, ENOTSUP where the backend does not claim it. */
export function exportKeyingMaterial(
  guard: SocketGuard,
  label: string,
  length: number,
  context?: Uint8Array,
): Uint8Array {
  const { operations, state, init } = guard;
  if (typeof label !== 'string' || !/^[\x20-\x7e]{1,249}$/.test(label)) {
    throw invalid(guard, OPERATION, 'label', 'must be a text of 1 to 249 ASCII characters', label);
  }
  if (!Number.isInteger(length) || length < 1 || length > LONGEST) {
    throw invalid(guard, OPERATION, 'length', `must be an integer from 1 to ${LONGEST}`, length);
  }
  if (context !== undefined && (!isUint8Array(context) || context.length > LONGEST_CONTEXT)) {
    throw invalid(guard, OPERATION, 'context', `must be a Uint8Array of at most ${LONGEST_CONTEXT} bytes`, context);
  }
  const claims = state === 'accepted' ? init.claims.server : init.claims.client;
  if (claims?.exporter !== true || operations.exportKeyingMaterial === undefined) {
    throw guard.unclaimed(OPERATION, 'exporter');
  }
  let bytes: Uint8Array | undefined;
  try {
    bytes = operations.exportKeyingMaterial(label, length, context);
  } catch (error) {
    throw toNetError(error, OPERATION, init.backend);
  }
  if (bytes === undefined) throw guard.error('ENOTCONN', OPERATION, 'there is no association: connect() first');
  return bytes;
}

const OPERATION = 'exportKeyingMaterial';
const LONGEST = 16_384;
/** RFC 5705 §4: its length travels in two bytes. */
const LONGEST_CONTEXT = 65_535;
