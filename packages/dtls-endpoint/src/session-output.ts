/**
 * What the association of a peer reports, on its way to whoever runs it: here a listener learns what was authenticated,
 * and where from.
 */

import type { Alert, Need, NetError, Output, TraceEvent } from '@avs-net/core/plugin';
import type { PeerSession, SessionHost } from './peer-session.ts';

export class SessionOutput implements Output {
  readonly #output: Output;
  readonly #session: PeerSession;
  readonly #host: SessionHost;

  constructor(output: Output, session: PeerSession, host: SessionHost) {
    this.#output = output;
    this.#session = session;
    this.#host = host;
  }

  datagram(bytes: Uint8Array): void | Promise<void> {
    this.#session.locate();
    return this.#output.datagram(bytes);
  }

  message(bytes: Uint8Array): void {
    this.#session.locate();
    this.#host.heard(this.#session);
    this.#output.message(bytes);
  }

  established(): void {
    this.#output.established();
  }

  closed(alert?: Alert): void {
    this.#session.locate();
    this.#output.closed(alert);
  }

  failed(error: NetError): void {
    this.#output.failed(error);
  }

  session(session: Uint8Array): void {
    this.#output.session?.(session);
  }

  need(id: number, what: Need): void {
    this.#output.need(id, what);
  }

  dropped(reason: string): void {
    this.#session.refused(reason);
    this.#output.dropped(reason);
  }

  trace(event: TraceEvent): void {
    this.#output.trace?.(event);
  }
}
