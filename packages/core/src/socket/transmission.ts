/**
 * The way out: `send` and `sendTo`. A message that is taken at once costs neither a closure nor a promise.
 */

import { isIP } from 'node:net';
import type { Address } from '../contract/address.ts';
import { type NetError, toNetError } from '../contract/error.ts';
import { checkHost, checkPort, invalid, messageError } from './socket-arguments.ts';
import type { SocketGuard } from './socket-guard.ts';
import { possessionError, sendError } from './socket-refusal.ts';

export function transmit(guard: SocketGuard, data: Uint8Array): Promise<void> {
  const { operations } = guard;
  if (!guard.ready || guard.owner !== undefined || operations.send === undefined) {
    return Promise.reject(sendError(guard, 'send', 'caller'));
  }
  const wrong = messageError(guard, 'send', data);
  if (wrong !== undefined) return Promise.reject(wrong);
  guard.calling = 'send';
  try {
    const taken = operations.send(data);
    if (taken !== undefined) return confirm(guard, 'send', taken, data.length);
  } catch (error) {
    return Promise.reject(toNetError(error, 'send', guard.init.backend));
  } finally {
    guard.calling = undefined;
  }
  guard.counters.messagesSent++;
  guard.counters.bytesSent += data.length;
  return TAKEN;
}

/** Host names are resolved by the transport. */
export async function transmitTo(guard: SocketGuard, data: Uint8Array, host: string, port: number): Promise<void> {
  const wrong = addressedError(guard, data, host, port);
  if (wrong !== undefined) throw wrong;
  const { operations } = guard;
  const { backend } = guard.init;
  try {
    const to = isIP(host) === 0 ? await resolve(guard, host, port) : { host, port };
    // The socket may have been closed while the name was resolved.
    const late = addressedError(guard, data, host, port);
    if (late !== undefined) throw late;
    const { length } = data;
    guard.calling = 'sendTo';
    const taken = operations.sendTo?.(data, to);
    guard.calling = undefined;
    await confirm(guard, 'sendTo', taken, length);
  } catch (error) {
    guard.calling = undefined;
    throw toNetError(error, 'sendTo', backend);
  }
}

async function resolve(guard: SocketGuard, host: string, port: number): Promise<Address> {
  const { operations } = guard;
  if (operations.resolve !== undefined) return operations.resolve(host, port);
  throw invalid(guard, 'sendTo', 'host', 'must be an IP literal, because this backend resolves no names', host);
}

function addressedError(guard: SocketGuard, data: Uint8Array, host: string, port: number): NetError | undefined {
  const possession = possessionError(guard, 'sendTo');
  if (possession !== undefined) return possession;
  if (guard.operations.sendTo === undefined) return guard.unclaimed('sendTo', 'sendTo');
  if (guard.failure !== undefined || (!guard.ready && guard.state !== 'bound'))
    return sendError(guard, 'sendTo', 'caller');
  checkHost(guard, 'sendTo', host);
  checkPort(guard, 'sendTo', port, 1);
  return messageError(guard, 'sendTo', data);
}

async function confirm(
  guard: SocketGuard,
  operation: string,
  taken: void | Promise<void>,
  length: number,
): Promise<void> {
  try {
    await taken;
  } catch (error) {
    throw toNetError(error, operation, guard.init.backend);
  }
  guard.counters.messagesSent++;
  guard.counters.bytesSent += length;
}

/** What every `send` returns whose message was taken at once. */
const TAKEN: Promise<void> = Promise.resolve();
