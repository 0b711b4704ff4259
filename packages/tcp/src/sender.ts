/**
 * Sends on one connection. One callback for all writes; no promise unless the caller runs ahead.
 *
 * Borrowed bytes: node hands them to the system inside `write` (uv_try_write) and keeps only what the system has no
 * room for, which shows afterwards in `writableLength`. Too late to copy then, so bytes are copied first, into one
 * buffer that all sockets share and that is replaced when node has kept it: one copy, no allocation.
 */

import type { Socket } from 'node:net';
import { NetError } from '@avs-net/core/plugin';

export class Sender {
  readonly #socket: Socket;
  readonly #backend: string;
  readonly #written: () => void;
  #pending = 0;
  #drained: Promise<void> | undefined;
  #resolve: (() => void) | undefined;

  constructor(socket: Socket, backend: string) {
    this.#socket = socket;
    this.#backend = backend;
    this.#written = () => this.#finish();
    // What is destroyed calls back for no write that waited.
    socket.once('close', () => this.#resolve?.());
  }

  /**
   * The bytes are taken when this returns. A promise says: do not send more before it resolves. ENOBUFS when nobody
   * heeded that. Errors are reported by the connection.
   */
  send(data: Uint8Array): undefined | Promise<void> {
    if (data.length === 0) return undefined;
    this.#write(data);
    this.#pending += 1;
    return this.#pending < AHEAD && this.#socket.writableLength === 0 ? undefined : this.#drain();
  }

  #write(data: Uint8Array): void {
    const socket = this.#socket;
    const waiting = socket.writableLength;
    if (waiting > 0 && waiting + data.length > QUEUE_BYTES) throw this.#full(waiting);
    if (waiting > 0 || data.length > SHARED_BYTES) {
      socket.write(Buffer.from(data), this.#written);
      return;
    }
    shared ??= Buffer.allocUnsafeSlow(SHARED_BYTES);
    shared.set(data);
    socket.write(shared.subarray(0, data.length), this.#written);
    if (socket.writableLength > 0) shared = undefined;
  }

  #finish(): void {
    this.#pending -= 1;
    if (this.#pending > 0 || this.#resolve === undefined) return;
    // After one turn of the event loop, so that somebody who sends without end still lets data come in.
    setImmediate(this.#resolve);
    this.#drained = undefined;
    this.#resolve = undefined;
  }

  #drain(): Promise<void> {
    this.#drained ??= new Promise((resolve) => {
      this.#resolve = resolve;
    });
    return this.#drained;
  }

  #full(waiting: number): NetError {
    return new NetError({
      code: 'ENOBUFS',
      operation: 'send',
      backend: this.#backend,
      message: `the peer has not taken ${waiting} bytes that were sent before; await what send returns`,
    });
  }
}

const SHARED_BYTES = 65_536;

/** Writes under way at which a caller is asked to wait. */
const AHEAD = 64;

/** What may wait for the peer, bytes; a single message may be larger. */
const QUEUE_BYTES = 16 * 1024 * 1024;

let shared: Buffer | undefined;
