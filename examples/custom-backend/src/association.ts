/**
 * A DTLS 1.2 association with a pre-shared key, client or server (RFC 6347), without sockets and clocks: records in and
 * out, alerts, application data. No renegotiation, no resumption. A reference for backend authors, not for production.
 */

import type {
  Alert,
  Association,
  AssociationInfo,
  AssociationRequest,
  EngineErrorInit,
  NeedAnswer,
  Phase,
  Silence,
} from '@avs-net/core/plugin';
import { CLOSE_NOTIFY, describeAlert, readAlert, writeAlert } from './alert-message.ts';
import type { Ciphersuite } from './ciphersuite.ts';
import { type FlightItem, packFlight } from './flight.ts';
import { Handshake, type HandshakeHost } from './handshake.ts';
import { readFragments } from './handshake-message.ts';
import { HeldRecords } from './held-records.ts';
import type { HandshakeRole, Negotiation } from './negotiation.ts';
import * as record from './record.ts';
import { RecordLayer, type TrafficKeys } from './record-layer.ts';

export class PskAssociation implements Association, HandshakeHost {
  readonly #request: AssociationRequest;
  readonly #suites: readonly Ciphersuite[];
  readonly #records: RecordLayer;
  readonly #handshake: Handshake;
  readonly #held = new HeldRecords();
  #phase: Phase = 'handshake';
  #suite: Ciphersuite | undefined;
  #writeEpoch: 0 | 1 = 0;
  /** Something has changed that makes held records readable. */
  #mayRelease = false;
  now = 0;

  constructor(
    request: AssociationRequest,
    suites: readonly Ciphersuite[],
    role: (negotiation: Negotiation) => HandshakeRole,
  ) {
    this.#request = request;
    this.#suites = suites;
    const opening = request.opening === undefined ? undefined : record.readRecord(request.opening.hello, 0);
    // RFC 6347 §4.2.1: the ServerHello goes on where the verified ClientHello stood.
    this.#records = new RecordLayer(opening?.sequence ?? 0);
    this.#handshake = new Handshake(this, request.handshakeTimeouts, role);
  }

  get phase(): Phase {
    return this.#phase;
  }

  get deadline(): number | undefined {
    return this.#handshake.deadline;
  }

