/**
 * A listener with everything around it made of plain objects: a lower socket that keeps what is sent, a clock that a
 * test moves, and a host that runs fake associations the way a driver does.
 */

import { clientHello, cookieOf, type HelloInit } from '@avs-net/conformance/dtls-records';
import type {
  Address,
  Association,
  AssociationRequest,
  Clock,
  Listener,
  ListenerHost,
  LowerSink,
  LowerSocket,
  Opening,
  PeerContinuation,
  PeerOpening,
  PeerRun,
  SecureConfiguration,
  ServerLimits,
} from '@avs-net/core/plugin';
import { formatAddress, NetError } from '@avs-net/core/plugin';
import { connectionIds, filtered, listen } from '@avs-net/dtls-endpoint';
import { FakeAssociation } from './fake-association.ts';

export interface Sent {
  readonly data: Uint8Array;
  readonly to: Address | undefined;
}

export class FakeLower implements LowerSocket {
  readonly kind = 'datagram';
  readonly sent: Sent[] = [];
  readonly calls: string[] = [];
  sink!: LowerSink;
  /** Thrown by every send. */
  broken: Error | undefined;

  start(sink: LowerSink): void {
    this.sink = sink;
  }

  send(data: Uint8Array): void {
    this.#keep(data, undefined);
  }

  sendTo(data: Uint8Array, to: Address): void {
    this.#keep(data, to);
  }

  pause(): void {
    this.calls.push('pause');
  }

  resume(): void {
    this.calls.push('resume');
  }

  innerMtu(): number {
    return 1_472;
  }

  #keep(data: Uint8Array, to: Address | undefined): void {
    if (this.broken !== undefined) throw this.broken;
    this.sent.push({ data: data.slice(), to });
  }
}

export class ManualClock implements Clock {
  #now = 0;
  readonly timers: { readonly due: number; readonly run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  timer(ms: number, run: () => void): { cancel(): void } {
    const timer = { due: this.#now + ms, run };
    this.timers.push(timer);
    return { cancel: () => this.#remove(timer) };
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.timers.filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      this.#remove(next);
      this.#now = next.due;
      next.run();
    }
    this.#now = end;
  }

  #remove(timer: { readonly due: number; readonly run: () => void }): void {
    const at = this.timers.indexOf(timer);
    if (at >= 0) this.timers.splice(at, 1);
  }
}

/** One association that the listener has opened. */
export interface Opened {
  readonly opening: PeerOpening;
  /** What it began with, if with a hello. */
  readonly begun: Opening | undefined;
  readonly association: FakeAssociation;
  readonly peer: string;
  /** Where it was said to be, and how many messages had come before that. */
  readonly moves: { readonly to: string; readonly messages: number }[];
  readonly messages: Uint8Array[];
  over: boolean;
}

export interface FakeIds {
  readonly ids?: SecureConfiguration['connectionId'];
  /** Associations behind a record filter. */
  readonly filter?: boolean;
}

export class FakeEndpoint {
  readonly lower: FakeLower;
  readonly clock = new ManualClock();
  readonly opened: Opened[] = [];
  readonly dropped: string[] = [];
  readonly traces: string[] = [];
  readonly listener: Listener;
  /** Thrown by `open`. */
  refuse: Error | undefined;
  /** Run while the listener waits for `open` to come back. */
  onOpen: ((opened: Opened) => void) | undefined;

  readonly made: FakeAssociation[] = [];

  constructor(limits: ServerLimits = {}, lower: FakeLower = new FakeLower(), { ids, filter }: FakeIds = {}) {
    this.lower = lower;
    const host: ListenerHost = {
      backend: 'fake',
      clock: this.clock,
      limits,
      error: (init) => new NetError({ ...init, operation: 'accept', backend: 'fake' }),
      open: (opening) => this.#run(opening, opening.opening),
      resume: (peer) => this.#run(peer, undefined),
      dropped: (reason) => this.dropped.push(reason),
      trace: (event) => this.traces.push(event.type),
    };
    const make = (request: AssociationRequest): Association => {
      const made = new FakeAssociation(request);
      // What it goes on from is the id that its peer bears.
      if (request.continued !== undefined) {
        made.facts = { connectionId: { own: request.continued, peer: new Uint8Array(0) } };
      }
      this.made.push(made);
      return made;
    };
    const association = filter ? (request: AssociationRequest) => filtered(request, make) : make;
    this.listener = listen(lower, association, host, connectionIds(ids, 'server', host.error));
  }

