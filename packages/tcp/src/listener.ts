/**
 * A listening socket of the system. It listens from `bind` on, as in avs_net; connections that come before anybody
 * accepts wait here, unread, up to a limit.
 */

import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Address, SocketHost } from '@avs-net/core/plugin';

export class Listener {
  readonly #server: Server;
  readonly #host: SocketHost;
  readonly #waiting = new Set<Socket>();
  #take: ((socket: Socket) => void) | undefined;
  #open = false;
  #local: Address | undefined;

  constructor(host: SocketHost) {
    this.#host = host;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
    this.#server.on('connection', (socket) => this.#arrived(socket));
    this.#server.on('error', (error) => {
      // Such as EMFILE: one connection is lost.
      if (this.#open) host.softError(host.error({ code: codeOf(error), message: error.message, cause: error }));
    });
  }

  /** `0.0.0.0` and `::` mean every address of the machine, port 0 any free one. */
  bind({ host, port }: Address, ipv6Only: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: Error): void => {
        this.#server.off('listening', settle);
        this.#server.off('error', settle);
        if (error !== undefined) {
          reject(error);
          return;
        }
        const { address, port } = this.#server.address() as AddressInfo;
        this.#local = { host: address, port };
        this.#open = true;
        resolve();
      };
      this.#server.once('listening', settle);
      this.#server.once('error', settle);
      this.#server.listen({ host, port, ipv6Only, exclusive: true, backlog: BACKLOG });
    });
  }

  /** Hands over every connection from now on, first those that wait. */
  accept(take: (socket: Socket) => void): void {
    this.#take = take;
    for (const socket of this.#waiting) {
      this.#waiting.delete(socket);
      take(socket);
    }
  }

  /** Where it listens, or listened. */
  get local(): Address | undefined {
    return this.#local;
  }

  /** Frees the port at once. Connections that were handed over live on. */
  close(): void {
    this.#open = false;
    this.#take = undefined;
    for (const socket of this.#waiting) socket.destroy();
    this.#waiting.clear();
    if (this.#server.listening) this.#server.close();
  }

  #arrived(socket: Socket): void {
    if (this.#take !== undefined) this.#take(socket);
    else if (!this.#open || this.#waiting.size >= BACKLOG) {
      this.#host.dropped('backlogFull');
      socket.destroy();
    } else {
      this.#waiting.add(socket);
      socket.once('error', () => {});
      socket.once('close', () => this.#waiting.delete(socket));
    }
  }
}

function codeOf(error: NodeJS.ErrnoException): string {
  return error.code ?? 'UNKNOWN_ERROR';
}

/** Listen backlog of avs_net, also for what waits here. */
const BACKLOG = 1024;
