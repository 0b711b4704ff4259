/**
 * The PSK gate: an association around an engine that cannot wait for a key. It keeps the ClientKeyExchange back, asks
 * for the key of its identity, and lets the engine have both together, so that the engine only ever sees the identity
 * that was asked for. While it waits it keeps little and retransmits nothing.
 */

import {
  type Association,
  type AssociationRequest,
  findCiphersuite,
  type NeedAnswer,
  type Output,
} from '@avs-net/core/plugin';
import { HandshakeLayer } from './association-layer.ts';
import { ClientKeyExchange, isClientKeyExchange } from './client-key-exchange.ts';
import { OutputLayer } from './output-layer.ts';
import { ContentType, RECORD_HEADER, readRecord, recordHeader, uint16 } from './record.ts';
import type { MakeAssociation } from './record-filter.ts';
import type { Refusal } from './refusal.ts';
import { negotiatedSuite } from './server-hello.ts';

export interface PskGateRules {
  /** Whether the suite that was negotiated takes a PSK; default: read from the ServerHello that the engine sends. */
  readonly isPsk?: () => boolean;
  /** Milliseconds after which a key that has not come is taken for one that is not there; default 10 000. */
  readonly patience?: number;
}

/** The id under which the gate asks; an engine behind it must not use it for questions of its own. */
export const PSK_NEED = 1;

/**
 * What `make` makes, behind the gate if it is a server. Its `answer(PSK_NEED, key, now)` is called at most once, right
 * before it gets the ClientKeyExchange: it keeps the key for the callback of its library, undefined if there is none.
 */
export function pskGate(request: AssociationRequest, make: MakeAssociation, rules: PskGateRules = {}): Association {
  return request.role === 'server' ? new PskGate(request, make, rules) : make(request);
}

class PskGate extends HandshakeLayer {
  readonly #output: Output;
  readonly #isPsk: () => boolean;
  readonly #patience: number;
  readonly #idLength: number;
  #state: 'reading' | 'asking' | 'open' = 'reading';
  /** Undefined once the engine has the message. */
  #reader: ClientKeyExchange | undefined;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #until = 0;

  constructor(request: AssociationRequest, make: MakeAssociation, rules: PskGateRules) {
    super();
    this.#output = request.output;
    this.#idLength = request.connectionId?.length ?? 0;
    this.#patience = rules.patience ?? PATIENCE;
    const watch = rules.isPsk === undefined ? new SuiteWatch(request.output) : undefined;
    this.#isPsk = rules.isPsk ?? (() => watch!.isPsk());
    const hello = request.opening?.hello;
    // A client with a PSK sends no certificate: the message behind its hello is this one.
    this.#reader = new ClientKeyExchange(hello === undefined ? undefined : uint16(hello, MESSAGE_SEQ_AT) + 1);
    this.inner = make(watch === undefined ? request : { ...request, output: watch });
  }

  override get deadline(): number | undefined {
    return this.#state === 'asking' ? this.#until : this.inner.deadline;
  }

  override get halfOpenBytes(): number {
    return super.halfOpenBytes + this.#waitingBytes + (this.#reader?.keptBytes ?? 0);
  }

  override receive(bytes: Uint8Array, now: number): void {
    if (this.#state === 'open' || this.inner.phase !== 'handshake') this.inner.receive(bytes, now);
    else if (this.#state === 'asking') this.#hold(bytes);
    else this.#read(bytes, now);
  }

  override timeout(now: number): void {
    if (this.#state !== 'asking') this.inner.timeout(now);
    else if (now >= this.#until) this.#release(undefined, now);
  }

  override answer(id: number, answer: NeedAnswer, now: number): void {
    if (id !== PSK_NEED) this.inner.answer?.(id, answer, now);
    // An answer that comes twice or too late finds the question settled.
    else if (this.#state === 'asking') this.#release(answer, now);
  }

  override destroy(): void {
    this.#waiting = [];
    this.inner.destroy();
  }

  /** Hands on everything but a ClientKeyExchange, and asks once that is complete. */
  #read(bytes: Uint8Array, now: number): void {
    let passFrom = 0;
    let at = 0;
    while (at < bytes.length && readRecord(bytes, at, record, this.#idLength) === undefined) {
      const end = record.end;
      if (isClientKeyExchange(bytes, record) && this.#isPsk()) {
        if (!this.#reader!.add(bytes, record)) this.#output.dropped('repeatedFlight' satisfies Refusal);
        if (passFrom < at) this.inner.receive(bytes.subarray(passFrom, at), now);
        if (this.#reader!.complete) {
          this.#ask(now);
          if (end < bytes.length) this.receive(bytes.subarray(end), now);
          return;
        }
        passFrom = end;
      }
      at = end;
    }
    if (passFrom === 0) this.inner.receive(bytes, now);
    else if (passFrom < bytes.length) this.inner.receive(bytes.subarray(passFrom), now);
  }

  #ask(now: number): void {
    const identity = this.#reader!.identity();
    this.#state = 'asking';
    if (identity === undefined) {
      // Malformed or beyond any limit: nobody has a key for it, and how to refuse it the engine knows.
      this.#release(undefined, now);
      return;
    }
    this.#until = now + this.#patience;
    this.#output.need(PSK_NEED, { kind: 'psk', identity });
  }

  #hold(bytes: Uint8Array): void {
    const broken = readRecord(bytes, 0, record, this.#idLength);
    // Behind a ClientKeyExchange of a PSK suite only change_cipher_spec and Finished are left (RFC 4279 §2).
    const repeated = record.epoch === 0 && (record.type === ContentType.handshake || this.#holds(bytes));
    if (broken !== undefined || repeated) {
      this.#output.dropped((broken ?? 'repeatedFlight') satisfies Refusal);
      if (broken === undefined && record.end < bytes.length) this.#hold(bytes.subarray(record.end));
      return;
    }
    if (this.#waiting.length >= WAITING || this.#waitingBytes + bytes.length > WAITING_BYTES) {
      this.#output.dropped('tooManyWaiting' satisfies Refusal);
      return;
    }
    this.#waiting.push(bytes.slice());
    this.#waitingBytes += bytes.length;
  }

  /** Whether a datagram that waits begins with the type of record that `bytes` begins with, in the clear. */
  #holds(bytes: Uint8Array): boolean {
    return this.#waiting.some((held) => held[0] === bytes[0] && held[3] === 0 && held[4] === 0);
  }

  #release(key: NeedAnswer, now: number): void {
    const first = this.#reader!.datagram();
    const rest = this.#waiting;
    this.#state = 'open';
    this.#reader = undefined;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.inner.answer?.(PSK_NEED, key, now);
    this.inner.receive(first, now);
    for (const bytes of rest) this.inner.receive(bytes, now);
  }
}

/** In front of an engine whose suite nobody tells: reads the ServerHello that it sends. */
class SuiteWatch extends OutputLayer {
  #suite: number | undefined;

  isPsk(): boolean {
    return findCiphersuite(this.#suite ?? NO_SUITE)?.mode === 'psk';
  }

  override datagram(bytes: Uint8Array): void | Promise<void> {
    this.#suite ??= negotiatedSuite(bytes);
    return this.output.datagram(bytes);
  }

  override established(): void {
    this.#suite ??= NO_SUITE;
    this.output.established();
  }
}

const NO_SUITE = -1;
const record = recordHeader();
const MESSAGE_SEQ_AT = RECORD_HEADER + 4;
const WAITING = 8;
const WAITING_BYTES = 4_096;
const PATIENCE = 10_000;
