/**
 * One association on OpenSSL: hands bytes to the native connection and tells what came of them (RFC 6347). It keeps no
 * copy of anything, knows no socket and no clock; who may speak to it is the record filter's business.
 */

import {
  type Alert,
  type Association,
  type AssociationInfo,
  type AssociationRequest,
  alert,
  type CertificateServerInfo,
  CLOSE_NOTIFY,
  findCiphersuite,
  maxPayload,
  type NeedAnswer,
  type Phase,
  type SecureConfiguration,
  type Silence,
  wipe,
} from '@avs-net/core/plugin';
import { describeFailure, describeRefusal } from './failure.ts';
import { borrowArena, FRAME_HEADER, FrameKind, NO_TIMER, readUint32, returnArena } from './frames.ts';
import { NAME_NEED, NameQuestion, type NameServing, NOBODY } from './name-question.ts';
import type { NameChoice } from './named-contexts.ts';
import type { Addon } from './native.ts';
import { describeSilence } from './silence.ts';
import { VERSION_NAMES } from './versions.ts';

/** What it does beside carrying bytes: only where it is configured. */
export interface AssociationExtras {
  readonly session?: SecureConfiguration['session'] | undefined;
  readonly keylog?: SecureConfiguration['keylog'] | undefined;
  readonly names?: NameServing | undefined;
}

export class OpensslAssociation implements Association {
  readonly #addon: Addon;
  readonly #request: AssociationRequest;
  /** 0 once destroyed. */
  #handle: number;
  #phase: Phase = 'handshake';
  #deadline: number | undefined;
  #peerAlert: Alert | undefined;
  #localAlert: Alert | undefined;
  /** What the handshake rests for, until `answer(SESSION_NEED, …)` or `answerName`. */
  #asking: 'session' | 'name' | undefined;
  readonly #name: NameQuestion | undefined;

  readonly #keepsSession: boolean;
  readonly #keylog: ((line: string) => void) | undefined;

  /** Owns `handle`, an association of `addon`. */
  constructor(addon: Addon, handle: number, request: AssociationRequest, extras: AssociationExtras = {}) {
    this.#addon = addon;
    this.#handle = handle;
    this.#request = request;
    this.#keepsSession = request.role === 'client' && extras.session !== undefined;
    this.#keylog = extras.keylog;
    this.#name = extras.names && new NameQuestion(extras.names, request, (...of) => this.#serve(...of));
  }

  get phase(): Phase {
    return this.#phase;
  }

  get deadline(): number | undefined {
    return this.#deadline;
  }

  start(now: number): void {
    const arena = borrowArena();
    this.#report(arena, this.#addon.start(this.#handle, this.#request.opening?.hello, arena), now);
  }

