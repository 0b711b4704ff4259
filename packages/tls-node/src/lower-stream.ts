/**
 * The lower socket as the Duplex that node:tls runs over: received bytes are fed in, written bytes go out at once.
 * Never ended from below: whether a stream ended in order is said by close_notify alone.
 */

import { Duplex } from 'node:stream';

export class LowerStream extends Duplex {
  readonly #send: (bytes: Uint8Array) => void | Promise<void>;
  readonly #held: Buffer[] = [];
  #writes = 0;
  #handshaking = true;
  #fed: (() => void) | undefined;

  /** `send` has taken the bytes when it returns; a promise holds up node's next write. */
  constructor(send: (bytes: Uint8Array) => void | Promise<void>) {
    // Each direction ends by itself.
    super({ allowHalfOpen: true });
    this.#send = send;
  }

  /**
   * Bytes from the peer, which are copied. During the handshake they wait for node's own write: an alert that node has
   * to send while an earlier write is under way is lost.
   */
  feed(bytes: Uint8Array): void {
    const copy = Buffer.from(bytes);
    if (this.isHolding) this.#held.push(copy);
    else this.push(copy);
  }

  /** Whether bytes wait for node's own write. */
  get isHolding(): boolean {
    return this.#handshaking && (this.#writes > 0 || this.#held.length > 0);
  }

  /** Runs `then` when node has had every byte and the time to report what it made of them. */
  whenFed(then: () => void): void {
    if (this.isHolding) this.#fed = then;
    else setImmediate(setImmediate, then);
  }

  /** The handshake is over; what was held goes in. */
  established(): void {
    this.#handshaking = false;
    this.#release();
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#writes += 1;
    const taken = this.#send(chunk);
    if (taken === undefined) this.#taken(done);
    else void taken.then(() => this.#taken(done));
  }

  /** Node is told in the next tick and believes it in the next turn of the event loop; ours comes after both. */
  #taken(done: () => void): void {
    done();
    process.nextTick(setImmediate, () => {
      this.#writes -= 1;
      this.#release();
    });
  }

  #release(): void {
    while (this.#held.length > 0 && !(this.#handshaking && this.#writes > 0) && !this.destroyed) {
      this.push(this.#held.shift());
    }
    const fed = this.#fed;
    if (fed === undefined || this.isHolding) return;
    this.#fed = undefined;
    this.whenFed(fed);
  }
}
