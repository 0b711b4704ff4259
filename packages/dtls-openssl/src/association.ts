/**
 * One association on OpenSSL: hands bytes to the native connection and tells what came of them (RFC 6347). It keeps no
 * copy of anything, knows no socket and no clock; who may speak to it is the record filter's business.
 */

import {
  type Association,
  type AssociationInfo,
  type AssociationRequest,
  type CertificateServerInfo,
  type NeedAnswer,
  type Phase,
  type Silence,
  wipe,
} from '@avs-net/core/plugin';
import { associationInfo, isRecordLayers, largestMessage } from './association-info.ts';
import { OpensslContinuation } from './continuation.ts';
import { describeAddonError, describeFailure, describeRefusal } from './failure.ts';
import { borrowArena, DROP_REASONS, FRAME_HEADER, FrameKind, NO_TIMER, readUint32, returnArena } from './frames.ts';
import { type KeyLog, logKey } from './key-log.ts';
import { HALF_OPEN_BYTES, MAX_MESSAGE, MAX_PSK_KEY } from './limits.ts';
import { answerName, NAME_NEED, NameQuestion, type NameServing, PATIENCE, SESSION_NEED } from './name-question.ts';
import type { NameChoice } from './named-contexts.ts';
import type { Addon } from './native.ts';
import { outsideHeap } from './outside-heap.ts';
import { SeenAlerts } from './seen-alerts.ts';
import { isNewSession } from './session-scope.ts';
import { describeSilence } from './silence.ts';

/** What it does beside carrying bytes: only where it is configured. */
export interface AssociationExtras {
  readonly keylog?: KeyLog | undefined;
  readonly names?: NameServing | undefined;
}

export class OpensslAssociation implements Association {
  // What every record needs comes first and stands close together: with many peers it is in no cache any more.
  #phase: Phase = 'handshake';
  readonly #addon: Addon;
  /** 0 once destroyed. */
  #handle: number;
  readonly #output: AssociationRequest['output'];
  #name: NameQuestion | undefined;
  #deadline: number | undefined;
  readonly halfOpenBytes: number = HALF_OPEN_BYTES;
  readonly #error: AssociationRequest['error'];
  readonly #role: AssociationRequest['role'];
  /** Undefined once they are used. */
  #hello: Uint8Array | undefined;
  #offered: Uint8Array | undefined;
  /** From the first alert on. */
  #alerts: SeenAlerts | undefined;
  /** What the handshake rests for, until `answer(SESSION_NEED, …)` or `answerName`. */
  #asking: 'session' | 'name' | undefined;
  /** Whether the peer is to put an id of ours on its records. */
  readonly #hasOwnId: boolean;
  /** Goes on from another one's state. */
  readonly #continued: boolean;
  #continuation: OpensslContinuation | undefined;
  readonly #keylog: KeyLog | undefined;

  /** Owns `handle`, an association of `addon`. */
  constructor(addon: Addon, handle: number, request: AssociationRequest, extras: AssociationExtras = {}) {
    this.#addon = addon;
    this.#handle = handle;
    this.#hello = request.opening?.hello;
    this.#offered = request.session;
    this.#output = request.output;
    this.#error = request.error;
    this.#role = request.role;
    this.#continued = request.continued !== undefined;
    const id = this.#continued ? addon.info(handle).ownId : request.connectionId;
    this.#hasOwnId = id !== undefined && id.length > 0;
    this.#keylog = extras.keylog;
    this.#name = extras.names && new NameQuestion(extras.names, request, (...of) => this.#serve(...of));
  }

  get phase(): Phase {
    return this.#phase;
  }

  get deadline(): number | undefined {
    return this.#name?.readyAt ?? this.#deadline;
  }

  start(now: number): void {
    const arena = borrowArena();
    const hello = this.#hello;
    this.#hello = undefined;
    this.#report(arena, this.#addon.start(this.#handle, hello, arena), now);
  }

