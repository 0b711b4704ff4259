/**
 * What the association of a peer reports, on its way to whoever runs it: here a listener learns what was authenticated,
 * and where from.
 */

import type { Alert, Output } from '@avs-net/core/plugin';
import { OutputLayer } from './output-layer.ts';
import type { PeerSession, SessionHost } from './peer-session.ts';

export class SessionOutput extends OutputLayer {
  readonly #session: PeerSession;
  readonly #host: SessionHost;

  constructor(output: Output, session: PeerSession, host: SessionHost) {
    super(output);
    this.#session = session;
    this.#host = host;
  }

  override datagram(bytes: Uint8Array): void | Promise<void> {
    this.#session.locate();
    return this.output.datagram(bytes);
  }

  override message(bytes: Uint8Array): void {
    this.#session.locate();
    this.#host.heard(this.#session);
    this.output.message(bytes);
  }

  override closed(alert?: Alert): void {
    this.#session.locate();
    this.output.closed(alert);
  }

  override dropped(reason: string): void {
    this.#session.refused(reason);
    this.output.dropped(reason);
  }
}
