/**
 * What an association driver says when an association is over for a reason that lies below it: nothing was ever
 * heard, or the lower socket ended too early.
 */

import type { EngineErrorInit, Silence } from '../contract/association.ts';
import { NetError } from '../contract/error.ts';

/** `send` where nothing can be sent. */
export function sendRefusal(isOver: boolean, backend: string): NetError {
  const [code, message] = isOver ? ['ENOTCONN', 'the association is over'] : ['EBUSY', 'called from inside the engine'];
  return new NetError({ code, operation: 'send', backend, message });
}

/** Nothing was ever heard, but the network said why: `hint`. */
export function explained(error: NetError, hint: NetError | undefined, heard: number, backend: string): NetError {
  if (error.code !== 'ETIMEDOUT' || hint === undefined || heard > 0) return error;
  return new NetError({ operation: error.operation, backend, ...reportOf(hint) });
}

/** What is known of a handshake that a deadline of the caller has ended: the words of the engine, or of the network. */
export function unfinished(
  silence: Silence | undefined,
  hint: NetError | undefined,
  heard: number,
): EngineErrorInit | undefined {
  if (hint !== undefined && heard === 0) return reportOf(hint);
  return silence && { code: 'ETIMEDOUT', message: silence.message, alert: silence.alert };
}

function reportOf(hint: NetError): EngineErrorInit {
  const message = `the handshake got no answer; the network reported ${hint.code}: does a server listen there?`;
  return { code: hint.code, message, cause: hint };
}

/** Streams must end by close_notify, or somebody may have cut them. */
export function cutOff(kind: 'datagram' | 'stream', phase: 'handshake' | 'established', backend: string): NetError {
  const when = phase === 'handshake' ? 'before the handshake was complete' : 'without close_notify';
  const message = `the peer ended the ${kind === 'stream' ? 'stream' : 'connection'} ${when}`;
  return new NetError({ code: 'ECONNRESET', operation: 'receive', backend, message });
}
