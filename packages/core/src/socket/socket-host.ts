/**
 * The transport's side of a guarded socket (`SocketHost`): what arrives is counted and queued. What arrives while the
 * socket is closed belongs to nobody and is dropped.
 */

import type { SocketHost } from '../contract/backend.ts';
import { NetError } from '../contract/error.ts';
import type { SocketGuard } from './socket-guard.ts';

export function socketHost(guard: SocketGuard): SocketHost {
  const { counters, reception } = guard;
  const { backend, clock, trace } = guard.init;
  const open = (): boolean => guard.state !== 'closed' || guard.attempting !== undefined;
  return {
    backend,
    clock,
    error: (init) => new NetError({ ...init, operation: guard.calling ?? guard.attempting ?? 'receive', backend }),
    deliver(data, from) {
      if (!open()) return guard.dropped('closed');
      counters.messagesReceived++;
      counters.bytesReceived += data.length;
      reception.deliver(data, from);
    },
    end() {
      if (open()) reception.finish();
    },
    softError(error) {
      if (open()) reception.softError(error);
    },
    failed: (error) => guard.failed(error),
    accepted: (peer, operations) => guard.accepted(peer, operations),
    dropped: (reason) => guard.dropped(reason),
    moved(from, to) {
      guard.hostname = to.host;
      guard.port = to.port;
      guard.events.emit('peerMoved', from, to);
    },
    ...(trace && { trace }),
  };
}
