/**
 * The cookie exchange (RFC 6347 §4.2.1): says of a ClientHello whether its sender can be reached at the address that it
 * comes from, and asks it to prove that. Keeps nothing about anybody.
 */

import type { Address } from '@avs-net/core/plugin';
import { type ClientHello, clientHello, readClientHello } from './client-hello.ts';
import { HelloCookies } from './cookie.ts';
import { COOKIE_AT, echoSequence, helloVerifyRequest } from './hello-verify-request.ts';
import type { Refusal } from './refusal.ts';

/** `verified`: begin. `asked`: the answer was sent, for a hello without cookie or `refused` with another one. */
export type HelloVerdict = 'verified' | 'asked' | 'refused';

export class HelloExchange {
  readonly #cookies: HelloCookies;
  readonly #answer = helloVerifyRequest();
  /** The hello that was judged last. */
  readonly hello: ClientHello = clientHello();

  constructor(now: number, period?: number) {
    this.#cookies = new HelloCookies(now, period);
  }

  /** Reads `hello`; the other methods are about the hello that was read last. */
  read(bytes: Uint8Array): Refusal | undefined {
    return readClientHello(bytes, this.hello);
  }

  /** Whether it may begin a handshake; if not, `send` gets what its sender has to repeat with a cookie. */
  judge(bytes: Uint8Array, from: Address, now: number, send: (answer: Uint8Array, to: Address) => void): HelloVerdict {
    const { hello } = this;
    if (hello.cookieLength > 0 && this.#cookies.verify(bytes, hello, from, now)) {
      // An engine that adopts the hello counts from 1; a cookie of an earlier exchange is answered by a new one.
      if (hello.messageSeq === 1) return 'verified';
    }
    // Never longer than the hello: what parses has 61 bytes at least, the answer has 60.
    echoSequence(bytes, this.#answer);
    this.#cookies.write(bytes, hello, from, now, this.#answer, COOKIE_AT);
    send(this.#answer, from);
    return hello.cookieLength > 0 ? 'refused' : 'asked';
  }
}
