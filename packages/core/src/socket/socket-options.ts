/**
 * Options by the table in options.ts (avs reference section 2): who answers, who may write.
 * Settable from creation on. An option that nobody below claims is ENOTSUP and names the claim.
 */

import { toNetError } from '../contract/error.ts';
import { OPTIONS, type OptionKey, type OptionValues } from '../contract/options.ts';
import { optionValue } from './option-value.ts';
import { invalid } from './socket-arguments.ts';
import type { SocketGuard } from './socket-guard.ts';

export function readOption<K extends OptionKey>(guard: SocketGuard, key: K): OptionValues[K] {
  checkKey(guard, 'getOption', key);
  if (!OPTIONS[key].readable) throw guard.error('EINVAL', 'getOption', `option "${key}" can only be written`);
  const reader = readers[key] as Reader<K> | undefined;
  const value = reader?.(guard);
  if (value !== undefined) return value;
  const { operations } = guard;
  if (!answered(guard, key, 'readable') || operations.getOption === undefined) {
    throw unclaimed(guard, 'getOption', key, 'readable');
  }
  return within(guard, 'getOption', () => operations.getOption?.(key) as OptionValues[K]);
}

export function writeOption<K extends OptionKey>(guard: SocketGuard, key: K, value: OptionValues[K]): void {
  checkKey(guard, 'setOption', key);
  if (!OPTIONS[key].writable) throw guard.error('EINVAL', 'setOption', `option "${key}" can only be read`);
  const checked = optionValue(guard, key, value);
  if (key === 'recvTimeout') {
    guard.recvTimeout = checked as number;
    return;
  }
  const { operations } = guard;
  if (!answered(guard, key, 'writable') || operations.setOption === undefined) {
    throw unclaimed(guard, 'setOption', key, 'writable');
  }
  within(guard, 'setOption', () => operations.setOption?.(key, checked));
}

/** Errors of the operations belong to this call, even while another one is under way. */
function within<T>(guard: SocketGuard, operation: string, call: () => T): T {
  guard.calling = operation;
  try {
    return call();
  } catch (error) {
    throw toNetError(error, operation, guard.init.backend);
  } finally {
    guard.calling = undefined;
  }
}

/** Known, and meant for this type of socket. */
function checkKey(guard: SocketGuard, operation: string, key: unknown): void {
  if (typeof key !== 'string' || !Object.hasOwn(OPTIONS, key)) {
    throw invalid(guard, operation, 'option', `must be one of ${Object.keys(OPTIONS).join(', ')}`, key);
  }
  const { type } = guard.init;
  const wanted = key === 'dtlsHandshakeTimeouts' ? 'dtls' : 'dtls and tls';
  if (OPTIONS[key as OptionKey].layer !== 'secure' || wanted.split(' and ').includes(type)) return;
  throw guard.error('EINVAL', operation, `option "${key}" is for ${wanted} sockets, this is a ${type} socket`);
}

/** Whether the operations may be asked. What the lowest socket knows is claimed there, not by the layers above it. */
function answered(guard: SocketGuard, key: OptionKey, access: 'readable' | 'writable'): boolean {
  if (guard.secure && OPTIONS[key].layer === 'lowest') return true;
  return guard.init.claims.options?.[access].includes(key) ?? false;
}

function unclaimed(guard: SocketGuard, operation: string, key: OptionKey, access: 'readable' | 'writable') {
  const { type } = guard.init;
  return guard.error(
    'ENOTSUP',
    operation,
    `option "${key}" is not offered by this ${type} backend: its claims lack options.${access} "${key}"`,
  );
}

function resumed(guard: SocketGuard, key: OptionKey): false | undefined {
  const { state } = guard;
  return (state === 'connected' || state === 'accepted') && answered(guard, key, 'readable') ? undefined : false;
}

type Reader<K extends OptionKey> = (guard: SocketGuard) => OptionValues[K] | undefined;

/** What the guard knows itself; undefined: ask the operations. */
const readers: { readonly [K in OptionKey]?: Reader<K> } = {
  recvTimeout: (guard) => guard.recvTimeout,
  state: (guard) => guard.state,
  bytesSent: (guard) => (guard.secure ? undefined : guard.counters.bytesSent),
  bytesReceived: (guard) => (guard.secure ? undefined : guard.counters.bytesReceived),
  hasBufferedData: (guard) =>
    guard.reception.size > 0 || (answered(guard, 'hasBufferedData', 'readable') ? undefined : false),
  // Never stale, never true on a fresh socket: a backend that cannot resume has not resumed.
  sessionResumed: (guard) => resumed(guard, 'sessionResumed'),
  connectionIdResumed: (guard) => resumed(guard, 'connectionIdResumed'),
};
