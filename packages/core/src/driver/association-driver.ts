/**
 * Runs an association over a lower socket. The association is never entered while it is inside a call: what it reports
 * meanwhile waits in a queue, messages copied once out of its memory, and is passed on when the call has returned, so
 * that whoever gets it may send, shut down or destroy. Datagrams go down at once.
 */

import type { AssociationKeeper } from '../continuation/association-keeper.ts';
import type { Address } from '../contract/address.ts';
import type { Association, AssociationInfo, Need, NeedAnswer, Output, Phase } from '../contract/association.ts';
import type { LowerSocket } from '../contract/backend.ts';
import { type NetError, toNetError } from '../contract/error.ts';
import type { CertificateServerInfo } from '../contract/security.ts';
import { Fifo } from '../queue/fifo.ts';
import { DriverDeadline } from './driver-deadline.ts';
import type { DriverEvent } from './driver-event.ts';
import { cutOff, explained, sendRefusal, unfinished } from './driver-failure.ts';
import type { DriverHost } from './driver-host.ts';
import { DriverLookups, type GiveAnswer } from './driver-lookups.ts';
import { DriverReports } from './driver-reports.ts';
import { engineDefect } from './engine-defect.ts';

export class AssociationDriver extends DriverReports implements GiveAnswer {
  // What every message needs comes first and stands close together: with many peers it is in no cache any more.
  #over = false;
  /** From the start: an association may report while it is being made. */
  #inside = true;
  /** Wire bytes. */
  bytesReceived = 0;
  readonly #association: Association;
  readonly #host: DriverHost;
  readonly #queue = new Fifo<DriverEvent>();
  #draining = false;
  #deadline: DriverDeadline | undefined;
  /** Whoever exports the association, and knows what may still be sent. */
  keeper: AssociationKeeper | undefined;
  #sending = false;
  /** Refused by the lower socket while `send` ran: the sender's to know. At other times it is as if lost on the way. */
  #sendError: NetError | undefined;
  /** What the lower socket then wants to be waited for. */
  #room: Promise<void> | undefined;
  bytesSent = 0;
  readonly #lower: LowerSocket;
  /** From the first call to `established`, milliseconds. */
  handshakeMs: number | undefined;
  /** It threw while it was being freed: for whoever closes, and not for the transport. */
  defect: NetError | undefined;
  /** From the first question to the end of the handshake. */
  #lookups: DriverLookups | undefined;
  #startedAt = 0;
  #freed = false;
  /** What went wrong below, in case nothing better becomes known. */
  #hint: NetError | undefined;

  constructor(lower: LowerSocket, host: DriverHost, open: (output: Output) => Association) {
    super();
    this.#lower = lower;
    this.#host = host;
    this.#association = open(this);
    this.#inside = false;
  }