  start(now: number): void {
    this.now = now;
    const { opening } = this.#request;
    if (opening === undefined) {
      this.#handshake.start();
      return;
    }
    const hello = record.readRecord(opening.hello, 0);
    const fragment = hello === undefined ? undefined : readFragments(hello.fragment)?.[0];
    if (fragment !== undefined) {
      this.#handshake.restart(fragment.sequence);
      this.#handshake.fragment(fragment, 0);
    }
    if (this.#phase === 'closed' || this.#handshake.deadline !== undefined) return;
    this.failed({ code: 'EPROTO', message: 'the opening does not hold one whole ClientHello' });
  }

  receive(datagram: Uint8Array, now: number): void {
    this.now = now;
    this.#readAll(datagram);
    this.#releaseHeld();
  }

  send(message: Uint8Array, now: number): void {
    this.now = now;
    if (this.#phase !== 'established') {
      throw this.#request.error({ code: 'ENOTCONN', message: `nothing can be sent, the phase is ${this.#phase}` });
    }
    if (message.length > record.LARGEST_FRAGMENT) {
      const text = `a message has at most ${record.LARGEST_FRAGMENT} bytes (RFC 5246), received ${message.length}`;
      throw this.#request.error({ code: 'EMSGSIZE', message: text });
    }
    if (this.#records.isExhausted) {
      this.failed({ code: 'EPROTO', message: 'all record numbers are used up; close and connect anew' });
    }
    this.#request.output.datagram(this.#records.write(record.APPLICATION_DATA, 1, message));
  }

  timeout(now: number): void {
    this.now = now;
    this.#handshake.timeout();
  }

  answer(id: number, answer: NeedAnswer, now: number): void {
    if (id !== PSK_NEED || this.#phase !== 'handshake') return;
    this.now = now;
    this.#handshake.answer(answer);
    this.#releaseHeld();
  }

  shutdown(now: number): void {
    if (this.#phase === 'closed') return;
    this.now = now;
    this.#end(describeAlert('warning', CLOSE_NOTIFY, 'local'));
  }

  silence(): Silence {
    return this.#handshake.silence;
  }

  maxMessage(lowerLimit: number): number {
    const suites = this.#suite === undefined ? this.#suites : [this.#suite];
    const room = lowerLimit - Math.max(...suites.map(record.overhead));
    return Math.max(0, Math.min(room, record.LARGEST_FRAGMENT));
  }

  info(): AssociationInfo {
    return this.#handshake.info;
  }

  destroy(): void {
    this.#phase = 'closed';
    this.#handshake.stop();
    this.#records.destroy();
    this.#held.release();
  }

  // HandshakeHost: what the handshake asks for.

  transmit(flight: readonly FlightItem[], attempt: number): void {
    const mtu = this.#request.lowerMtu ?? DEFAULT_MTU;
    // Twice without an answer: the path may swallow large datagrams.
    const limit = attempt > 2 ? Math.min(mtu, SMALL_MTU) : mtu;
    if (flight.includes('changeCipherSpec')) this.#writeEpoch = 1;
    for (const datagram of packFlight(flight, this.#records, limit)) this.#request.output.datagram(datagram);
  }

  protect(suite: Ciphersuite, keys: TrafficKeys): void {
    this.#suite = suite;
    this.#records.protect(suite, keys);
    this.#mayRelease = true;
  }

  need(identity: Uint8Array): void {
    this.#request.output.need(PSK_NEED, { kind: 'psk', identity });
  }

  established(): void {
    this.#phase = 'established';
    this.#mayRelease = true;
    this.#request.output.established();
  }

  failed({ code, message, alert, library, cause }: EngineErrorInit): void {
    if (this.#phase === 'closed') return;
    if (alert?.origin === 'local') this.#sendAlert(alert);
    const error = this.#request.error({ code, message, alert, library, cause });
    this.destroy();
    this.#request.output.failed(error);
  }

  dropped(reason: string): void {
    this.#request.output.dropped(reason);
  }

  flightSent(attempt: number, waitMs: number): void {
    this.#request.output.trace?.({ type: 'flight', attempt, waitMs });
  }

  #readAll(datagram: Uint8Array): void {
    let offset = 0;
    while (offset < datagram.length && this.#phase !== 'closed') {
      const next = record.readRecord(datagram, offset);
      if (next === undefined) {
        this.dropped('truncatedRecord');
        return;
      }
      offset += next.bytes.length;
      this.#readRecord(next);
    }
  }

  #readRecord(next: record.DtlsRecord): void {
    const { epoch, type, version } = next;
    // RFC 6347 §4.2.1: a hello and its answer may still carry the number of DTLS 1.0.
    const isKnown = version === record.DTLS_1_2 || (epoch === 0 && version === record.DTLS_1_0);
    const isEarly = epoch === 1 && !this.#records.isProtected;
    // Not before Finished has shown that nobody has tampered with the handshake.
    const isEarlyData = epoch === 1 && type === record.APPLICATION_DATA && this.#phase === 'handshake';
    if (!isKnown) this.dropped('recordVersion');
    else if (epoch > 1 || (epoch === 0 && this.#phase === 'established')) this.dropped('wrongEpoch');
    else if (isEarly || isEarlyData || this.#handshake.isAwaitingKey) this.#hold(next);
    else if (epoch === 0) this.#readPlain(next);
    else {
      const payload = this.#records.read(next);
      if (typeof payload === 'string') this.dropped(payload);
      else this.#readProtected(type, payload);
    }
  }

  #readPlain({ type, fragment }: record.DtlsRecord): void {
    if (type === record.HANDSHAKE) this.#readHandshake(fragment, 0);
    else if (type === record.ALERT) this.#readPlainAlert(readAlert(fragment));
    // change_cipher_spec says nothing that the epoch of the next record does not say, and better.
    else if (type !== record.CHANGE_CIPHER_SPEC) this.dropped('plaintext');
  }

  #readPlainAlert(alert: Alert | undefined): void {
    if (alert === undefined || (alert.level === 'warning' && alert.description !== CLOSE_NOTIFY)) {
      this.dropped('plainAlert');
    } else {
      const message = `the peer ended the handshake with alert ${alert.name} (${alert.description})`;
      this.#handshake.doubt({ code: 'EPROTO', message, alert });
    }
  }

  #readProtected(type: number, payload: Uint8Array): void {
    if (type === record.HANDSHAKE) this.#readHandshake(payload, 1);
    else if (type === record.ALERT) this.#readAlert(readAlert(payload));
    else if (type !== record.APPLICATION_DATA) this.dropped('recordType');
    else {
      this.#handshake.confirmed();
      if (payload.length > 0) this.#request.output.message(payload);
      else this.dropped('emptyMessage');
    }
  }

  #readAlert(alert: Alert | undefined): void {
    if (alert?.description === CLOSE_NOTIFY) this.#end(alert);
    else if (alert?.level === 'fatal') {
      const message = `the peer ended the association with alert ${alert.name} (${alert.description})`;
      this.failed({ code: 'EPROTO', message, alert });
    } else this.dropped('warningAlert');
  }

  #readHandshake(payload: Uint8Array, epoch: number): void {
    const fragments = readFragments(payload);
    if (fragments === undefined) this.dropped('malformedHandshake');
    else for (const fragment of fragments) if (this.#phase !== 'closed') this.#handshake.fragment(fragment, epoch);
  }

  #hold(next: record.DtlsRecord): void {
    if (!this.#held.hold(next)) this.dropped('heldRecords');
  }

  #releaseHeld(): void {
    while (this.#mayRelease) {
      this.#mayRelease = false;
      for (const bytes of this.#held.release()) this.#readAll(bytes);
    }
  }

  /** The association ends in order; RFC 5246 §7.2.1: close_notify is answered with close_notify. */
  #end(alert: Alert): void {
    if (this.#phase === 'established') this.#sendAlert(describeAlert('warning', CLOSE_NOTIFY, 'local'));
    this.destroy();
    this.#request.output.closed(alert);
  }

  #sendAlert(alert: Alert): void {
    this.#request.output.datagram(this.#records.write(record.ALERT, this.#writeEpoch, writeAlert(alert)));
  }
}

const PSK_NEED = 1;
/** Where nothing is known of the path: what IPv6 carries at least, less its headers. */
const DEFAULT_MTU = 1_232;
const SMALL_MTU = 256;
