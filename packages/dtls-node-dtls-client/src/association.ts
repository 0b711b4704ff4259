/**
 * A DTLS 1.2 PSK client on node-dtls-client without its socket and timers. The library keeps keys, encrypts, decrypts
 * and computes the handshake; what comes in is sorted here and in `handshake.ts`, what gets lost is sent again by the
 * caller's clock, and nothing that anybody can forge ends or feeds an established association.
 */

import {
  type Alert,
  type Association,
  type AssociationInfo,
  type AssociationRequest,
  alert,
  CLOSE_NOTIFY,
  type EngineErrorInit,
  findCiphersuite,
  type Phase,
} from '@avs-net/core/plugin';
import { useAead } from './aead.ts';
import {
  createClientSocket,
  type Library,
  openRecord,
  releaseClientSocket,
  startClientSocket,
} from './client-socket.ts';
import { alerted, FATAL, refused, silence, thrown, unconfirmed, WARNING } from './failure.ts';
import { repeatFlight } from './flight.ts';
import { ClientHandshake } from './handshake.ts';
import { LARGEST_MESSAGE, largestMessage, unsendable } from './message-limit.ts';
import type { InnerSocket } from './private-fields.ts';
import { ContentType, DTLS_1_2, type DtlsRecord, readRecord, sequenceOf } from './record.ts';
import { type ReplayWindow, replayWindow } from './replay-window.ts';
import { RetransmissionTimer } from './retransmission-timer.ts';

export interface AssociationInit {
  readonly library: Library;
  /** Borrowed for the life of the association. */
  readonly identity: Uint8Array;
  readonly key: Uint8Array;
  /** IANA numbers of supported suites, best first. */
  readonly ciphersuites: readonly number[];
  /** Whether the library has what repeating a flight takes. */
  readonly retransmission: boolean;
}

export class NodeDtlsClientAssociation implements Association {
  readonly #init: AssociationInit;
  readonly #request: AssociationRequest;
  readonly #timer: RetransmissionTimer;
  readonly #window: ReplayWindow = replayWindow();
  #socket: InnerSocket | undefined;
  #handshake: ClientHandshake | undefined;
  #phase: Phase = 'handshake';
  #now = 0;
  /** Messages that overtook the server's Finished. */
  #early: Uint8Array[] = [];

  constructor(init: AssociationInit, request: AssociationRequest) {
    this.#init = init;
    this.#request = request;
    this.#timer = new RetransmissionTimer(request.handshakeTimeouts);
  }

  get phase(): Phase {
    return this.#phase;
  }

  get deadline(): number | undefined {
    return this.#phase === 'handshake' ? this.#timer.deadline : undefined;
  }

