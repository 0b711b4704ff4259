/**
 * Stands between the network and the library's client handshake (RFC 6347 §4.2.4, RFC 4279). The library gets every
 * message of the server whole, checked, in order and once, a flight at a time; it throws on unknown types, believes any
 * change_cipher_spec, never gets over a repeated message, and hashes another transcript than the server when there was
 * no HelloVerifyRequest. Sends nothing and keeps no time: `association.ts` does.
 */

import { bufferOf } from './client-socket.ts';
import type { InnerSocket } from './private-fields.ts';
import { type HandshakeMessage, type Reassembly, reassembly } from './reassembly.ts';
import {
  HANDSHAKE_HEADER,
  type HandshakeFragment,
  HandshakeType,
  readFragment,
  sequenceOf,
  writeFragment,
} from './record.ts';
import {
  type Good,
  type Reading,
  readHelloVerifyRequest,
  readServerHello,
  readServerKeyExchange,
  type Unacceptable,
} from './server-message.ts';

/** What is waited for: an answer to ClientHello, the rest of the server's parameters, or its Finished. */
export type Stage = 'hello' | 'parameters' | 'finished' | 'done';

export interface HandshakeObserver {
  dropped(reason: string): void;
  /** The server went a step further. */
  progress(): void;
  /** The server asks for another ClientHello, which the library would not send: repeat the flight. */
  newCookie(): void;
  /** The server, or somebody in its name, proposed what this client cannot accept. */
  unacceptable(proposal: Unacceptable): void;
}

export class ClientHandshake {
  readonly #socket: InnerSocket;
  readonly #offered: readonly number[];
  readonly #observer: HandshakeObserver;
  /** Messages in the clear, then those under the new keys: the former cannot take a place among the latter. */
  #messages: Reassembly = reassembly(0);
  /** Messages of the server's flight, until it is complete. */
  #flight: HandshakeMessage[] = [];
  #stage: Stage = 'hello';
  #cookie: Uint8Array | undefined;
  #cookies = 0;
  /** Record number of the first hello with a cookie. */
  #helloWithCookie: number | undefined;
  #hint: Uint8Array | undefined;
  #changedCipherSpec = false;
  #handedOver = 0;

  /** `socket` has sent its first ClientHello. */
  constructor(socket: InnerSocket, offered: readonly number[], observer: HandshakeObserver) {
    this.#socket = socket;
    this.#offered = offered;
    this.#observer = observer;
    const handler = socket.handshakeHandler;
    // The library hashes what it has parsed and written again; here the transcript is what came in.
    handler.bufferHandshakeData = (...messages) => {
      for (const message of messages) {
        if (AFTER_SERVER_HELLO_DONE.includes(message.msg_type)) handler.allHandshakeData.push(message.serialize());
      }
    };
  }

  get stage(): Stage {
    return this.#stage;
  }

  /** A HelloVerifyRequest has been answered. */
  get cookieSent(): boolean {
    return this.#cookies > 0;
  }

  get identityHint(): Uint8Array | undefined {
    return this.#hint;
  }

