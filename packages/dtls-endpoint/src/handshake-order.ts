/**
 * Handshake order: an association around an engine that believes what it reads in the clear. Messages are put together
 * in front of it, and reach it whole, one after the other, in records that are numbered here: no number of a forger
 * moves its replay window, no fragment takes memory there, nothing comes out of its turn (RFC 6347 §4.2.3, §4.2.6).
 * Protected records pass as they are. Goes between the record filter and the engine.
 */

import type { Association, AssociationRequest } from '@avs-net/core/plugin';
import { HandshakeLayer } from './association-layer.ts';
import { type Fragment, fragment, HANDSHAKE_HEADER, HandshakeType, readFragment } from './handshake-fragment.ts';
import { type Message, MessageReassembly } from './message-reassembly.ts';
import { ContentType, RECORD_HEADER, type RecordHeader, readRecord, recordHeader, uint16 } from './record.ts';
import type { MakeAssociation } from './record-filter.ts';
import type { Refusal } from './refusal.ts';

export interface OrderRules {
  /** False: only PSK suites can be negotiated, whose messages are short. Default true. */
  readonly certificates?: boolean;
}

/**
 * What `make` makes, behind the order. A client makes it anew if the cookie that it believed turns out to be forged.
 */
export function ordered(request: AssociationRequest, make: MakeAssociation, rules: OrderRules = {}): Association {
  return new HandshakeOrder(request, make, rules);
}

class HandshakeOrder extends HandshakeLayer {
  readonly #request: AssociationRequest;
  readonly #make: MakeAssociation;
  readonly #max: number;
  /** Bytes of the ids on records that come in, if they have one. */
  readonly #idLength: number;
  /** Undefined once the handshake is over. */
  #messages: MessageReassembly | undefined;
  /** Place of the last message in its flight. */
  #rank: number;
  /** The record number that the engine sees next. */
  #sequence: number;
  /** Of a client: cookies, until it is clear which one is good. */
  #cookies: Cookies | undefined;

  constructor(request: AssociationRequest, make: MakeAssociation, { certificates = true }: OrderRules) {
    super();
    this.#request = request;
    this.#idLength = request.connectionId?.length ?? 0;
    this.#make = make;
    this.#max = certificates ? CERTIFICATE_BYTES : PSK_BYTES;
    const hello = request.opening?.hello;
    const isOpened = hello !== undefined && readRecord(hello, 0, record) === undefined;
    this.#sequence = isOpened ? record.sequence + 1 : 0;
    this.#messages = new MessageReassembly(this.#max, isOpened ? uint16(hello, MESSAGE_SEQ_AT) + 1 : 0);
    this.#rank = isOpened ? RANK[HandshakeType.clientHello]! : -1;
    this.#cookies = request.role === 'client' ? new Cookies() : undefined;
    this.inner = make(request);
  }

