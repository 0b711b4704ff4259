/**
 * One established connection, dialled or accepted. Half-open: each direction ends by itself. Keeps no queue: what comes
 * is delivered to core, which pauses when it has enough.
 */

import type { Socket } from 'node:net';
import {
  type Address,
  type IpVersion,
  type SocketHost,
  systemError,
  unmapAddress,
  versionOf,
} from '@avs-net/core/plugin';
import { Sender } from './sender.ts';

export class Connection {
  readonly local: Address;
  readonly remote: Address;
  /** Of the system socket: 6 also for a v4-mapped peer. */
  readonly version: IpVersion;
  readonly #socket: Socket;
  readonly #host: SocketHost;
  readonly #sender: Sender;
  #closed: Promise<void> | undefined;

  /** Delivers from the next turn of the event loop on. */
  constructor(socket: Socket, host: SocketHost) {
    const { localAddress = '', localPort = 0, remoteAddress = '', remotePort = 0 } = socket;
    this.local = { host: unmapAddress(localAddress), port: localPort };
    this.remote = { host: unmapAddress(remoteAddress), port: remotePort };
    this.version = versionOf(remoteAddress);
    this.#socket = socket;
    this.#host = host;
    this.#sender = new Sender(socket, host.backend);
    socket.on('data', this.#received);
    socket.on('end', this.#ended);
    socket.on('error', (error) => this.#failed(error));
    socket.resume();
  }

  send(data: Uint8Array): undefined | Promise<void> {
    return this.#sender.send(data);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Resolves when everything that was sent has been handed to the system, and the end (FIN) after it. */
  shutdown(how: 'both' | 'write'): Promise<void> {
    if (how === 'both') this.#ignore();
    const socket = this.#socket;
    return new Promise((resolve) => {
      if (socket.writableFinished || socket.destroyed) return resolve();
      socket.once('finish', resolve);
      socket.once('close', resolve);
      socket.end();
    });
  }

  /** In order: what was sent goes out first, but not for longer than 5 s. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      const socket = this.#socket;
      if (socket.closed) return resolve();
      this.#ignore();
      const timer = this.#host.clock.timer(LINGER, () => socket.destroy());
      socket.once('close', () => {
        timer.cancel();
        resolve();
      });
      socket.destroySoon();
    });
    return this.#closed;
  }

  readonly #received = (data: Buffer): void => this.#host.deliver(data);

  readonly #ended = (): void => this.#host.end();

  #failed(error: NodeJS.ErrnoException): void {
    if (this.#closed !== undefined) return;
    const operation = error.syscall === 'write' ? 'send' : 'receive';
    this.#host.failed(systemError(error, { operation, backend: this.#host.backend, address: this.remote }));
  }

  /** Reads on, so that the peer is not held up, and drops what comes. */
  #ignore(): void {
    this.#socket.off('data', this.#received);
    this.#socket.off('end', this.#ended);
    this.#socket.resume();
  }
}

/** Milliseconds that `close` waits for a peer that takes nothing. */
const LINGER = 5_000;
