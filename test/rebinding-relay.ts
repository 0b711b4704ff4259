/**
 * What a NAT does to a client that was silent for a while: a relay between a client and a server whose outer port can
 * be changed.
 */

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

export class RebindingRelay implements AsyncDisposable {
  readonly #inner: Socket;
  readonly #serverPort: number;
  #outer: Socket;
  #client: number | undefined;

  private constructor(inner: Socket, outer: Socket, serverPort: number) {
    this.#inner = inner;
    this.#outer = outer;
    this.#serverPort = serverPort;
    inner.on('message', (data, { port }) => {
      this.#client = port;
      this.#outer.send(data, this.#serverPort, LOOPBACK);
    });
    this.#listen();
  }

  static async to(serverPort: number): Promise<RebindingRelay> {
    return new RebindingRelay(await bound(), await bound(), serverPort);
  }

  /** Where the client sends to. */
  get port(): number {
    return this.#inner.address().port;
  }

  /** What the server sees. */
  get outerPort(): number {
    return this.#outer.address().port;
  }

  /** The next datagram leaves from another port, and what comes to the old one is lost. */
  async rebind(): Promise<void> {
    const old = this.#outer;
    this.#outer = await bound();
    this.#listen();
    old.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#inner.close();
    this.#outer.close();
  }

  #listen(): void {
    this.#outer.on('message', (data) => {
      if (this.#client !== undefined) this.#inner.send(data, this.#client, LOOPBACK);
    });
  }
}

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, LOOPBACK);
  await once(socket, 'listening');
  return socket;
}

const LOOPBACK = '127.0.0.1';