  override get halfOpenBytes(): number {
    return super.halfOpenBytes + (this.#messages?.keptBytes ?? 0);
  }

  override receive(bytes: Uint8Array, now: number): void {
    if (this.#messages !== undefined && this.inner.phase !== 'handshake') {
      this.#messages = undefined;
      this.#cookies = undefined;
    }
    if (this.#messages === undefined) {
      this.inner.receive(bytes, now);
      return;
    }
    let at = 0;
    while (at < bytes.length && readRecord(bytes, at, record, this.#idLength) === undefined) {
      const { type, epoch, start, end } = record;
      const from = at;
      at = end;
      if (epoch !== 0) this.inner.receive(bytes.subarray(from, end), now);
      else if (type === ContentType.handshake) this.#read(bytes, { ...record }, now);
      else this.#give(type, record.version, bytes.subarray(start, end), now);
    }
  }

  override timeout(now: number): void {
    const { deadline } = this.inner;
    const isDue = this.inner.phase === 'handshake' && deadline !== undefined && now >= deadline;
    if (isDue && this.#cookies?.isForged()) this.#beginAnew(now);
    else this.inner.timeout(now);
  }

  #read(bytes: Uint8Array, { start, end, version }: RecordHeader, now: number): void {
    for (let at = start; at < end && readFragment(bytes, at, end, part) === undefined; ) {
      const from = at;
      at = part.end;
      this.#take({ ...part }, bytes, from, version, now);
    }
  }

  #take(of: Fragment, bytes: Uint8Array, from: number, version: number, now: number): void {
    const messages = this.#messages;
    if (messages === undefined) return;
    if (of.type === HandshakeType.helloVerifyRequest) this.#cookies?.note(bytes.subarray(of.start, of.end));
    if (of.messageSeq < messages.next) {
      // What the engine has had may make it repeat itself, and a hello may come in several fragments.
      this.#give(ContentType.handshake, version, bytes.subarray(from, of.end), now);
      return;
    }
    const refusal = messages.add(of, bytes);
    if (refusal !== undefined) {
      this.#request.output.dropped(refusal);
      return;
    }
    for (let message = messages.peek(); message !== undefined; message = messages.peek()) {
      const rank = RANK[message.type] ?? -1;
      if (!this.#canFollow(message.type, rank)) {
        this.#request.output.dropped('unexpectedMessage' satisfies Refusal);
        messages.reject();
        return;
      }
      this.#rank = rank;
      const { next } = messages;
      messages.accept();
      if (message.type !== HandshakeType.helloVerifyRequest) this.#cookies?.settle();
      this.#giveMessage(message, next, version, now);
      if (this.#messages !== messages) return;
    }
  }

  /** After a hello whatever comes later in the flights; a second hello only from a client, with its cookie. */
  #canFollow(type: number, rank: number): boolean {
    if (this.#rank < HELLO && rank > HELLO) return false;
    return rank > this.#rank || (rank === this.#rank && type === HandshakeType.clientHello);
  }

  /** In as few records as it fits. */
  #giveMessage({ type, body }: Message, messageSeq: number, version: number, now: number): void {
    let offset = 0;
    do {
      const length = Math.min(body.length - offset, LONGEST_FRAGMENT);
      const bytes = new Uint8Array(HANDSHAKE_HEADER + length);
      bytes.set([
        type,
        ...uint24(body.length),
        messageSeq >> 8,
        messageSeq & 0xff,
        ...uint24(offset),
        ...uint24(length),
      ]);
      bytes.set(body.subarray(offset, offset + length), HANDSHAKE_HEADER);
      this.#give(ContentType.handshake, version, bytes, now);
      offset += length;
    } while (offset < body.length);
  }

  #give(type: number, version: number, content: Uint8Array, now: number): void {
    const bytes = new Uint8Array(RECORD_HEADER + content.length);
    const sequence = this.#sequence++;
    bytes.set([type, version >> 8, version & 0xff]);
    bytes.set([sequence >>> 24, (sequence >>> 16) & 0xff, (sequence >>> 8) & 0xff, sequence & 0xff], SEQUENCE_LOW_AT);
    bytes.set([content.length >> 8, content.length & 0xff], RECORD_HEADER - 2);
    bytes.set(content, RECORD_HEADER);
    this.inner.receive(bytes, now);
  }

  /** With another random, so that nothing of the first attempt can be taken for the second. */
  #beginAnew(now: number): void {
    this.inner.destroy();
    this.#messages = new MessageReassembly(this.#max, 0);
    this.#rank = -1;
    this.#sequence = 0;
    this.inner = this.#make(this.#request);
    this.inner.start(now);
  }
}

/**
 * The first cookie is believed, and no engine takes another one. If a different one has come too, and nothing else in
 * two waits, the first was forged. It can be said once: whoever forges again is waited for as long as any handshake.
 */
class Cookies {
  #first: Uint8Array | undefined;
  #differ = false;
  #waits = 0;
  #settled = false;

  note(request: Uint8Array): void {
    if (this.#settled) return;
    if (this.#first === undefined) this.#first = request.slice();
    else if (Buffer.compare(this.#first, request) !== 0) this.#differ = true;
  }

  /** A wait is over. */
  isForged(): boolean {
    if (this.#settled || this.#first === undefined) return false;
    this.#waits += 1;
    if (!this.#differ || this.#waits < 2) return false;
    this.#settled = true;
    return true;
  }

  settle(): void {
    this.#settled = true;
  }
}

function uint24(value: number): readonly number[] {
  return [value >>> 16, (value >>> 8) & 0xff, value & 0xff];
}

const HELLO = 1;

/** Places in the flights of RFC 5246 §7.3; certificate_status follows the certificate (RFC 6066 §8). */
const RANK: Readonly<Record<number, number>> = {
  [HandshakeType.helloVerifyRequest]: 0,
  [HandshakeType.clientHello]: HELLO,
  [HandshakeType.serverHello]: HELLO,
  [HandshakeType.certificate]: 2,
  [HandshakeType.certificateStatus]: 3,
  [HandshakeType.serverKeyExchange]: 4,
  [HandshakeType.certificateRequest]: 5,
  [HandshakeType.serverHelloDone]: 6,
  [HandshakeType.newSessionTicket]: 7,
  [HandshakeType.clientKeyExchange]: 4,
  [HandshakeType.certificateVerify]: 5,
};

const record = recordHeader();
const part = fragment();
const MESSAGE_SEQ_AT = RECORD_HEADER + 4;
/** The low 32 of 48 bits; no handshake has more records. */
const SEQUENCE_LOW_AT = 7;
const LONGEST_FRAGMENT = 2 ** 14 - HANDSHAKE_HEADER;
const PSK_BYTES = 32_768;
const CERTIFICATE_BYTES = 163_840;
