/**
 * The record filter: an association around an association that lets no datagram through which can be refused without
 * keys. Judges records one by one, in place, and counts what it refuses; a datagram without fault is handed on as is.
 * Decrypts nothing, reassembles nothing, and leaves addresses to the socket below.
 */

import type {
  Alert,
  Association,
  AssociationRequest,
  CertificateServerInfo,
  EngineErrorInit,
  Need,
  NeedAnswer,
  NetError,
  Output,
  Phase,
  Silence,
  TraceEvent,
} from '@avs-net/core/plugin';
import { describeHint } from './alert-advice.ts';
import { AssociationLayer, behindHandshake } from './association-layer.ts';
import type { ConnectionIds } from './connection-ids.ts';
import { fragment, readFragment } from './handshake-fragment.ts';
import { HandshakeLimits } from './handshake-limits.ts';
import { HandshakeRules } from './handshake-rules.ts';
import { PlaintextAlert } from './plaintext-alert.ts';
import { ProtectedRules, UNNAMED_SUITE } from './protected-rules.ts';
import { ContentType, RECORD_HEADER, type RecordHeader, readRecord, recordHeader } from './record.ts';
import type { Refusal } from './refusal.ts';

export type MakeAssociation = (request: AssociationRequest) => Association;

export interface FilterRules {
  /** False: only PSK suites can be negotiated, so that no certificate message is let through. Default true. */
  readonly certificates?: boolean;
  /**
   * True: the engine keeps a bounded amount of what nobody has authenticated, gets over fragments that contradict each
   * other, and tries protected handshake records however many come. The filter then rations nothing on its behalf, so
   * that no forged datagram can take the place of a genuine one. Default false.
   */
  readonly boundedEngine?: boolean;
  /**
   * True: what is behind the filter is `ordered`. Fragments and announcements are not rationed then, protected records
   * ahead of their turn still are. Default false.
   */
  readonly reassembled?: boolean;
  /** Makes the id of a request that has none, which are those of clients: a listener gives each peer its own. */
  readonly connectionIds?: ConnectionIds | undefined;
}

/**
 * What `make` makes, behind the filter. `make` gets the request with an output of the filter's own, and with an id if
 * ids are to be negotiated. Reasons given to `output.dropped` are keys of `REFUSALS`.
 */
export function filtered(request: AssociationRequest, make: MakeAssociation, rules: FilterRules = {}): Association {
  const { connectionIds } = rules;
  const needsId = connectionIds !== undefined && request.connectionId === undefined && request.continued === undefined;
  return new RecordFilter(needsId ? { ...request, connectionId: connectionIds.make() } : request, make, rules);
}

class RecordFilter extends AssociationLayer implements Required<Output> {
  readonly #output: Output;
  readonly #protected = new ProtectedRules();
  /** Bytes of the ids on records that come in, if they have one. */
  readonly #idLength: number;
  /** Undefined once established. */
  #handshake: Handshake | undefined;
  #learned = false;
  #receiving = false;
  /** What the engine sends comes of the application's answer, which may take effect later. */
  #answered = false;
  /** Something came of the datagram that the engine has. */
  #heeded = false;
  #over = false;

  constructor(request: AssociationRequest, make: MakeAssociation, rules: FilterRules) {
    super();
    this.#output = request.output;
    const { certificates = true, boundedEngine, reassembled, connectionIds } = rules;
    this.#idLength = request.connectionId?.length ?? connectionIds?.length ?? 0;
    const limits = new HandshakeLimits({ role: request.role, certificates, boundedEngine, reassembled });
    // The hello that is adopted counts as received: a fragment that contradicts it is refused.
    const hello = request.opening?.hello;
    if (hello !== undefined && readFragment(hello, RECORD_HEADER, hello.length, part) === undefined) limits.admit(part);
    this.#handshake = {
      rules: new HandshakeRules(limits, this.#protected, request.connectionId),
      alert: new PlaintextAlert(request.handshakeTimeouts.min),
      error: request.error,
    };
    this.inner = make({ ...request, output: this });
  }

  override get phase(): Phase {
    return this.#over ? 'closed' : this.inner.phase;
  }

