/**
 * One TLS connection (RFC 5246, RFC 8446) on node:tls as an association: pieces of the stream go in and out, node does
 * the rest. Node reports some things in a later turn of the event loop, so outputs also happen outside of calls.
 */

import type { TLSSocket } from 'node:tls';
import {
  type Alert,
  type Association,
  type AssociationInfo,
  type AssociationRequest,
  alert,
  CLOSE_NOTIFY,
  type NeedAnswer,
  type NetError,
  type Phase,
  type Silence,
} from '@avs-net/core/plugin';
import { describeFailure, plainAlert } from './failure.ts';
import { LowerStream } from './lower-stream.ts';
import { peerFacts } from './peer-facts.ts';

/** What a client or server tells of its handshake. */
export interface Handshake {
  /** Reports what becomes of `socket`, from now on. */
  watch(socket: TLSSocket): void;
  secure(socket: TLSSocket, facts: Pick<AssociationInfo, 'serverName' | 'pskIdentity' | 'pskIdentityHint'>): void;
  session(ticket: Uint8Array): void;
  keylog(line: Buffer): void;
  /** With an error of node. */
  failed(error: unknown): void;
  over(error: NetError): void;
}

/** Begins a handshake over a stream. */
export type Open = (stream: LowerStream, handshake: Handshake) => Opened;

export interface Opened {
  /** Gets what the peer sends, in place of the stream. */
  receive?(bytes: Uint8Array): void;
  /** The key that was asked for. */
  answer?(key: NeedAnswer): void;
  /** Ends the handshake without a word. */
  abandon(): void;
}

export interface AssociationOptions {
  readonly psk: boolean;
  readonly keylog: ((line: string) => void) | undefined;
}

export class TlsAssociation implements Association {
  deadline: number | undefined;
  phase: Phase = 'handshake';
  readonly #request: AssociationRequest;
  readonly #options: AssociationOptions;
  readonly #open: Open;
  readonly #stream: LowerStream;
  #opened: Opened | undefined;
  #socket: TLSSocket | undefined;
  #info: AssociationInfo = {};
  #sent: Alert | undefined;
  #ending: Promise<void> | undefined;
  #room: Promise<void> | undefined;
  #heard = false;
  #peerEnded = false;
  #destroyed = false;

  constructor(request: AssociationRequest, options: AssociationOptions, open: Open) {
    this.#request = request;
    this.#options = options;
    this.#open = open;
    this.#stream = new LowerStream((bytes) => this.#write(bytes));
    // Node reports what goes wrong with it by other ways.
    this.#stream.on('error', () => {});
  }

  start(now: number): void {
    this.deadline = now + PATIENCE;
    this.#opened = this.#open(this.#stream, this.#handshake);
  }

  receive(bytes: Uint8Array, now: number): void {
    if (this.phase === 'closed' || bytes.length === 0) return;
    this.#heard = true;
    if (this.phase === 'handshake') this.deadline = now + PATIENCE;
    if (this.#opened?.receive !== undefined) this.#opened.receive(bytes);
    else this.#stream.feed(bytes);
  }

  answer(_id: number, key: NeedAnswer): void {
    if (this.phase === 'handshake') this.#opened?.answer?.(key);
  }

  /** Bytes that node cannot encrypt at once are copied. */
  send(message: Uint8Array): void | Promise<void> {
    const socket = this.#socket;
    if (this.phase !== 'established' || socket === undefined || this.#ending !== undefined) {
      throw this.#error('EPIPE', 'nothing can be sent: the connection was shut down or is not established');
    }
    if (message.length === 0) throw this.#error('EINVAL', 'TLS has no empty messages');
    const waiting = socket.writableLength;
    if (waiting > 0 && waiting + message.length > QUEUE_BYTES) {
      throw this.#error(
        'ENOBUFS',
        `the peer has not taken ${waiting} bytes that were sent before; await what send returns`,
      );
    }
    return socket.write(waiting === 0 ? message : Buffer.from(message)) ? undefined : this.#drained(socket);
  }

  timeout(now: number): void {
    if (this.phase !== 'handshake' || this.deadline === undefined || now < this.deadline) return;
    this.#fail(this.#error('ETIMEDOUT', `the peer has said nothing for ${PATIENCE / 1000} s in the handshake`));
  }

  silence(): Silence {
    const heard = this.#heard ? 'the peer said something and then fell silent' : 'the peer has said nothing';
    const advice = this.#heard ? 'a look-up or a check on its side may take long' : 'does it speak TLS at this port?';
    return { message: `${heard}; ${advice}` };
  }

