/**
 * The transport's side of a guarded socket (`SocketHost`): what arrives is counted and queued. What arrives while the
 * socket is closed belongs to nobody and is dropped.
 */

import type { Address } from '../contract/address.ts';
import type { EngineErrorInit } from '../contract/association.ts';
import type { SocketHost } from '../contract/backend.ts';
import type { Clock } from '../contract/clock.ts';
import { NetError } from '../contract/error.ts';
import type { SocketGuard } from './socket-guard.ts';
import type { SocketInit } from './socket-init.ts';

/** `isPeer`: of a secure socket's peer, whose operations are ours. Others get an object that they may take apart. */
export function socketHost(guard: SocketGuard, isPeer: boolean): SocketHost {
  const host = new GuardHost(guard);
  if (isPeer && guard.secure) return host;
  const { backend, clock, trace } = guard.init;
  return {
    backend,
    clock,
    error: (init) => host.error(init),
    deliver: (data, from) => host.deliver(data, from),
    end: () => host.end(),
    softError: (error) => host.softError(error),
    failed: (error) => host.failed(error),
    accepted: (peer, operations) => host.accepted(peer, operations),
    dropped: (reason) => host.dropped(reason),
    moved: (from, to) => host.moved(from, to),
    ...(trace && { trace }),
  };
}

class GuardHost implements SocketHost {
  readonly #guard: SocketGuard;

  constructor(guard: SocketGuard) {
    this.#guard = guard;
  }

  get backend(): string {
    return this.#guard.init.backend;
  }

  get clock(): Clock {
    return this.#guard.init.clock;
  }

  error(init: EngineErrorInit): NetError {
    const { calling, attempting } = this.#guard;
    return new NetError({ ...init, operation: calling ?? attempting ?? 'receive', backend: this.backend });
  }

  deliver(data: Uint8Array, from?: Address): void {
    const { counters, reception } = this.#guard;
    if (!this.#isOpen()) {
      this.#guard.dropped('closed');
      return;
    }
    counters.messagesReceived++;
    counters.bytesReceived += data.length;
    reception.deliver(data, from);
  }

  end(): void {
    if (this.#isOpen()) this.#guard.reception.finish();
  }

  softError(error: NetError): void {
    if (this.#isOpen()) this.#guard.reception.softError(error);
  }

  failed(error: NetError): void {
    this.#guard.failed(error);
  }

  accepted(peer: Address, operations: SocketInit['operations']): void {
    this.#guard.peers.announce(peer, operations);
  }

  dropped(reason: string): void {
    this.#guard.dropped(reason);
  }

  moved(from: Address, to: Address): void {
    this.#guard.hostname = to.host;
    this.#guard.port = to.port;
    this.#guard.events.emit('peerMoved', from, to);
  }

  #isOpen(): boolean {
    return this.#guard.state !== 'closed' || this.#guard.attempting !== undefined;
  }
}
