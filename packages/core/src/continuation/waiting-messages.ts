/**
 * Messages that may not leave before the store has answered, oldest first. Copies, because whoever sends may use the
 * bytes again at once; wiped when they have left or are refused. Bounded, because a store may never answer.
 */

import { unpooledCopy, wipe } from '../contract/secret-bytes.ts';

interface Waiting {
  readonly data: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class WaitingMessages {
  #queue: Waiting[] = [];
  #bytes = 0;

  get length(): number {
    return this.#queue.length;
  }

  hasRoom(bytes: number): boolean {
    return this.#queue.length < MOST_MESSAGES && this.#bytes + bytes <= MOST_BYTES;
  }

  /** Resolves when it has left. */
  add(data: Uint8Array): Promise<void> {
    const copy = unpooledCopy(data);
    this.#bytes += copy.length;
    return new Promise((resolve, reject) => this.#queue.push({ data: copy, resolve, reject }));
  }

  /** Gives the oldest one to `send`; what that throws is its sender's to know. A promise: send no more before it. */
  sendOldest(send: (data: Uint8Array) => void | Promise<void>): void | Promise<void> {
    const { data, resolve, reject } = this.#queue.shift()!;
    this.#bytes -= data.length;
    try {
      const room = send(data);
      resolve();
      return room;
    } catch (error) {
      reject(error);
      return undefined;
    } finally {
      wipe(data);
    }
  }

  refuse(error: unknown): void {
    const refused = this.#queue;
    this.#queue = [];
    this.#bytes = 0;
    for (const { data, reject } of refused) {
      wipe(data);
      reject(error);
    }
  }
}

export const MOST_MESSAGES = 1_024;
/** Bytes, of all that wait. */
export const MOST_BYTES = 1_048_576;
