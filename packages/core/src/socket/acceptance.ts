/**
 * `accept` and its iterator: peers of a bound socket.
 */

import type { WaitOptions } from '../queue/deadline.ts';
import type { Socket } from './socket.ts';
import type { SocketGuard } from './socket-guard.ts';
import { possessionError } from './socket-refusal.ts';

export function acceptPeer(guard: SocketGuard, limits: WaitOptions): Promise<Socket> {
  if (guard.failure !== undefined) throw guard.failure;
  if (guard.state !== 'bound') {
    throw guard.error(
      'ENETDOWN',
      'accept',
      `the socket is ${guard.state}: only a bound socket accepts, bind() it first`,
    );
  }
  if (guard.events.count('connection') > 0) {
    throw guard.error('EBUSY', 'accept', "peers go to the 'connection' listeners: remove them to accept by call");
  }
  guard.listen('accept');
  return guard.peers.backlog.take(guard.waiter('accept'), limits);
}

/** Ends when the socket is closed; throws what `accept` would. */
export async function* acceptedPeers(
  guard: SocketGuard,
  signal: AbortSignal | undefined,
): AsyncGenerator<Socket, void, void> {
  const { closes } = guard;
  while (true) {
    let peer: Socket;
    try {
      if (guard.closes !== closes) return;
      const possession = possessionError(guard, 'accepted');
      if (possession !== undefined) throw possession;
      peer = await acceptPeer(guard, { signal });
    } catch (error) {
      if (guard.closes !== closes) return;
      throw error;
    }
    yield peer;
  }
}