  start(now: number): void {
    this.#now = now;
    this.#guarded(() => {
      const { library, identity, key, ciphersuites } = this.#init;
      const names = ciphersuites.map((id) => findCiphersuite(id)!.name);
      const send = (datagram: Buffer) => this.#transmit(datagram);
      const socket = createClientSocket(library, { identity, key, ciphersuites: names, send });
      this.#socket = socket;
      socket.on('connected', () => this.#established());
      socket.on('error', (error) => this.#fail(this.#handshake?.stage === 'done' ? unconfirmed(error) : thrown(error)));
      startClientSocket(socket);
      const protectedEpoch = socket.recordLayer.epochs[1]!;
      protectedEpoch.antiReplayWindow = this.#window;
      useAead(protectedEpoch.connectionState);
      this.#handshake = new ClientHandshake(socket, ciphersuites, {
        dropped: (reason) => this.#drop(reason),
        progress: () => this.#timer.progress(),
        newCookie: () => this.#repeat(),
        unacceptable: (proposal) => {
          const error = refused(proposal);
          this.#timer.refuse({ error, alert: proposal.alert }, this.#now);
        },
      });
    });
  }

  receive(bytes: Uint8Array, now: number): void {
    this.#now = now;
    if (bytes.length === 0) this.#drop('emptyDatagram');
    for (let at = 0; at < bytes.length; ) {
      const record = readRecord(bytes, at);
      if (record === undefined) {
        this.#drop('truncatedRecord');
        return;
      }
      at += record.bytes.length;
      if (this.#phase === 'closed') this.#drop('afterEnd');
      else if (record.epoch === 1) this.#receiveProtected(record);
      else if (record.epoch === 0 && this.#phase === 'handshake') this.#receivePlain(record);
      else this.#drop('wrongEpoch');
    }
  }

  send(message: Uint8Array, now: number): void {
    this.#now = now;
    if (this.#phase !== 'established') {
      throw this.#request.error({ code: 'ENOTCONN', message: 'the association is not established' });
    }
    const refusal = unsendable(message.length, this.#socket!.recordLayer.epochs[1]!.writeSequenceNumber);
    if (refusal !== undefined) throw this.#request.error(refusal);
    this.#socket!.send(message);
  }

  timeout(now: number): void {
    this.#now = now;
    if (this.#phase !== 'handshake') return;
    const due = this.#timer.due(now);
    if (due === 'repeat') this.#repeat();
    else if (due === 'end') this.#fail(silence(this.#handshake!, this.#timer.attempts, this.#timer.waited));
    else if (due === 'refusal') {
      const { error, alert: description } = this.#timer.refusal!;
      this.#sendAlert(FATAL, description);
      this.#fail(error);
    }
  }

  shutdown(now: number): void {
    this.#now = now;
    if (this.#phase !== 'closed') this.#close();
  }

  silence(now: number): EngineErrorInit | undefined {
    const { refusal, attempts } = this.#timer;
    if (this.#handshake === undefined || refusal !== undefined) return refusal?.error;
    return silence(this.#handshake, attempts, this.#timer.waitedAt(now));
  }

  maxMessage(lowerLimit: number): number {
    const suite = this.#ciphersuite;
    // Until the server has chosen: what fits whichever it chooses.
    return largestMessage(suite === undefined ? this.#init.ciphersuites : [suite], lowerLimit);
  }

  info(): AssociationInfo {
    const suite = this.#ciphersuite === undefined ? undefined : findCiphersuite(this.#ciphersuite);
    const hint = this.#handshake?.identityHint;
    return {
      ...(suite === undefined ? {} : { version: 'DTLSv1.2', ciphersuite: { id: suite.id, name: suite.name } }),
      resumed: false,
      extendedMasterSecret: false,
      encryptThenMac: false,
      ...(hint === undefined ? {} : { pskIdentityHint: hint }),
    };
  }

  destroy(): void {
    this.#phase = 'closed';
    this.#early = [];
    if (this.#socket !== undefined) releaseClientSocket(this.#socket);
    this.#socket = undefined;
  }

  /** The suite of the keys in use, as the library's connection state has it. */
  get #ciphersuite(): number | undefined {
    const keysInUse = this.#handshake?.stage === 'finished' || this.#handshake?.stage === 'done';
    return keysInUse ? this.#socket?.recordLayer.epochs[1]?.connectionState.cipherSuite.id : undefined;
  }

  #receivePlain({ type, fragment, bytes }: DtlsRecord): void {
    if (type === ContentType.handshake) {
      this.#guarded(() => this.#handshake!.receive(fragment, 0, sequenceOf(bytes)));
    } else if (type === ContentType.changeCipherSpec) {
      if (fragment.length !== 1 || fragment[0] !== 1) this.#drop('malformedChangeCipherSpec');
      else this.#guarded(() => this.#handshake!.changeCipherSpec());
    } else {
      // Anybody can send an alert in the clear. The record filter reports it if nothing better comes.
      this.#drop(type === ContentType.alert ? 'plaintextAlert' : 'plaintext');
    }
  }

  #receiveProtected(record: DtlsRecord): void {
    // Before there are keys the library would take the null cipher for that of epoch 1, for good.
    if (this.#ciphersuite === undefined) this.#drop('earlyRecord');
    else if (record.version !== DTLS_1_2) this.#drop('wrongVersion');
    else {
      const opened = openRecord(this.#socket!.recordLayer, record.bytes);
      if (opened !== undefined) this.#receiveOpened(opened.type, opened.data, record);
      else this.#drop(this.#window.mayReceive(sequenceOf(record.bytes)) ? 'notAuthentic' : 'replayed');
    }
  }

  /** What is authentic. */
  #receiveOpened(type: number, data: Buffer, record: DtlsRecord): void {
    if (type === ContentType.applicationData) {
      if (data.length === 0) this.#drop('emptyMessage');
      else if (this.#phase === 'established') this.#request.output.message(data);
      else if (this.#early.length < MOST_EARLY) this.#early.push(data);
      else this.#drop('earlyRecord');
    } else if (type === ContentType.handshake && this.#phase === 'handshake') {
      this.#guarded(() => this.#handshake!.receive(data, 1, sequenceOf(record.bytes)));
    } else if (type === ContentType.alert && data.length === 2) {
      this.#alerted(data[0]!, data[1]!);
    } else {
      this.#drop(type === ContentType.handshake ? 'renegotiation' : 'unexpectedMessage');
    }
  }

  #alerted(level: number, description: number): void {
    if (this.#phase === 'established' && description === CLOSE_NOTIFY) {
      this.#close(alert(level === FATAL ? FATAL : WARNING, description, 'peer'));
    } else if (level === FATAL || description === CLOSE_NOTIFY) {
      this.#fail(alerted(level, description, this.#phase === 'handshake' ? 'handshake' : 'established'));
    } else {
      this.#drop('warningAlert');
    }
  }

  #established(): void {
    this.#phase = 'established';
    this.#request.output.established();
    for (const message of this.#early.splice(0)) this.#request.output.message(message);
  }

  /** Sends close_notify if there is somebody who can read it. */
  #close(peers?: Alert): void {
    if (this.#phase === 'established') this.#sendAlert(WARNING, CLOSE_NOTIFY);
    this.#phase = 'closed';
    this.#request.output.closed(peers);
  }

  /** Whatever the library sends. */
  #transmit(datagram: Buffer): void {
    const { output, lowerMtu } = this.#request;
    const isFlight = this.#phase === 'handshake' && datagram[0] === ContentType.handshake;
    if (isFlight && lowerMtu !== undefined && datagram.length > lowerMtu && this.#init.retransmission) {
      this.#sendLastFlight();
    } else {
      output.datagram(datagram);
      if (isFlight) this.#handshake?.sent(datagram);
    }
    if (isFlight) this.#sent(this.#timer.start(this.#now));
  }

  #repeat(): void {
    this.#guarded(() => {
      if (this.#init.retransmission) this.#sendLastFlight();
      this.#sent(this.#timer.next(this.#now));
    });
  }

  #sendLastFlight(): void {
    const { recordLayer, handshakeHandler } = this.#socket!;
    const limit = this.#request.lowerMtu ?? LARGEST_MESSAGE;
    for (const datagram of repeatFlight(recordLayer, handshakeHandler.lastFlight, limit)) {
      this.#request.output.datagram(datagram);
      this.#handshake!.sent(datagram);
    }
  }

  #sent(waitMs: number): void {
    this.#request.output.trace?.({ type: 'flight', attempt: this.#timer.attempts, waitMs });
  }

  #sendAlert(level: number, description: number): void {
    this.#guarded(() => this.#socket!.sendAlert({ serialize: () => Buffer.of(level, description) }));
  }

  /** The library throws where it does not know what to do; nobody above could do better than end the association. */
  #guarded(run: () => void): void {
    try {
      run();
    } catch (cause) {
      this.#fail(thrown(cause));
    }
  }

  #fail(error: EngineErrorInit): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#request.output.failed(this.#request.error(error));
  }

  #drop(reason: string): void {
    this.#request.output.dropped(reason);
  }
}

/** They are authentic, but a server that never finishes could send them for ever. */
const MOST_EARLY = 32;
