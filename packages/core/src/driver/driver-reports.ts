/**
 * What an association and the lower socket report to their driver, as events. The driver is output and sink itself,
 * since every idle peer would keep the objects.
 */

import type { Alert } from '../contract/alert.ts';
import type { Need, Output, TraceEvent } from '../contract/association.ts';
import type { LowerSink } from '../contract/backend.ts';
import type { NetError } from '../contract/error.ts';
import { unpooledCopy } from '../contract/secret-bytes.ts';
import { copyNeed, type DriverEvent } from './driver-event.ts';

export abstract class DriverReports implements Output, LowerSink {
  abstract datagram(bytes: Uint8Array): void | Promise<void>;
  abstract receive(data: Uint8Array): void;
  protected abstract report(event: DriverEvent): void;

  message(bytes: Uint8Array): void {
    this.report(new Uint8Array(bytes));
  }

  established(): void {
    this.report({ kind: 'established' });
  }

  closed(alert?: Alert): void {
    this.report({ kind: 'closed', alert });
  }

  failed(error: NetError): void {
    this.report({ kind: 'failed', error });
  }

  session(session: Uint8Array): void {
    this.report({ kind: 'session', session: unpooledCopy(session) });
  }

  need(id: number, what: Need): void {
    this.report({ kind: 'need', id, what: copyNeed(what) });
  }

  dropped(reason: string): void {
    this.report(reason);
  }

  trace(event: TraceEvent): void {
    this.report({ kind: 'trace', event });
  }

  end(): void {
    this.report({ kind: 'end' });
  }

  softError(error: NetError): void {
    this.report({ kind: 'softError', error });
  }
}
