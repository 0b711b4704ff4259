/**
 * A DTLS 1.2 PSK server for tests, without sockets and clocks: it does what a good server does, retransmission
 * included, and can be told to do what other servers do. Not a product: it trusts its peer.
 */

import { randomBytes } from 'node:crypto';
import { type Keys, serverKeys, uint } from './record-protection.ts';

export interface PskServerInit {
  readonly key: Uint8Array;
  /** Default 0xc0a8. */
  readonly ciphersuite?: number;
  /** Default `ask`: a HelloVerifyRequest before anything else. `renew`: the first cookie is no good. */
  readonly cookie?: 'ask' | 'none' | 'empty' | 'renew';
  readonly hint?: Uint8Array;
  /** Behind the compression method of ServerHello. */
  readonly extensions?: Uint8Array;
  readonly version?: number;
  /** Largest body of a handshake fragment. */
  readonly fragment?: number;
  /** How a flight is spread over datagrams and records; default `datagram`: all of it in one. */
  readonly packing?: 'datagram' | 'records' | 'oneRecord';
  /** Retransmission, milliseconds; default 1000. */
  readonly wait?: number;
  readonly send: (datagram: Buffer) => void;
}

interface Outgoing {
  readonly type: number;
  readonly epoch: 0 | 1;
  readonly body: Buffer;
}

export class PskServer {
  readonly messages: Buffer[] = [];
  /** Alerts that came, level and description. */
  readonly alerts: [number, number][] = [];
  identity: Buffer | undefined;
  established = false;
  deadline: number | undefined;
  readonly #init: PskServerInit;
  readonly #sequence: [number, number] = [0, 0];
  #cookies: Buffer[] = [];
  #helloSeq = -1;
  #clientRandom = Buffer.alloc(32);
  #serverRandom: Buffer = randomBytes(32);
  #transcript: Buffer[] = [];
  #flight: Outgoing[] = [];
  #exchange = new Map<number, Buffer>();
  #keys: Keys | undefined;
  #wait = 0;

  constructor(init: PskServerInit) {
    this.#init = init;
  }

  receive(datagram: Buffer, now: number): void {
    for (let at = 0; at + 13 <= datagram.length; ) {
      const end = at + 13 + datagram.readUInt16BE(at + 11);
      const header = datagram.subarray(at, at + 13);
      this.#record(header, datagram.subarray(at + 13, end), now);
      at = end;
    }
  }

  timeout(now: number): void {
    if (this.deadline === undefined || now < this.deadline) return;
    this.#wait *= 2;
    this.deadline = now + this.#wait;
    this.#sendFlight();
  }

  /** Protected application data, or whatever `type` says. */
  send(data: Uint8Array, { type = 23, skip = 0 }: { type?: number; skip?: number } = {}): void {
    this.#init.send(this.sealed(data, { type, skip }));
  }

  /** A protected record; `skip` numbers are left out before it. */
  sealed(data: Uint8Array, { type = 23, skip = 0 }: { type?: number; skip?: number } = {}): Buffer {
    this.#sequence[1] += skip;
    return this.#write({ type, epoch: 1, body: Buffer.from(data) });
  }

  /** A record in the clear. */
  plain(type: number, body: Uint8Array): Buffer {
    return this.#write({ type, epoch: 0, body: Buffer.from(body) });
  }