  receive(bytes: Uint8Array, now: number): void {
    // OpenSSL takes an empty datagram for the end of everything; it carries nothing.
    if (this.#phase === 'closed' || bytes.length === 0) return;
    const arena = borrowArena();
    this.#report(arena, this.#addon.receive(this.#handle, bytes, arena), now);
  }

  send(message: Uint8Array, now: number): void {
    if (this.#phase !== 'established' || message.length === 0 || message.length > MAX_MESSAGE) {
      throw this.#error(describeRefusal(this.#phase, message.length, MAX_MESSAGE));
    }
    const arena = borrowArena();
    let used: number;
    try {
      used = this.#addon.send(this.#handle, outsideHeap(message), arena);
    } catch (cause) {
      returnArena(arena);
      throw this.#error(describeAddonError(cause));
    }
    this.#report(arena, used, now);
  }

  timeout(now: number): void {
    if (this.#phase !== 'handshake') return;
    if (this.#asking !== undefined) {
      if (now < (this.deadline ?? now)) return;
      if (this.#asking === 'name') this.#name?.settle(now);
      else this.#answerSession(undefined, now);
      return;
    }
    const arena = borrowArena();
    this.#report(arena, this.#addon.timeout(this.#handle, arena), now);
  }

  /** Server: the key for the ClientKeyExchange that is handed in next, or of the session that is to be resumed. */
  answer(id: number, key: NeedAnswer, now: number): void {
    if (this.#handle === 0) return;
    // A key that OpenSSL cannot hold is one that nobody can prove to have.
    const usable = key !== undefined && key.length > 0 && key.length <= MAX_PSK_KEY ? key : undefined;
    if (id === SESSION_NEED) this.#answerSession(usable, now);
    else this.#addon.answerPsk(this.#handle, usable);
  }

  /** Server: the credential of the name that the peer asked for. */
  answerName(id: number, credential: CertificateServerInfo | undefined, now: number): void {
    if (id === NAME_NEED) this.#name?.answer(credential, now);
  }

  /** RFC 5705; without extended master secret not to be used for authentication (RFC 7627 §5.4). */
  exportKeyingMaterial(label: string, length: number, context?: Uint8Array): Uint8Array {
    return this.#addon.exportKeyingMaterial(this.#handle, label, length, context);
  }

  shutdown(now: number): void {
    if (this.#phase === 'closed') return;
    const arena = borrowArena();
    this.#report(arena, this.#addon.shutdown(this.#handle, arena), now);
  }

  silence(): Silence | undefined {
    if (this.#phase !== 'handshake' || this.#handle === 0) return undefined;
    const last = this.#addon.lastMessages(this.#handle);
    return { message: describeSilence(this.#role, last >> 8, last & 0xff) };
  }

  maxMessage(lowerLimit: number): number {
    if (this.#phase !== 'established') return 0;
    return Math.min(MAX_MESSAGE, largestMessage(this.#addon.info(this.#handle), lowerLimit));
  }

  get newest(): number | undefined {
    if (!this.#hasOwnId || this.#phase !== 'established') return undefined;
    const newest = this.#addon.newestRecord(this.#handle);
    return newest < 0 ? undefined : newest;
  }

  /** Those of a CBC suite are OpenSSL's and cannot leave it. */
  get continuation(): OpensslContinuation | undefined {
    if (this.#phase !== 'established') return undefined;
    if (this.#continuation === undefined) {
      if (!isRecordLayers(this.#addon.info(this.#handle))) return undefined;
      this.#continuation = new OpensslContinuation(this.#addon, this.#handle);
    }
    return this.#continuation;
  }

  info(): AssociationInfo {
    if (this.#handle === 0) return {};
    const certificates = this.#phase === 'established' ? this.#addon.peerCertificates(this.#handle) : [];
    const info = associationInfo(this.#addon.info(this.#handle), certificates);
    return this.#continued ? { ...info, continued: true } : info;
  }

  destroy(): void {
    if (this.#handle !== 0) this.#addon.destroyAssociation(this.#handle);
    this.#handle = 0;
    this.#end();
  }

  /** Passes on the `used` bytes of frames in `arena`, and gives it back. */
  #report(arena: Uint8Array, used: number, now: number): void {
    try {
      for (let at = 0; at < used && this.#handle !== 0; ) {
        const from = at + FRAME_HEADER;
        const to = from + (arena[at + 2]! | (arena[at + 3]! << 8));
        this.#frame(arena[at]!, arena.subarray(from, to), now);
        at = to;
      }
    } finally {
      returnArena(arena);
    }
  }

  #frame(kind: number, payload: Uint8Array, now: number): void {
    const output = this.#output;
    switch (kind) {
      case FrameKind.datagram:
        output.datagram(payload);
        break;
      case FrameKind.message:
        output.message(payload);
        break;
      case FrameKind.timer: {
        const wait = readUint32(payload, 0);
        this.#deadline = wait === NO_TIMER ? undefined : now + wait;
        break;
      }
      case FrameKind.flight:
        output.trace?.({ type: 'flight', attempt: readUint32(payload, 0), waitMs: readUint32(payload, 4) });
        break;
      case FrameKind.alert:
        this.#alerts ??= new SeenAlerts();
        output.trace?.({ type: 'alert', alert: this.#alerts.see(payload) });
        break;
      case FrameKind.established:
        this.#phase = 'established';
        this.#deadline = undefined;
        this.#name = undefined;
        output.established();
        break;
      case FrameKind.session:
        if (isNewSession(payload, this.#offered)) output.session?.(payload);
        this.#offered = undefined;
        wipe(payload);
        break;
      case FrameKind.dropped:
        output.dropped(DROP_REASONS[payload[0]!]!);
        break;
      case FrameKind.closed:
        this.#end();
        output.closed(this.#alerts?.goodbye);
        break;
      case FrameKind.failed: {
        const established = this.#phase === 'established';
        this.#end();
        const context = { role: this.#role, established, alert: this.#alerts?.reason };
        output.failed(this.#error(describeFailure(payload, context)));
        break;
      }
      case FrameKind.lost:
        output.trace?.({ type: 'datagram-lost' });
        break;
      case FrameKind.keyLog:
        logKey(payload, this.#keylog, output);
        break;
      case FrameKind.sessionClaim:
        this.#rest('session', now);
        output.need(SESSION_NEED, { kind: 'psk', identity: payload });
        break;
      case FrameKind.serverName:
        this.#rest('name', now);
        this.#name?.ask(payload, now);
        break;
    }
  }

  #rest(asking: 'session' | 'name', now: number): void {
    this.#asking = asking;
    this.#deadline = now + PATIENCE;
  }

  /** Whether it rested for just that. */
  #goesOn(asked: 'session' | 'name'): boolean {
    if (this.#asking !== asked || this.#phase !== 'handshake') return false;
    this.#asking = undefined;
    this.#deadline = undefined;
    return true;
  }

  /** Undefined: nobody serves the name. */
  #serve(choice: NameChoice | undefined, now: number): void {
    if (!this.#goesOn('name')) return;
    const arena = borrowArena();
    this.#report(arena, answerName(this.#addon, this.#handle, choice, arena, this.#output), now);
  }

  #answerSession(key: NeedAnswer, now: number): void {
    if (!this.#goesOn('session')) return;
    const arena = borrowArena();
    this.#report(arena, this.#addon.answerSession(this.#handle, key, arena), now);
  }

  #end(): void {
    this.#phase = 'closed';
    this.#deadline = undefined;
    this.#name?.close();
  }
}