  /** A datagram arrives; its bytes are gone when the call returns. */
  arrive(data: Uint8Array, from: Address): void {
    const borrowed = data.slice();
    this.lower.sink.receive(borrowed, from);
    borrowed.fill(0xa5);
  }

  /** The cookie that `from` is asked to repeat. */
  cookie(from: Address, init: HelloInit = {}): Uint8Array {
    const before = this.lower.sent.length;
    this.arrive(clientHello(init), from);
    return cookieOf(this.lower.sent[before]!.data);
  }

  /** A cookie exchange from `from`; gives what it opened. */
  begin(from: Address, init: HelloInit = {}): Opened {
    this.arrive(clientHello({ ...init, cookie: this.cookie(from, init) }), from);
    return this.opened.at(-1)!;
  }

  /** A peer that has finished its handshake. */
  establish(from: Address, init: HelloInit = {}): Opened {
    const opened = this.begin(from, init);
    opened.association.establish();
    return opened;
  }

  /** A peer that puts the id that it was given on what it sends, with records that count from 0. */
  establishWithId(from: Address, init: HelloInit = {}): Opened & { readonly id: Uint8Array } {
    const opened = this.begin(from, init);
    const id = opened.association.request.connectionId!;
    opened.association.establish({ connectionId: { own: id, peer: new Uint8Array(0) } });
    return this.#counting(opened, id);
  }

  /** One that goes on with `id`. */
  restore(from: Address, id: Uint8Array): Opened & { readonly id: Uint8Array } {
    this.listener.restore!(id, from);
    return this.#counting(this.opened.at(-1)!, id);
  }

  #counting(opened: Opened, id: Uint8Array): Opened & { readonly id: Uint8Array } {
    const { association } = opened;
    association.newest = 0;
    // A record is authentic if its body says so, and its message is what is behind its header.
    association.onReceive = (bytes) => {
      const body = bytes.subarray(13 + id.length);
      const sequence = Buffer.from(bytes).readUIntBE(5, 6);
      if (body[0] !== 0xee) return;
      association.newest = Math.max(association.newest!, sequence);
      association.request.output.message(body);
    };
    return Object.assign(opened, { id });
  }

  stat(name: string): number {
    return this.listener.stats()[name] ?? 0;
  }

  #run(opening: PeerOpening | PeerContinuation, begun: Opening | undefined): PeerRun {
    if (this.refuse !== undefined) throw this.refuse;
    const end = (): void => {
      if (opened.over) return;
      opened.over = true;
      association.destroy();
      opening.closed();
    };
    const messages: Uint8Array[] = [];
    const moves: Opened['moves'] = [];
    const from = begun?.from ?? (opening as PeerContinuation).from;
    const outer = opening.association({
      role: 'server',
      ...(begun && { opening: begun }),
      peer: from,
      handshakeTimeouts: { min: 1_000, max: 60_000 },
      error: (init) => new NetError({ ...init, operation: 'accept', backend: 'fake' }),
      output: {
        datagram: (bytes) => opening.lower.send(bytes),
        message: (bytes) => messages.push(bytes.slice()),
        established: () => opening.established(),
        closed: end,
        failed: end,
        need: () => undefined,
        dropped: () => undefined,
      },
    });
    const association = this.made.at(-1)!;
    const peer = formatAddress(from);
    const opened: Opened = { opening: opening as PeerOpening, begun, association, peer, moves, messages, over: false };
    this.opened.push(opened);
    opening.lower.start({
      receive: (bytes) => outer.receive(bytes, this.clock.now()),
      end: () => association.calls.push('end'),
      softError: () => association.calls.push('softError'),
      failed: () => association.calls.push('lower failed'),
    });
    association.start();
    if (begun === undefined) association.establish();
    this.onOpen?.(opened);
    return {
      moved: (to) => moves.push({ to: formatAddress(to), messages: messages.length }),
      close: () => {
        if (opened.over) return;
        association.shutdown();
        end();
      },
    };
  }
}
