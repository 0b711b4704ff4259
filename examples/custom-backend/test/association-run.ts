/**
 * Runs one association over a lower socket on a clock, the way the driver of core does, and keeps what it reports.
 */

import {
  type Alert,
  type Association,
  type AssociationRequest,
  type Clock,
  type LowerSocket,
  NetError,
  type PskLookup,
  type Timer,
  type TraceEvent,
} from '@avs-net/core/plugin';

export interface Side {
  readonly association: Association;
  readonly messages: string[];
  readonly drops: string[];
  readonly traces: TraceEvent[];
  readonly events: string[];
  readonly failure: NetError | undefined;
  readonly closed: Alert | undefined;
  start(): void;
  say(text: string): void;
  /** Gives the association a datagram that did not come over the lower socket. */
  hear(datagram: Uint8Array): void;
  shutdown(): void;
}

export interface RunInit {
  readonly clock: Clock;
  readonly lower: LowerSocket;
  readonly make: (request: AssociationRequest) => Association;
  readonly request: Pick<AssociationRequest, 'role'> & Partial<AssociationRequest>;
  readonly lookup?: PskLookup;
  readonly established?: () => void;
  readonly over?: () => void;
}

export function runAssociation({ clock, lower, make, request, lookup, established, over }: RunInit): Side {
  const messages: string[] = [];
  const drops: string[] = [];
  const traces: TraceEvent[] = [];
  const events: string[] = [];
  let failure: NetError | undefined;
  let closed: Alert | undefined;
  let timer: Timer | undefined;

  /** Every call into the association, so that the timer follows its deadline. */
  const enter = (call: () => void): void => {
    call();
    timer?.cancel();
    const { deadline } = association;
    if (deadline === undefined) return;
    timer = clock.timer(deadline - clock.now(), () => enter(() => association.timeout(clock.now())));
  };

  const association = make({
    handshakeTimeouts: { min: 1_000, max: 60_000 },
    lowerMtu: lower.innerMtu()!,
    error: (details) => new NetError({ ...details, operation: request.role }),
    output: {
      datagram: (bytes) => lower.send(bytes),
      message: (bytes) => void messages.push(Buffer.from(bytes).toString()),
      established() {
        events.push('established');
        established?.();
      },
      closed(alert) {
        events.push('closed');
        closed = alert;
        over?.();
      },
      failed(reason) {
        events.push('failed');
        failure = reason;
        over?.();
      },
      need(id, what) {
        if (what.kind !== 'psk' || lookup === undefined) return;
        const identity = what.identity.slice();
        clock.timer(0, () => {
          const answer = lookup(identity, new AbortController().signal);
          const give = (key: Uint8Array | undefined): void => enter(() => association.answer?.(id, key, clock.now()));
          if (answer instanceof Promise) void answer.then(give);
          else give(answer);
        });
      },
      dropped: (reason) => void drops.push(reason),
      trace: (event) => void traces.push(event),
    },
    ...request,
  });

  lower.start({
    receive(data) {
      enter(() => association.receive(data, clock.now()));
    },
    end() {},
    softError() {},
    failed() {},
  });

  return {
    association,
    messages,
    drops,
    traces,
    events,
    get failure() {
      return failure;
    },
    get closed() {
      return closed;
    },
    start: () => enter(() => association.start(clock.now())),
    say: (text) => enter(() => association.send(Buffer.from(text), clock.now())),
    hear: (datagram) => enter(() => association.receive(datagram, clock.now())),
    shutdown: () => enter(() => association.shutdown(clock.now())),
  };
}
