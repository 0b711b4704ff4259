/**
 * Runs an association over anything that carries datagrams, on any clock, and keeps what it reports: as much of a
 * driver as the tests of one engine need.
 */

import {
  type Alert,
  type Association,
  type AssociationRequest,
  type Clock,
  type LowerSocket,
  NetError,
  type Timer,
  type TraceEvent,
} from '@avs-net/core/plugin';

export interface Driven {
  readonly association: Association;
  readonly messages: Buffer[];
  readonly drops: string[];
  readonly flights: TraceEvent[];
  /** Every datagram that was sent. */
  readonly sent: Buffer[];
  established: boolean;
  closed: { readonly alert: Alert | undefined } | undefined;
  failed: NetError | undefined;
  /** A datagram of the peer, as if it had come from below. */
  receive(datagram: Uint8Array): void;
  send(message: Uint8Array): void;
  shutdown(): void;
  /** Ends it without a word and takes its timer away. */
  destroy(): void;
  /** Called after every change. */
  changed: () => void;
}

export interface DrivenInit {
  readonly make: (request: AssociationRequest) => Association;
  readonly lower: Pick<LowerSocket, 'start' | 'send'>;
  readonly clock: Clock;
  readonly request?: Partial<AssociationRequest>;
}

/** Started. */
export function driven({ make, lower, clock, request = {} }: DrivenInit): Driven {
  let timer: Timer | undefined;
  const state: Omit<Driven, 'association'> = {
    messages: [],
    drops: [],
    flights: [],
    sent: [],
    established: false,
    closed: undefined,
    failed: undefined,
    receive: (datagram) => enter(() => association.receive(datagram, clock.now())),
    send: (message) => enter(() => association.send(message, clock.now())),
    shutdown: () => enter(() => association.shutdown(clock.now())),
    destroy: () => {
      timer?.cancel();
      association.destroy();
    },
    changed: () => {},
  };
  const association = make({
    role: 'client',
    handshakeTimeouts: { min: 1000, max: 60_000 },
    error: (init) => new NetError({ operation: 'connect', backend: 'dtls-node-dtls-client', ...init }),
    output: {
      datagram: (bytes) => {
        state.sent.push(Buffer.from(bytes));
        lower.send(bytes);
      },
      message: (bytes) => state.messages.push(Buffer.from(bytes)),
      established: () => {
        state.established = true;
      },
      closed: (alert) => {
        state.closed = { alert };
      },
      failed: (error) => {
        state.failed = error;
      },
      need: () => {},
      dropped: (reason) => state.drops.push(reason),
      trace: (event) => state.flights.push(event),
    },
    ...request,
  });
  const result: Driven = Object.assign(state, { association });
  enter(() => association.start(clock.now()));
  lower.start({ receive: state.receive, end() {}, softError() {}, failed() {} });
  return result;

  function enter(call: () => void): void {
    try {
      call();
    } finally {
      timer?.cancel();
      const { deadline } = association;
      const passed = (): void => enter(() => association.timeout(clock.now()));
      timer = deadline === undefined ? undefined : clock.timer(Math.max(0, deadline - clock.now()), passed);
      state.changed();
    }
  }
}