  #record(header: Buffer, fragment: Buffer, now: number): void {
    const type = header[0]!;
    if (header.readUInt16BE(3) === 0) {
      if (type === 22) this.#plainHandshake(header, fragment, now);
      if (type === 21) this.alerts.push([fragment[0]!, fragment[1]!]);
      return;
    }
    let opened: Buffer;
    try {
      opened = this.#keys!.open(header, fragment);
    } catch {
      return;
    }
    if (type === 22) this.#finished(opened);
    else if (type === 21) this.alerts.push([opened[0]!, opened[1]!]);
    else this.messages.push(opened);
  }

  #plainHandshake(header: Buffer, fragment: Buffer, now: number): void {
    const type = fragment[0];
    const seq = fragment.readUInt16BE(4);
    if (type === 1) this.#hello(header, fragment, seq, now);
    if (type === 16 && this.#helloSeq >= 0 && !this.established) this.#keyExchange(fragment);
  }

  #hello(header: Buffer, hello: Buffer, seq: number, now: number): void {
    if (seq === this.#helloSeq) {
      if (!this.established) this.#sendFlight();
      return;
    }
    const cookieAt = 12 + 35 + hello[12 + 34]!;
    const cookie = hello.subarray(cookieAt + 1, cookieAt + 1 + hello[cookieAt]!);
    if (!this.#accepts(cookie, seq)) {
      const fresh = this.#init.cookie === 'empty' ? Buffer.alloc(0) : randomBytes(20);
      this.#cookies.push(fresh);
      const body = Buffer.concat([uint(0xfeff, 2), uint(fresh.length, 1), fresh]);
      const record = this.#write({ type: 22, epoch: 0, body: message(3, 0, body) });
      // RFC 6347 §4.2.1: under the number of the record that it answers.
      header.copy(record, 5, 5, 11);
      this.#init.send(record);
      return;
    }
    this.#helloSeq = seq;
    hello.copy(this.#clientRandom, 0, 14, 46);
    const { ciphersuite = 0xc0a8, version = 0xfefd, extensions = Buffer.alloc(0), hint } = this.#init;
    const body = [uint(version, 2), this.#serverRandom, uint(0, 1), uint(ciphersuite, 2), uint(0, 1), extensions];
    const answers = [message(2, seq, Buffer.concat(body))];
    if (hint !== undefined) answers.push(message(12, seq + 1, Buffer.concat([uint(hint.length, 2), hint])));
    answers.push(message(14, seq + answers.length, Buffer.alloc(0)));
    this.#transcript = [hello, ...answers];
    this.#flight = answers.map((each) => ({ type: 22, epoch: 0, body: each }));
    this.#wait = this.#init.wait ?? 1000;
    this.deadline = now + this.#wait;
    this.#sendFlight();
  }

  #accepts(cookie: Buffer, seq: number): boolean {
    const { cookie: mode = 'ask' } = this.#init;
    if (mode === 'none') return true;
    if (mode === 'empty') return seq > 0;
    return this.#cookies.slice(mode === 'renew' ? 1 : 0).some((each) => each.equals(cookie));
  }

  #keyExchange(fragment: Buffer): void {
    const total = fragment.readUIntBE(1, 3);
    this.#exchange.set(fragment.readUIntBE(6, 3), fragment.subarray(12));
    const body = Buffer.concat([...this.#exchange].sort(([a], [b]) => a - b).map(([, part]) => part));
    if (body.length !== total || this.#keys !== undefined) return;
    this.identity = body.subarray(2);
    this.#transcript.push(message(16, fragment.readUInt16BE(4), body));
    const { key, ciphersuite = 0xc0a8 } = this.#init;
    this.#keys = serverKeys(ciphersuite, key, this.#clientRandom, this.#serverRandom);
  }

  #finished(opened: Buffer): void {
    if (!this.established) {
      const expected = this.#keys!.verifyData('client finished', this.#transcript);
      if (!expected.equals(opened.subarray(12))) return;
      this.#transcript.push(opened);
      const verify = this.#keys!.verifyData('server finished', this.#transcript);
      const seq = this.#helloSeq + this.#flight.length;
      this.#flight = [
        { type: 20, epoch: 0, body: Buffer.of(1) },
        { type: 22, epoch: 1, body: message(20, seq, verify) },
      ];
      this.established = true;
      this.deadline = undefined;
    }
    this.#sendFlight();
  }

  #sendFlight(): void {
    const { packing = 'datagram', send, fragment = 16_384 } = this.#init;
    const parts = this.#flight.flatMap((each) => (each.type === 22 ? fragments(each, fragment) : [each]));
    const whole = parts.length > 1 && parts.every(({ epoch }) => epoch === 0) && packing === 'oneRecord';
    const records = whole
      ? [this.#write({ type: 22, epoch: 0, body: Buffer.concat(parts.map(({ body }) => body)) })]
      : parts.map((part) => this.#write(part));
    if (packing === 'records') for (const record of records) send(record);
    else send(Buffer.concat(records));
  }

  #write({ type, epoch, body }: Outgoing): Buffer {
    const header = Buffer.concat([uint(type, 1), uint(0xfefd, 2), uint(epoch, 2), uint(this.#sequence[epoch]++, 6)]);
    const sealed = epoch === 0 ? body : this.#keys!.seal(header, body);
    return Buffer.concat([header, uint(sealed.length, 2), sealed]);
  }
}

/** A whole handshake message. */
export function message(type: number, seq: number, body: Buffer): Buffer {
  return Buffer.concat([uint(type, 1), uint(body.length, 3), uint(seq, 2), uint(0, 3), uint(body.length, 3), body]);
}

function fragments(part: Outgoing, limit: number): Outgoing[] {
  const body = part.body.subarray(12);
  if (body.length <= limit) return [part];
  const parts: Outgoing[] = [];
  for (let at = 0; at < body.length; at += limit) {
    const piece = body.subarray(at, at + limit);
    const header = Buffer.concat([part.body.subarray(0, 6), uint(at, 3), uint(piece.length, 3)]);
    parts.push({ ...part, body: Buffer.concat([header, piece]) });
  }
  return parts;
}
