/**
 * From a chosen backend and a checked configuration to a guarded socket: opens the backend's context, puts a secure
 * socket over engines, and says what has to be freed when the socket is disposed.
 */

import { chooseCiphersuites } from '../check/ciphersuite-choice.ts';
import type { TraceEvent } from '../contract/association.ts';
import type { Context, SocketHost } from '../contract/backend.ts';
import type { Claims } from '../contract/claims.ts';
import type { Clock } from '../contract/clock.ts';
import type { Configuration, SecureConfiguration, SocketType } from '../contract/configuration.ts';
import { NetError, toNetError } from '../contract/error.ts';
import { securityRole } from '../contract/security.ts';
import { abortable } from '../queue/abortable.ts';
import { withCoreOptions } from '../secure/secure-options.ts';
import { SecureSocket } from '../secure/secure-socket.ts';
import type { Chosen } from '../selection/backend-choice.ts';
import { Socket } from '../socket/socket.ts';
import type { GuardedOperations } from '../socket/socket-init.ts';
import { wipeSnapshot } from './configuration-snapshot.ts';

export interface SocketRequest {
  readonly type: SocketType;
  /** Belongs to the socket from now on: wiped when it is disposed, or when there will be none. */
  readonly snapshot: Configuration;
  readonly chosen: Chosen;
  readonly clock: Clock;
  readonly trace: ((event: TraceEvent) => void) | undefined;
  readonly makeLower: (signal: AbortSignal | undefined) => Promise<Socket>;
  readonly forget: (socket: Socket) => void;
  readonly admitted: (peer: Socket) => void;
}

export async function openSocket(
  request: SocketRequest,
  signal: AbortSignal | undefined,
  operation: string,
): Promise<Socket> {
  const { chosen, snapshot, type } = request;
  const configuration = type === 'dtls' || type === 'tls' ? effective(snapshot, chosen.claims) : snapshot;
  const opening = openContext(request, configuration, operation);
  try {
    return makeSocket(request, configuration, await abortable(opening, signal, operation));
  } catch (error) {
    // It may have been given up: what still comes of it is freed when it comes.
    opening
      .then((late) => late.destroy())
      .catch(() => {})
      .finally(() => wipeSnapshot(snapshot));
    throw toNetError(error, operation, chosen.name);
  }
}

async function openContext(
  { chosen: { name, module }, clock, type }: SocketRequest,
  configuration: Configuration,
  operation: string,
): Promise<Context> {
  const error: SocketHost['error'] = (init) => new NetError({ ...init, operation, backend: name });
  const context = await module.context(configuration, { backend: name, clock, error });
  if (typeof context?.destroy !== 'function') {
    throw error({ code: 'ENOTSUP', message: 'the backend gave no context with destroy()' });
  }
  const isEngine = type === 'dtls' || type === 'tls';
  if (context.socket === undefined && !(isEngine && (context.association ?? context.listen) !== undefined)) {
    context.destroy();
    const needed = isEngine ? 'association(), listen() or socket()' : 'socket()';
    throw error({ code: 'ENOTSUP', message: `the backend gave a context without ${needed}` });
  }
  return context;
}

function makeSocket(
  { type, snapshot, chosen, clock, trace, makeLower, forget, admitted }: SocketRequest,
  configuration: Configuration,
  context: Context,
): Socket {
  const isEngine = context.association !== undefined || context.listen !== undefined;
  const claims = type === 'dtls' || type === 'tls' ? withCoreOptions(chosen.claims) : chosen.claims;
  let secure: SecureSocket | undefined;
  const operations = (host: SocketHost): GuardedOperations => {
    if (!isEngine) return context.socket!(host);
    const init = { type: type as 'dtls' | 'tls', claims, configuration: configuration as SecureConfiguration };
    secure = new SecureSocket({ ...init, context, makeLower }, host);
    return secure.operations();
  };
  const socket: Socket = new Socket({
    type,
    backend: chosen.name,
    claims,
    clock,
    trace,
    operations,
    admitted,
    configuration: { receiveQueue: configuration.receiveQueue },
    async disposed() {
      forget(socket);
      try {
        await secure?.dispose();
      } finally {
        context.destroy();
        wipeSnapshot(snapshot);
      }
    },
  });
  return socket;
}

/** Ciphersuites as the numbers that are left of them, so that no engine reads names. */
function effective(snapshot: Configuration, claims: Claims): Configuration {
  const { ciphersuites, security } = snapshot as SecureConfiguration;
  if (ciphersuites === undefined) return snapshot;
  const { ids } = chooseCiphersuites(ciphersuites, security.mode, claims[securityRole(security)], '');
  return Object.freeze({ ...snapshot, ciphersuites: Object.freeze(ids) });
}
