/**
 * Sends the datagrams of one system socket. One callback for all of them; no promise unless the caller runs ahead.
 *
 * Borrowed bytes: node hands a datagram to the system inside `dgram.Socket.send` (uv_udp_try_send; read in the sources
 * and seen with node 20, 22, 24 and 26) and keeps the bytes only if the system has no room (EAGAIN), which shows
 * afterwards in `getSendQueueCount`. Too late to copy then, so every datagram is copied first, into one buffer that all
 * sockets share and that is replaced when node has kept it: one copy of a datagram, no allocation.
 */

import type { Socket } from 'node:dgram';
import { type Address, NetError } from '@avs-net/core/plugin';

export interface SenderHost {
  readonly backend: string;
  /** A datagram was not sent, or an ICMP error of an earlier one came back. */
  failed(error: Error): void;
}

export class Sender {
  readonly #socket: Socket;
  readonly #host: SenderHost;
  readonly #sent: (error: Error | null) => void;
  #pending = 0;
  #queued = false;
  #drained: Promise<void> | undefined;
  #resolve: (() => void) | undefined;

  constructor(socket: Socket, host: SenderHost) {
    this.#socket = socket;
    this.#host = host;
    this.#sent = (error) => this.#finish(error);
  }

  /**
   * `to` only on a socket that is not connected; its host is an IP literal in the family of the socket. The bytes are
   * taken when this returns. A promise says: do not send more before it resolves. ENOBUFS when nobody heeded that.
   */
  send(data: Uint8Array, to?: Address): undefined | Promise<void> {
    const bytes = this.#take(data);
    if (to === undefined) this.#socket.send(bytes, this.#sent);
    else this.#socket.send(bytes, to.port, to.host, this.#sent);
    this.#pending += 1;
    if (this.#socket.getSendQueueCount() > 0) {
      if (!this.#queued) shared = undefined;
      this.#queued = true;
    }
    return this.#pending < AHEAD ? undefined : this.#drain();
  }

  /** Nobody waits any longer. Datagrams that the system has not taken yet are given up. */
  close(): void {
    this.#resolve?.();
  }

  #take(data: Uint8Array): Uint8Array {
    if (this.#queued) {
      this.#queued = this.#socket.getSendQueueCount() > 0;
      if (this.#queued) {
        if (this.#socket.getSendQueueSize() + data.length > QUEUE_BYTES) throw this.#full();
        return Buffer.from(data);
      }
    }
    shared ??= Buffer.allocUnsafeSlow(SHARED_BYTES);
    shared.set(data);
    return shared.subarray(0, data.length);
  }

  #finish(error: Error | null): void {
    this.#pending -= 1;
    if (this.#pending === 0 && this.#resolve !== undefined) {
      // After one turn of the event loop, so that somebody who sends without end still lets datagrams come in.
      setImmediate(this.#resolve);
      this.#drained = undefined;
      this.#resolve = undefined;
    }
    if (error) this.#host.failed(error);
  }

  #drain(): Promise<void> {
    this.#drained ??= new Promise((resolve) => {
      this.#resolve = resolve;
    });
    return this.#drained;
  }

  #full(): NetError {
    return new NetError({
      code: 'ENOBUFS',
      operation: 'send',
      backend: this.#host.backend,
      message: `the system has not taken ${QUEUE_BYTES} bytes that were sent before; await what send returns`,
    });
  }
}

/** Larger than any datagram. */
const SHARED_BYTES = 65_536;

/** Datagrams under way at which a caller is asked to wait. */
const AHEAD = 64;

/** What may wait for the system, bytes. */
const QUEUE_BYTES = 4 * 1024 * 1024;

let shared: Buffer | undefined;
