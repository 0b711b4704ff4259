/**
 * An output in front of another: passes everything on. A layer overrides what it has a say in; what the contract gains
 * later, required or not, does not compile before it is passed on here, for all of them.
 */

import type { Alert, Need, NetError, Output, TraceEvent } from '@avs-net/core/plugin';

export class OutputLayer implements Required<Output> {
  protected readonly output: Output;

  constructor(output: Output) {
    this.output = output;
  }

  datagram(bytes: Uint8Array): void | Promise<void> {
    return this.output.datagram(bytes);
  }

  message(bytes: Uint8Array): void {
    this.output.message(bytes);
  }

  established(): void {
    this.output.established();
  }

  closed(alert?: Alert): void {
    this.output.closed(alert);
  }

  failed(error: NetError): void {
    this.output.failed(error);
  }

  session(session: Uint8Array): void {
    this.output.session?.(session);
  }

  need(id: number, what: Need): void {
    this.output.need(id, what);
  }

  dropped(reason: string): void {
    this.output.dropped(reason);
  }

  trace(event: TraceEvent): void {
    this.output.trace?.(event);
  }
}

/** A layer in front of `output` with these methods of its own. */
export function layered(output: Output, own: Partial<Output>): Output {
  return Object.assign(new OutputLayer(output), own);
}
