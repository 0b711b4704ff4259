/**
 * Associations that go on elsewhere, as a socket has them: checks arguments and states, and gives up what takes too
 * long.
 */

import type { ExportRules } from '../continuation/association-keeper.ts';
import { toNetError } from '../contract/error.ts';
import { abortedError, GuardedAttempt, type WaitOptions } from '../queue/deadline.ts';
import type { Socket } from './socket.ts';
import { checkWait, invalid } from './socket-arguments.ts';
import type { SocketGuard } from './socket-guard.ts';

/** How an association is exported; `timeout` defaults to 30 s. */
export interface ExportOptions extends WaitOptions {
  /** The last one: from the call on nothing is sent, not even that it is over. */
  readonly final?: boolean | undefined;
  /** Takes away what another association has under the id; that one ends when it notices. */
  readonly replace?: boolean | undefined;
}

export async function exportAssociation(guard: SocketGuard, id: string, options: ExportOptions = {}): Promise<void> {
  checkId(guard, EXPORT, id);
  checkWait(guard, EXPORT, options);
  const { final, replace, ...limits } = options;
  for (const [name, flag] of Object.entries({ final, replace })) {
    if (flag !== undefined && typeof flag !== 'boolean') throw invalid(guard, EXPORT, name, 'must be a boolean', flag);
  }
  const { operations, state } = guard;
  if (guard.failure !== undefined) throw guard.failure;
  if (state !== 'connected' && state !== 'accepted') {
    throw guard.error('ENOTCONN', EXPORT, `the socket is ${state}: there is no association`);
  }
  if (operations.exportAssociation === undefined) throw guard.unclaimed(EXPORT, EXPORT);
  const rules: ExportRules = { final, replace };
  await attempted(guard, EXPORT, limits, async (attempt) => operations.exportAssociation!(id, rules, attempt));
}

/** The connected socket itself, or the peer of a bound one; undefined: there was nothing to go on from. */
export async function continueAssociation(
  guard: SocketGuard,
  socket: Socket,
  id: string,
  options: WaitOptions = {},
): Promise<Socket | undefined> {
  checkId(guard, CONTINUE, id);
  checkWait(guard, CONTINUE, options);
  const { operations } = guard;
  if (operations.continuePeer === undefined) {
    const limits = { timeout: PATIENCE, ...options };
    const found = await guard.reach(CONTINUE, limits, (attempt) => operations.continueAssociation!(id, attempt));
    return found ? socket : undefined;
  }
  if (guard.failure !== undefined) throw guard.failure;
  if (guard.state !== 'bound' || !guard.listening) {
    throw guard.error('ENETDOWN', CONTINUE, `the socket is ${guard.state}: a server continues once it is bound`);
  }
  return attempted(guard, CONTINUE, options, (attempt) =>
    operations.continuePeer!(id, attempt, (address, peer) => {
      const accepted = guard.peers.make(address, peer);
      guard.init.admitted?.(accepted.socket);
      accepted.admit();
      return accepted.socket;
    }),
  );
}

async function attempted<T>(
  guard: SocketGuard,
  operation: string,
  limits: WaitOptions,
  work: (attempt: GuardedAttempt) => Promise<T>,
): Promise<T> {
  const waiter = guard.waiter(operation);
  const aborted = abortedError(waiter, limits.signal);
  if (aborted !== undefined) throw aborted;
  const attempt = new GuardedAttempt(waiter, { timeout: PATIENCE, ...limits });
  try {
    return await work(attempt);
  } catch (error) {
    throw toNetError(error, operation, guard.init.backend);
  } finally {
    attempt.end();
  }
}

function checkId(guard: SocketGuard, operation: string, id: unknown): asserts id is string {
  if (typeof id === 'string' && id !== '' && id.length <= LONGEST_ID && !id.includes('\0')) return;
  throw invalid(guard, operation, 'id', `must be a text of 1 to ${LONGEST_ID} characters without NUL`, id);
}

const EXPORT = 'exportAssociation';
const CONTINUE = 'continueAssociation';
const LONGEST_ID = 255;
/** Milliseconds. */
const PATIENCE = 30_000;