  override get deadline(): number | undefined {
    if (this.#over) return undefined;
    const grace = this.#handshake?.alert.deadline;
    const { deadline } = this.inner;
    return grace === undefined ? deadline : deadline === undefined ? grace : Math.min(grace, deadline);
  }

  /** Messages that are announced and early records are kept by the engine, on behalf of whoever sent them. */
  override get halfOpenBytes(): number {
    return super.halfOpenBytes + (this.#handshake?.rules.keptBytes ?? 0);
  }

  override receive(bytes: Uint8Array, now: number): void {
    if (bytes.length === 0) {
      this.#output.dropped('emptyDatagram' satisfies Refusal);
      return;
    }
    this.#handshake?.rules.begin();
    let goodFrom = 0;
    let at = 0;
    while (at < bytes.length) {
      const broken = readRecord(bytes, at, record, this.#idLength);
      const end = broken === undefined ? record.end : bytes.length;
      const refusal = broken ?? this.#judge(bytes, record, now);
      if (refusal !== undefined) {
        if (goodFrom < at) this.#pass(bytes.subarray(goodFrom, at), now);
        this.#output.dropped(refusal);
        goodFrom = end;
      }
      at = end;
    }
    if (goodFrom === 0) this.#pass(bytes, now);
    else if (goodFrom < bytes.length) this.#pass(bytes.subarray(goodFrom), now);
  }

  override timeout(now: number): void {
    if (this.#over) return;
    const handshake = this.#handshake;
    const grace = handshake?.alert.deadline;
    if (grace !== undefined && now >= grace) {
      this.#over = true;
      this.#output.failed(handshake!.error(refusedBy(handshake!.alert.last!)));
      return;
    }
    const { deadline } = this.inner;
    this.#answered = false;
    if (handshake !== undefined && deadline !== undefined && now >= deadline) {
      handshake.rules.renew();
      this.#answered = handshake.alert.resume(now);
    }
    this.inner.timeout(now);
  }

  override answer(id: number, answer: NeedAnswer, now: number): void {
    if (this.#over) return;
    this.#resume(id, now);
    super.answer(id, answer, now);
  }

  override answerName(id: number, credential: CertificateServerInfo | undefined, now: number): void {
    if (this.#over) return;
    this.#resume(id, now);
    super.answerName(id, credential, now);
  }

  override shutdown(now: number): void | Promise<void> {
    return this.#over ? undefined : super.shutdown(now);
  }

  override silence(now: number): Silence | undefined {
    const hint = this.#handshake?.alert.last;
    return hint === undefined ? super.silence(now) : { message: describeHint(hint), alert: hint };
  }

  // What the engine reports.

  datagram(bytes: Uint8Array): void | Promise<void> {
    if (this.#over) return undefined;
    this.#heeded = true;
    if (this.#receiving || this.#answered) this.#handshake?.alert.progress();
    return this.#output.datagram(bytes);
  }

  message(bytes: Uint8Array): void {
    this.#heeded = true;
    if (!this.#over) this.#output.message(bytes);
  }

  established(): void {
    if (this.#over) return;
    this.#handshake = undefined;
    // Undefined while the engine is being made.
    if (this.inner !== undefined) this.inner = behindHandshake(this.inner);
    this.#output.established();
  }

  closed(alert?: Alert): void {
    this.#heeded = true;
    if (this.#over) return;
    this.#over = true;
    this.#output.closed(alert);
  }

  failed(error: NetError): void {
    this.#heeded = true;
    if (this.#over) return;
    this.#over = true;
    const handshake = this.#handshake;
    const hint = error.code === 'ETIMEDOUT' ? handshake?.alert.last : undefined;
    this.#output.failed(hint === undefined ? error : handshake!.error(refusedBy(hint, error)));
  }

  need(id: number, what: Need): void {
    if (this.#over) return;
    this.#handshake?.alert.rest(id);
    this.#output.need(id, what);
  }

  session(session: Uint8Array): void {
    if (!this.#over) this.#output.session?.(session);
  }

  dropped(reason: string): void {
    this.#heeded = true;
    this.#output.dropped(reason);
  }

  trace(event: TraceEvent): void {
    this.#heeded = true;
    this.#output.trace?.(event);
  }

  #resume(need: number, now: number): void {
    if (this.#handshake?.alert.resume(now, need)) this.#answered = true;
  }

  #judge(bytes: Uint8Array, header: RecordHeader, now: number): Refusal | undefined {
    if (this.#over) return 'afterEnd';
    const handshake = this.#handshake;
    if (handshake !== undefined) {
      if (header.epoch === 0 && header.type === ContentType.alert) return handshake.alert.note(bytes, header, now);
      return handshake.rules.judge(bytes, header, this.inner);
    }
    // RFC 6347 §4.2.4: whoever sent the last flight repeats it when the Finished of the peer comes again, and that is
    // protected; so nothing in the clear is needed any more.
    if (header.epoch === 0) return 'plaintext';
    if (!this.#learned) {
      this.#learned = true;
      this.#protected.learn(this.inner.info(), UNNAMED_SUITE);
    }
    return this.#protected.judge(bytes, header);
  }

  #pass(bytes: Uint8Array, now: number): void {
    if (this.#over) return;
    const established = this.#handshake === undefined;
    this.#receiving = true;
    this.#heeded = false;
    try {
      this.inner.receive(bytes, now);
    } finally {
      this.#receiving = false;
    }
    // What the engine says nothing about it could not authenticate, or had before.
    if (established && !this.#heeded) this.#output.dropped('discarded' satisfies Refusal);
  }
}

/** What is needed until the end of the handshake, and not kept longer. */
interface Handshake {
  readonly rules: HandshakeRules;
  readonly alert: PlaintextAlert;
  readonly error: AssociationRequest['error'];
}

function refusedBy(alert: Alert, cause?: NetError): EngineErrorInit {
  const then = cause === undefined ? 'and answered nothing else' : 'and the handshake did not complete in time';
  return { code: 'EPROTO', message: describeHint(alert, then), alert, cause };
}

const record = recordHeader();
const part = fragment();