  /** The first flight of a client; a server adopts its hello. */
  start(): void {
    this.#startedAt = this.#host.clock.now();
    this.#enter(() => this.#association.start(this.#startedAt));
    if (!this.#over) this.#lower.start(this);
  }

  /** Throws what the association or the lower socket refuses. A promise says: send no more before it resolves. */
  send(message: Uint8Array): void | Promise<void> {
    if (this.#over || this.#inside) throw sendRefusal(this.#over, this.#host.backend);
    this.#sendError = undefined;
    this.#room = undefined;
    this.#sending = true;
    this.#inside = true;
    let room: void | Promise<void>;
    try {
      room = this.#association.send(message, this.#host.clock.now()) ?? this.#room;
    } finally {
      this.#sending = false;
      this.#inside = false;
      this.#drain();
    }
    if (this.#sendError !== undefined) throw this.#sendError as NetError;
    return room;
  }

  /** close_notify, as far as it gets. Reports `closed` if the association does. A promise: until it has left. */
  shutdown(): void | Promise<void> {
    let leaving: Promise<void> | undefined;
    if (this.#over) return undefined;
    this.#enter(() => {
      leaving = this.#association.shutdown(this.#host.clock.now()) ?? undefined;
    });
    return leaving;
  }

  /** The peer has another address: told before whatever is reported from now on. */
  moved(to: Address): void {
    this.report({ kind: 'moved', to });
  }

  /** Frees the association; nothing is reported any more. Idempotent, legal at any time. */
  destroy(): void {
    this.#over = true;
    this.#queue.clear();
    this.#deadline?.cancel();
    if (!this.#inside) this.#free();
    this.#lookups?.abort();
    this.keeper?.end(sendRefusal(true, this.#host.backend));
  }

  /** What is known of a handshake that takes too long for the caller. */
  unfinished(): ReturnType<typeof unfinished> {
    if (this.#inside || this.phase !== 'handshake') return;
    return unfinished(this.#association.silence?.(this.#host.clock.now()), this.#hint, this.bytesReceived);
  }

  get phase(): Phase {
    return this.#over ? 'closed' : this.#association.phase;
  }

  /** Largest message whose datagram has at most `lowerLimit` bytes. */
  maxMessage(lowerLimit: number): number {
    return this.#over ? 0 : this.#association.maxMessage(lowerLimit);
  }

  /** Undefined: it cannot go on elsewhere. */
  get continuation(): Association['continuation'] {
    return this.phase === 'established' ? this.#association.continuation : undefined;
  }

  info(): AssociationInfo {
    return this.#over ? {} : this.#association.info();
  }

  exportKeyingMaterial(...of: Parameters<NonNullable<Association['exportKeyingMaterial']>>): Uint8Array | undefined {
    return this.phase === 'established' ? this.#association.exportKeyingMaterial?.(...of) : undefined;
  }

  datagram(bytes: Uint8Array): void | Promise<void> {
    if (this.#over) return undefined;
    this.bytesSent += bytes.length;
    try {
      const room = this.#lower.send(bytes);
      if (room !== undefined && this.#sending) this.#room = room;
      return room;
    } catch (error) {
      const refusal = toNetError(error, 'send', this.#host.backend);
      if (this.#sending) this.#sendError ??= refusal;
      else this.report({ kind: 'softError', error: refusal });
      return undefined;
    }
  }

  receive(data: Uint8Array): void {
    if (this.#over) return;
    if (this.#inside) {
      this.#queue.push({ kind: 'input', data: new Uint8Array(data) });
      return;
    }
    this.bytesReceived += data.length;
    this.#inside = true;
    try {
      this.#association.receive(data, this.#host.clock.now());
    } catch (error) {
      this.#broken(error);
    } finally {
      this.#inside = false;
      this.#drain();
    }
  }

  #timedOut(): void {
    if (!this.#over) this.#enter(() => this.#association.timeout(this.#host.clock.now()));
  }

  #wait(deadline: number | undefined): void {
    if (deadline !== undefined) {
      this.#deadline ??= new DriverDeadline(this.#host.clock, () => this.#timedOut());
      this.#deadline.set(deadline);
    } else if (this.#deadline !== undefined) {
      this.#deadline.cancel();
      this.#deadline = undefined;
    }
  }

  #enter(call: () => void): void {
    if (this.#inside) {
      this.#queue.push({ kind: 'call', call });
      return;
    }
    this.#inside = true;
    try {
      call();
    } catch (error) {
      this.#broken(error);
    } finally {
      this.#inside = false;
      this.#drain();
    }
  }

  /** An engine that throws where it should report is not trusted with another byte. */
  #broken(error: unknown): void {
    if (!this.#over) this.#queue.push({ kind: 'failed', error: engineDefect(error, 'receive', this.#host.backend) });
  }

  protected report(event: DriverEvent): void {
    if (this.#over) return;
    this.#queue.push(event);
    if (!this.#inside) this.#drain();
  }

  /** Passes on what was reported; new reports of calls that are made meanwhile come last. */
  #drain(): void {
    if (this.#over) this.#free();
    if (this.#draining) return;
    this.#draining = true;
    let thrown: { readonly error: unknown } | undefined;
    for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) {
      try {
        this.#pass(event);
      } catch (error) {
        thrown ??= { error };
      }
    }
    this.#draining = false;
    if (!this.#over) this.#wait(this.#association.deadline);
    if (thrown !== undefined) throw thrown.error;
  }

  #pass(event: DriverEvent): void {
    const host = this.#host;
    if (event instanceof Uint8Array) host.message(event);
    else if (typeof event === 'string') host.dropped(event);
    else if (event.kind === 'established') this.#established();
    else if (event.kind === 'closed') host.closed(event.alert);
    else if (event.kind === 'failed') this.#fail(explained(event.error, this.#hint, this.bytesReceived, host.backend));
    else if (event.kind === 'need') this.#ask(event.id, event.what);
    else if (event.kind === 'session') host.session?.(event.session);
    else if (event.kind === 'trace') host.trace?.(event.event);
    else if (event.kind === 'input') this.receive(event.data);
    else if (event.kind === 'call') this.#enter(event.call);
    else if (event.kind === 'moved') host.peerMoved?.(event.to);
    else if (event.kind === 'softError') this.#softError(event.error);
    else this.#ended();
  }

  #established(): void {
    this.#hint = undefined;
    // What is asked now has been decided.
    this.#lookups = undefined;
    this.handshakeMs = this.#host.clock.now() - this.#startedAt;
    this.#host.established();
  }

  /** ICMP can be forged: during the handshake it is a hint, and an established association outlives it. */
  #softError(error: NetError): void {
    if (this.#association.phase !== 'handshake') this.#host.softError(error);
    else this.#hint = error;
  }

  #fail(error: NetError): void {
    this.destroy();
    this.#host.failed(error);
  }

  /** The lower socket has nothing more. */
  #ended(): void {
    const { phase, end } = this.#association;
    if (phase === 'closed') return;
    if (end !== undefined) this.#enter(() => end.call(this.#association, this.#host.clock.now()));
    else if (phase === 'established' && this.#lower.kind === 'datagram') this.#host.ended();
    else this.#fail(cutOff(this.#lower.kind, phase, this.#host.backend));
  }

  #ask(id: number, what: Need): void {
    this.#lookups ??= new DriverLookups(this.#host.answer, this);
    this.#lookups.ask(id, what);
  }

  answer(id: number, answer: NeedAnswer): void {
    if (!this.#over) this.#enter(() => this.#association.answer?.(id, answer, this.#host.clock.now()));
  }

  answerName(id: number, credential: CertificateServerInfo | undefined): void {
    if (!this.#over) this.#enter(() => this.#association.answerName?.(id, credential, this.#host.clock.now()));
  }

  #free(): void {
    if (this.#freed) return;
    this.#freed = true;
    try {
      this.#association.destroy();
    } catch (error) {
      this.defect = engineDefect(error, 'close', this.#host.backend);
    }
  }
}