  /** A datagram of a flight is on its way. */
  sent(datagram: Uint8Array): void {
    if (this.#cookies > 0) this.#helloWithCookie ??= sequenceOf(datagram);
  }

  /** The fragment of a handshake record, in the clear or decrypted, and the number of that record. */
  receive(record: Uint8Array, epoch: 0 | 1, sequence: number): void {
    for (let at = 0; at < record.length; ) {
      const fragment = readFragment(record, at);
      if (fragment === undefined) {
        this.#observer.dropped('malformedFragment');
        return;
      }
      at += HANDSHAKE_HEADER + fragment.body.length;
      if (epoch !== (this.#stage === 'finished' ? 1 : 0) || !KNOWN[epoch].includes(fragment.type)) {
        this.#observer.dropped('unexpectedMessage');
      } else if (this.#cookies > 0 && fragment.type === HandshakeType.helloVerifyRequest) {
        this.#anotherCookie(sequence, fragment);
      } else {
        const refusal = this.#messages.add(fragment);
        if (refusal !== undefined) this.#observer.dropped(refusal);
        else this.#proceed();
      }
    }
  }

  /** A change_cipher_spec: counts once, between the client's Finished and the server's. */
  changeCipherSpec(): void {
    if (this.#stage !== 'finished' || this.#changedCipherSpec) {
      this.#observer.dropped('changeCipherSpec');
      return;
    }
    this.#changedCipherSpec = true;
    this.#socket.recordLayer.advanceReadEpoch();
    this.#proceed();
  }

  #proceed(): void {
    for (let message = this.#messages.peek(); message !== undefined; message = this.#messages.peek()) {
      if (this.#stage === 'finished' && !this.#changedCipherSpec) return;
      if (!this.#take(message)) {
        this.#messages.discard();
        return;
      }
      this.#messages.accept();
      this.#observer.progress();
      this.#handOver(message);
    }
  }

  /** Whether `message`, which is due, is what it should be. */
  #take({ type, body }: HandshakeMessage): boolean {
    if (!DUE[this.#stage].includes(type)) {
      this.#observer.dropped('unexpectedMessage');
      return false;
    }
    switch (type) {
      case HandshakeType.helloVerifyRequest: {
        const request = this.#read(readHelloVerifyRequest(body));
        this.#cookie = request?.cookie;
        return request !== undefined;
      }
      case HandshakeType.serverHello:
        return this.#read(readServerHello(body, this.#offered)) !== undefined;
      case HandshakeType.serverKeyExchange: {
        const exchange = this.#read(readServerKeyExchange(body));
        this.#hint = exchange?.identityHint;
        return exchange !== undefined;
      }
      default: {
        const good = body.length === (type === HandshakeType.finished ? VERIFY_DATA : 0);
        if (!good) this.#observer.dropped('malformedMessage');
        return good;
      }
    }
  }

  #read<T extends Good>(reading: Reading<T>): T | undefined {
    if (reading.verdict === 'good') return reading as T;
    if (reading.verdict === 'unacceptable') this.#observer.unacceptable(reading);
    else this.#observer.dropped('malformedMessage');
    return undefined;
  }

  /** Whole flights only: a flight that stays incomplete leaves the library as it was. */
  #handOver(message: HandshakeMessage): void {
    this.#flight.push(message);
    switch (message.type) {
      case HandshakeType.helloVerifyRequest:
        this.#cookies = 1;
        break;
      case HandshakeType.serverHello:
        this.#stage = 'parameters';
        return;
      case HandshakeType.serverKeyExchange:
        return;
      case HandshakeType.serverHelloDone: {
        const { allHandshakeData, lastFlight } = this.#socket.handshakeHandler;
        const hello = lastFlight[0]!.toFragment().serialize();
        // RFC 6347 §4.2.6: the hello that was answered, whether or not it had a cookie; then the messages as they came.
        allHandshakeData.splice(0, allHandshakeData.length, hello, ...this.#flight.map((each) => writeFragment(each)));
        this.#stage = 'finished';
        this.#messages = reassembly(this.#messages.due);
        break;
      }
      case HandshakeType.finished:
        this.#stage = 'done';
        break;
    }
    const flight = this.#flight;
    this.#flight = [];
    for (const { type, body } of flight) {
      this.#socket.handshakeHandler.processIncomingMessage({
        msg_type: type,
        total_length: body.length,
        message_seq: this.#handedOver++,
        fragment_offset: 0,
        fragment: bufferOf(body),
        isFragmented: () => false,
      });
    }
  }

  /**
   * A second HelloVerifyRequest. RFC 6347 §4.2.1 gives it the record number of the hello that it answers: a hello
   * without cookie, which the server got twice, or one whose cookie has gone stale or was forged. Only the latter needs
   * another hello, under the same message number, because a server that asks for cookies remembers none.
   */
  #anotherCookie(sequence: number, { total, body }: HandshakeFragment): void {
    const request = total === body.length ? this.#read(readHelloVerifyRequest(body)) : undefined;
    if (request === undefined) return;
    const stale = sequence >= (this.#helloWithCookie ?? Infinity);
    if (!stale || Buffer.compare(request.cookie, this.#cookie!) === 0) this.#observer.dropped('repeatedMessage');
    else if (this.#cookies === MOST_COOKIES) this.#observer.dropped('tooManyCookies');
    else {
      this.#cookies++;
      this.#cookie = Buffer.from(request.cookie);
      this.#socket.handshakeHandler.lastFlight[0]!.cookie = Buffer.from(request.cookie);
      this.#observer.newCookie();
    }
  }
}

/** RFC 5246 §7.4.9. */
const VERIFY_DATA = 12;
/** Each one is answered, so forged ones must not be answered for ever. */
const MOST_COOKIES = 8;

const { helloVerifyRequest, serverHello, serverKeyExchange, serverHelloDone, clientKeyExchange, finished } =
  HandshakeType;

const AFTER_SERVER_HELLO_DONE: readonly number[] = [clientKeyExchange, finished];

/** By epoch. */
const KNOWN: readonly [readonly number[], readonly number[]] = [
  [helloVerifyRequest, serverHello, serverKeyExchange, serverHelloDone],
  [finished],
];

const DUE: Readonly<Record<Stage, readonly number[]>> = {
  hello: [helloVerifyRequest, serverHello],
  parameters: [serverKeyExchange, serverHelloDone],
  finished: [finished],
  done: [],
};