  receive(bytes: Uint8Array, now: number): void {
    // OpenSSL takes an empty datagram for the end of everything; it carries nothing.
    if (this.#phase === 'closed' || bytes.length === 0) return;
    const arena = borrowArena();
    this.#report(arena, this.#addon.receive(this.#handle, bytes, arena), now);
  }

  send(message: Uint8Array, now: number): void {
    if (this.#phase !== 'established' || message.length === 0 || message.length > MAX_MESSAGE) {
      throw this.#request.error(describeRefusal(this.#phase, message.length, MAX_MESSAGE));
    }
    const arena = borrowArena();
    this.#report(arena, this.#addon.send(this.#handle, message, arena), now);
  }

  timeout(now: number): void {
    if (this.#phase !== 'handshake') return;
    if (this.#asking !== undefined) {
      if (now < (this.#deadline ?? now)) return;
      this.#serve(undefined, now);
      this.#answerSession(undefined, now);
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
    return { message: describeSilence(this.#request.role, last >> 8, last & 0xff) };
  }

  maxMessage(lowerLimit: number): number {
    if (this.#phase !== 'established') return 0;
    const { ciphersuite, encryptThenMac = false } = this.#addon.info(this.#handle);
    const suite = findCiphersuite(ciphersuite ?? -1);
    return suite === undefined
      ? 0
      : Math.min(MAX_MESSAGE, maxPayload(suite.protection, lowerLimit, { encryptThenMac }));
  }

  info(): AssociationInfo {
    if (this.#handle === 0) return {};
    const { version, ciphersuite, encryptThenMac, identityHint, alpn, ...facts } = this.#addon.info(this.#handle);
    const suite = findCiphersuite(ciphersuite ?? -1);
    const name = VERSION_NAMES.get(version ?? 0);
    const peerCertificates = this.#phase === 'established' ? this.#addon.peerCertificates(this.#handle) : [];
    return {
      ...facts,
      ...(name === undefined ? {} : { version: name }),
      ...(suite === undefined ? {} : { ciphersuite: { id: suite.id, name: suite.name } }),
      ...(suite?.protection.kind === 'cbc' ? { encryptThenMac: encryptThenMac === true } : {}),
      ...(peerCertificates.length === 0 ? {} : { peerCertificates }),
      ...(alpn === undefined ? {} : { alpn: Buffer.from(alpn).toString() }),
      ...(identityHint === undefined ? {} : { pskIdentityHint: Buffer.from(identityHint) }),
    };
  }

  destroy(): void {
    if (this.#handle !== 0) this.#addon.destroyAssociation(this.#handle);
    this.#handle = 0;
    this.#phase = 'closed';
    this.#deadline = undefined;
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
    const { output } = this.#request;
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
        this.#sawAlert(payload);
        break;
      case FrameKind.established:
        this.#phase = 'established';
        this.#deadline = undefined;
        output.established();
        if (this.#keepsSession) this.#giveSession();
        break;
      case FrameKind.closed:
        this.#end();
        output.closed(this.#peerAlert?.description === CLOSE_NOTIFY ? this.#peerAlert : undefined);
        break;
      case FrameKind.failed: {
        const established = this.#phase === 'established';
        this.#end();
        const context = { role: this.#request.role, established, alert: this.#peerAlert ?? this.#localAlert };
        output.failed(this.#request.error(describeFailure(payload, context)));
        break;
      }
      case FrameKind.lost:
        output.trace?.({ type: 'datagram-lost' });
        break;
      case FrameKind.keyLog:
        this.#logKey(payload);
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
    const { context, idContext } = choice ?? NOBODY;
    const arena = borrowArena();
    this.#report(arena, this.#addon.answerServerName(this.#handle, context, idContext, arena), now);
  }

  #answerSession(key: NeedAnswer, now: number): void {
    if (!this.#goesOn('session')) return;
    const arena = borrowArena();
    this.#report(arena, this.#addon.answerSession(this.#handle, key, arena), now);
  }

  /** A resumed association has nothing new to give unless the server has renewed its ticket. */
  #giveSession(): void {
    const { output, session: offered } = this.#request;
    const session = output.session && this.#addon.session(this.#handle);
    if (session === undefined) return;
    if (offered === undefined || Buffer.compare(session, offered) !== 0) output.session?.(session);
    wipe(session);
  }

  #logKey(payload: Uint8Array): void {
    const line = Buffer.from(payload).toString('latin1');
    wipe(payload);
    try {
      this.#keylog?.(line);
    } catch (error) {
      this.#request.output.trace?.({ type: 'keylogFailed', message: String(Object(error).message ?? error) });
    }
  }

  #sawAlert(payload: Uint8Array): void {
    const seen = alert(payload[0] === 1 ? 'warning' : 'fatal', payload[1]!, payload[2] === 0 ? 'peer' : 'local');
    if (seen.origin === 'peer') this.#peerAlert = seen;
    else this.#localAlert = seen;
    this.#request.output.trace?.({ type: 'alert', alert: seen });
  }

  #end(): void {
    this.#phase = 'closed';
    this.#deadline = undefined;
  }
}

/** RFC 6347 §4.1: 2^14 bytes in a record. */
export const MAX_MESSAGE = 16_384;

/** The id of the question for the key of a session; the PSK gate has another. */
const SESSION_NEED = 2;

/** Milliseconds; an answer that has not come by then is taken for none: a full handshake, or a name that nobody has. */
const PATIENCE = 10_000;

/** PSK_MAX_PSK_LEN of OpenSSL 3. */
export const MAX_PSK_KEY = 512;

/** PSK_MAX_IDENTITY_LEN of OpenSSL 3, less the NUL that ends it. */
export const MAX_PSK_IDENTITY = 255;
