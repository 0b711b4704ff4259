/**
 * One direction of a stream on the in-process network: bytes in order, in pieces, one piece per turn of the event loop.
 * Holds what the receiver does not take, and tells the sender to wait when that is too much.
 */

export interface PipeEnd {
  /** The bytes belong to the receiver. */
  data(bytes: Uint8Array): void;
  end(): void;
}

export interface PipeRules {
  /** What becomes of the bytes of one `send`; undefined: they do not arrive. */
  carry(bytes: Uint8Array): Uint8Array | undefined;
  /** Largest piece that is delivered at once, bytes. */
  pieceSize(): number;
  delivered(count: number): void;
}

export class Pipe {
  readonly #rules: PipeRules;
  readonly #queue: Uint8Array[] = [];
  #receiver: PipeEnd | undefined;
  #queued = 0;
  #paused = false;
  #ending = false;
  #over = false;
  #turn: ReturnType<typeof setImmediate> | undefined;
  #room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  constructor(rules: PipeRules) {
    this.#rules = rules;
  }

  /** Who gets what was sent and what will be. */
  attach(receiver: PipeEnd): void {
    this.#receiver = receiver;
    this.#wake();
  }

  /** Takes the bytes; a promise says that the receiver is behind. */
  send(data: Uint8Array): void | Promise<void> {
    const carried = this.#ending || this.#over ? undefined : this.#rules.carry(Uint8Array.from(data));
    if (carried === undefined) return undefined;
    this.#queue.push(carried);
    this.#queued += carried.length;
    this.#wake();
    if (this.#queued <= WINDOW) return undefined;
    this.#room ??= waiting();
    return this.#room.promise;
  }

  /** FIN, behind what was sent. */
  end(): void {
    this.#ending = true;
    this.#wake();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#wake();
  }

  /** Nobody reads any more: what comes is dropped. */
  drain(): void {
    this.#receiver = { data: () => {}, end: () => {} };
    this.resume();
  }

  #wake(): void {
    if (this.#turn !== undefined || this.#receiver === undefined || this.#paused || this.#over) return;
    this.#turn = setImmediate(() => this.#deliver());
  }

  #deliver(): void {
    this.#turn = undefined;
    if (this.#paused || this.#receiver === undefined) return;
    const next = this.#queue[0];
    if (next === undefined) {
      if (!this.#ending) return;
      this.#over = true;
      this.#receiver.end();
      return;
    }
    const piece = next.slice(0, this.#rules.pieceSize());
    if (piece.length === next.length) this.#queue.shift();
    else this.#queue[0] = next.subarray(piece.length);
    this.#queued -= piece.length;
    if (this.#queued <= WINDOW) this.#release();
    this.#rules.delivered(piece.length);
    this.#receiver.data(piece);
    this.#wake();
  }

  #release(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}

function waiting(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** What may be under way, bytes. */
const WINDOW = 65_536;