  /** Resolves when close_notify has gone to the lower socket. The peer is read until it has ended too. */
  shutdown(): Promise<void> | undefined {
    const socket = this.#socket;
    if (socket === undefined || this.phase === 'closed') {
      this.#close();
      return this.#ending;
    }
    this.#ending ??= new Promise((resolve) => {
      if (socket.destroyed || socket.writableFinished) return resolve();
      socket.once('close', resolve);
      socket.end(resolve);
    });
    return this.#ending;
  }

  /** What came before the end is heard first. */
  end(): void {
    this.#stream.whenFed(() => {
      if (this.#peerEnded || this.phase === 'closed') return;
      const when = this.phase === 'handshake' ? 'before the handshake was complete' : 'without close_notify';
      this.#fail(this.#error('ECONNRESET', `the peer ended the stream ${when}`));
    });
  }

  /** TLS is a stream: any length fits. */
  maxMessage(): number {
    return this.phase === 'established' ? Number.MAX_SAFE_INTEGER : 0;
  }

  info(): AssociationInfo {
    return this.#info;
  }

  exportKeyingMaterial(label: string, length: number, context?: Uint8Array): Uint8Array {
    const socket = this.#socket;
    if (socket === undefined || this.phase !== 'established') throw this.#error('ENOTCONN', 'there is no connection');
    try {
      // Node takes undefined for no context, which its types do not know.
      const given = context as Buffer;
      return new Uint8Array(socket.exportKeyingMaterial(length, label, given && Buffer.from(given)));
    } catch (cause) {
      const text = String(Object(cause).message ?? cause).split('\n', 1)[0]!;
      throw this.#request.error({
        code: 'EINVAL',
        message: `node:tls exports nothing under this label: ${text}`,
        cause,
      });
    }
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#close();
    this.#opened?.abandon();
    this.#socket?.destroy();
    this.#stream.destroy();
  }

  readonly #handshake: Handshake = {
    watch: (socket) => this.#watch(socket),
    secure: (socket, facts) => {
      if (this.phase !== 'handshake') return;
      this.#socket = socket;
      this.#info = { ...peerFacts(socket), ...facts };
      this.phase = 'established';
      this.deadline = undefined;
      socket.on('data', (data: Buffer) => this.#destroyed || this.#request.output.message(data));
      this.#request.output.established();
      this.#stream.established();
    },
    session: (ticket) => this.#destroyed || this.#request.output.session?.(ticket),
    keylog: (line) => this.#keylog(line),
    failed: (error) => {
      const context = { role: this.#request.role, established: this.phase === 'established', psk: this.#options.psk };
      this.#fail(this.#request.error(describeFailure(error, { ...context, sent: this.#sent })));
    },
    over: (error) => this.#fail(error),
  };

  #watch(socket: TLSSocket): void {
    socket.on('error', (error) => this.#handshake.failed(error));
    socket.on('end', () => this.#ended());
    socket.on('close', () => this.#closed());
    if (this.#options.keylog !== undefined && this.#request.role === 'client') {
      socket.on('keylog', (line) => this.#keylog(line));
    }
  }

  /** The peer has sent close_notify: the answer is ours, and then it is over. */
  #ended(): void {
    if (this.phase !== 'established' || this.#peerEnded) return;
    this.#peerEnded = true;
    this.#request.output.closed(alert('warning', CLOSE_NOTIFY, 'peer'));
    void this.shutdown()?.then(() => this.#close());
  }

  #closed(): void {
    if (this.#peerEnded) this.#close();
    else this.#handshake.failed(Object.assign(new Error('closed'), { code: 'ECONNRESET' }));
  }

  #write(bytes: Uint8Array): void | Promise<void> {
    if (this.#destroyed) return undefined;
    this.#sent ??= plainAlert(bytes);
    return this.#request.output.datagram(bytes);
  }

  #drained(socket: TLSSocket): Promise<void> {
    this.#room ??= new Promise((resolve) => {
      const done = (): void => {
        this.#room = undefined;
        socket.off('drain', done).off('close', done);
        resolve();
      };
      socket.on('drain', done).on('close', done);
    });
    return this.#room;
  }

  /** Whoever logs must not bring the connection down. */
  #keylog(line: Buffer): void {
    try {
      this.#options.keylog?.(line.toString('latin1').trimEnd());
    } catch (error) {
      this.#request.output.trace?.({ type: 'keylogFailed', message: String(error) });
    }
  }

  #fail(error: NetError): void {
    if (this.phase === 'closed') return;
    this.#close();
    this.#request.output.failed(error);
  }

  #close(): void {
    this.phase = 'closed';
    this.deadline = undefined;
  }

  #error(code: string, message: string): NetError {
    return this.#request.error({ code, message });
  }
}

/** Milliseconds of silence after which a handshake has failed; `AVS_NET_SOCKET_DEFAULT_RECV_TIMEOUT`. */
const PATIENCE = 30_000;

/** What may wait for the peer, bytes; a single message may be larger. */
const QUEUE_BYTES = 16 * 1024 * 1024;
