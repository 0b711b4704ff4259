/**
 * What an association driver says when an association is over for a reason that lies below it: nothing was ever
 * heard, or the lower socket ended too early.
 */

import { NetError } from './error.ts';

/** Silence, but the network said why: `hint`. */
export function unanswered(error: NetError, hint: NetError, backend: string): NetError {
  return new NetError({
    code: hint.code,
    operation: error.operation,
    backend,
    message: `the handshake got no answer; the network reported ${hint.code}: does a server listen there?`,
    cause: hint,
  });
}

/** Streams must end by close_notify, or somebody may have cut them. */
export function cutOff(kind: 'datagram' | 'stream', phase: 'handshake' | 'established', backend: string): NetError {
  const when = phase === 'handshake' ? 'before the handshake was complete' : 'without close_notify';
  const message = `the peer ended the ${kind === 'stream' ? 'stream' : 'connection'} ${when}`;
  return new NetError({ code: 'ECONNRESET', operation: 'receive', backend, message });
}
