/**
 * What the layer above sees of a socket that it adopted: the data path past the receive queue, and the life of the
 * socket while its own methods answer EBUSY. Not for applications.
 */

import type { Address } from '../contract/address.ts';
import type { Attempt, LowerSocket } from '../contract/backend.ts';
import type { OptionKey, OptionValues } from '../contract/options.ts';
import type { SocketState } from '../contract/state.ts';
import { type LowerPath, lowerSocket } from './lower-socket.ts';
import { guardOf, type Socket } from './socket.ts';
import * as facts from './socket-facts.ts';
import { readOption, writeOption } from './socket-options.ts';
import { possessionError } from './socket-refusal.ts';

export interface Adopted {
  /** Bytes in and out; what is unread comes first. */
  readonly lower: LowerSocket;
  readonly state: SocketState;
  connect(host: string, port: number, attempt: Attempt): Promise<void>;
  bind(host: string, port: number): Promise<void>;
  /** Hands over every peer of a bound socket from now on, until it is closed or given back. */
  accept(take: (peer: Socket) => void): void;
  shutdown(how: 'both' | 'write'): Promise<void>;
  /** Closes it; it stays adopted. */
  close(): Promise<void>;
  dispose(): Promise<void>;
  /** Gives it back, not closed, with what is still unread. Idempotent. */
  release(): void;
  remote(): Address | undefined;
  local(): Address | undefined;
  remoteHostname(): string | undefined;
  interfaceName(): string;
  getSystem(): number | undefined;
  getOption<K extends OptionKey>(key: K): OptionValues[K];
  setOption<K extends OptionKey>(key: K, value: OptionValues[K]): void;
}

/** EBUSY if somebody else has it, listens to it or waits for something from it; EBADF if it was disposed. */
export function adopt(socket: Socket, owner: string): Adopted {
  const guard = guardOf(socket);
  const possession = possessionError(guard, 'decorate');
  if (possession !== undefined) throw possession;
  const use = currentUse(guard);
  if (use !== undefined) throw guard.error('EBUSY', 'decorate', `the lower socket is in use: ${use}`);
  guard.owner = owner;
  const path: LowerPath = lowerSocket(guard);
  const { operations } = guard;
  return {
    lower: path.lower,
    get state() {
      return guard.state;
    },
    connect: (host, port, { signal }) => guard.connect(host, port, { signal }),
    bind: (host, port) => guard.bind(host, port),
    accept(take) {
      guard.taker = take;
      guard.listen('accept');
    },
    shutdown: (how) => guard.shutdown(how),
    close: () => guard.close(),
    dispose: () => guard.dispose(),
    release() {
      if (!path.end()) return;
      guard.owner = undefined;
      guard.taker = undefined;
    },
    remote: () => facts.summary(guard).remote,
    local: () => facts.summary(guard).local,
    remoteHostname: () => guard.hostname,
    interfaceName: () => facts.interfaceName(guard),
    getSystem: () => operations.getSystem?.(),
    getOption: (key) => readOption(guard, key),
    setOption: (key, value) => writeOption(guard, key, value),
  };
}

function currentUse({ attempting, events, reception, peers: { backlog }, listening }: ReturnType<typeof guardOf>) {
  if (attempting !== undefined) return `${attempting} is still under way`;
  if (reception.waiting > 0) return 'a receive() is waiting';
  if (events.pushing) return "it has a 'message' listener";
  if (backlog.waiting > 0 || listening) return 'it accepts peers';
  return undefined;
}
