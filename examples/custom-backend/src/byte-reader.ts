/**
 * Reads the presentation language of TLS (RFC 5246 §4) from bytes that nobody vouches for. Reading beyond the end never
 * throws: it gives zeros and nothing, and `complete` is false.
 */

export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #short = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Everything was there and nothing is left. */
  get complete(): boolean {
    return !this.#short && this.#at === this.#bytes.length;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** An unsigned number of 1 to 6 bytes. */
  number(size: number): number {
    return this.bytes(size).reduce((value, byte) => value * 256 + byte, 0);
  }

  /** A view of the next `size` bytes. */
  bytes(size: number): Uint8Array {
    if (this.left < size) {
      this.#short = true;
      this.#at = this.#bytes.length;
      return new Uint8Array(0);
    }
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  /** `opaque name<0..2^(8·size)-1>`. */
  vector(size: number): Uint8Array {
    return this.bytes(this.number(size));
  }
}

/** A big-endian number of `size` bytes. */
export function number(value: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let rest = value;
  for (let at = size - 1; at >= 0; at -= 1) {
    bytes[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}

/** Bytes behind their length, which takes `size` bytes. */
export function vector(bytes: Uint8Array, size: number): Uint8Array {
  return concat(number(bytes.length, size), bytes);
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
