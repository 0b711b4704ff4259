/**
 * The stateless cookie of RFC 6347 §4.2.1: a MAC over the sender's address and port and over the parameters that its
 * second hello must repeat (version, random, session id, suites, compression). Extensions are left out: clients
 * recompute some of them, padding above all, and the RFC does not list them.
 *
 * Layout: 16 bytes of SHA-256 over suites and compression, then 16 bytes of HMAC-SHA-256 over everything else and
 * those. So the first fragment of a hello can be answered and verified by itself, with zeros for what it does not hold;
 * the suites are compared when both hellos were whole.
 */

import { createHmac, hash, randomFillSync, timingSafeEqual } from 'node:crypto';
import { type Address, unmapAddress } from '@avs-net/core/plugin';
import { type ClientHello, RANDOM } from './client-hello.ts';

export const COOKIE_LENGTH = 32;
/** Milliseconds that a secret makes cookies; it is honoured for one more period. */
export const COOKIE_PERIOD = 60_000;

export class HelloCookies {
  readonly #period: number;
  readonly #current = randomFillSync(new Uint8Array(SECRET));
  readonly #previous = randomFillSync(new Uint8Array(SECRET));
  #since: number;
  readonly #input = new Uint8Array(INPUT);
  readonly #expected = new Uint8Array(MAC);

  /** `now` and `period` are milliseconds of one clock. No timer runs: the secret rotates when a cookie is asked for. */
  constructor(now: number, period: number = COOKIE_PERIOD) {
    this.#since = now;
    this.#period = period;
  }

  /** Writes the cookie for a hello of `from` into `into`, COOKIE_LENGTH bytes at `at`. */
  write(bytes: Uint8Array, hello: ClientHello, from: Address, now: number, into: Uint8Array, at: number): void {
    this.#rotate(now);
    const tag = into.subarray(at, at + TAG);
    if (hello.whole) parametersTag(bytes, hello, tag);
    else tag.fill(0);
    const length = this.#gather(bytes, hello, from, tag);
    into.set(this.#mac(this.#current, length), at + TAG);
  }

  /** Whether `hello` carries a cookie that was made for it and for `from`, at most two periods ago. */
  verify(bytes: Uint8Array, hello: ClientHello, from: Address, now: number): boolean {
    if (hello.cookieLength !== COOKIE_LENGTH) return false;
    this.#rotate(now);
    const tag = bytes.subarray(hello.cookieAt, hello.cookieAt + TAG);
    const mac = bytes.subarray(hello.cookieAt + TAG, hello.cookieAt + COOKIE_LENGTH);
    const length = this.#gather(bytes, hello, from, tag);
    const known =
      timingSafeEqual(this.#mac(this.#current, length), mac) || timingSafeEqual(this.#mac(this.#previous, length), mac);
    if (!known || !hello.whole || tag.every(isZero)) return known;
    parametersTag(bytes, hello, this.#expected);
    return timingSafeEqual(this.#expected, tag);
  }

  #rotate(now: number): void {
    const age = now - this.#since;
    if (age < this.#period) return;
    if (age < 2 * this.#period) this.#previous.set(this.#current);
    else randomFillSync(this.#previous);
    randomFillSync(this.#current);
    this.#since = now;
  }

  /** Everything under the MAC in one scratch buffer, each part of fixed length or behind its length. */
  #gather(bytes: Uint8Array, hello: ClientHello, from: Address, tag: Uint8Array): number {
    const input = this.#input;
    const host = unmapAddress(from.host);
    const hostLength = Math.min(host.length, HOST);
    let at = 0;
    input[at++] = hostLength;
    for (let index = 0; index < hostLength; index++) input[at++] = host.charCodeAt(index);
    input[at++] = from.port >> 8;
    input[at++] = from.port;
    input[at++] = hello.version >> 8;
    input[at++] = hello.version;
    for (let index = 0; index < RANDOM; index++) input[at++] = bytes[hello.randomAt + index]!;
    input[at++] = hello.sessionIdLength;
    for (let index = 0; index < hello.sessionIdLength; index++) input[at++] = bytes[hello.sessionIdAt + index]!;
    for (let index = 0; index < TAG; index++) input[at++] = tag[index]!;
    return at;
  }

  #mac(secret: Uint8Array, length: number): Uint8Array {
    return createHmac('sha256', secret).update(this.#input.subarray(0, length)).digest().subarray(0, MAC);
  }
}

function isZero(byte: number): boolean {
  return byte === 0;
}

/** Suites and compression lie side by side, with their lengths in front of them. */
function parametersTag(bytes: Uint8Array, hello: ClientHello, into: Uint8Array): void {
  const parameters = bytes.subarray(hello.suitesAt - 2, hello.compressionAt + hello.compressionLength);
  into.set(hash('sha256', parameters, 'buffer').subarray(0, TAG));
}

const SECRET = 32;
const TAG = 16;
const MAC = COOKIE_LENGTH - TAG;
/** The longest textual address, IPv6 with a zone. */
const HOST = 64;
const INPUT = 1 + HOST + 2 + 2 + RANDOM + 1 + 32 + TAG;
