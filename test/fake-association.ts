/**
 * An association that does nothing by itself: it notes what it is given and reports what the test wants.
 */

import type {
  Association,
  AssociationInfo,
  AssociationRequest,
  EngineErrorInit,
  Need,
  NeedAnswer,
  Phase,
} from '@avs-net/core/plugin';
import { NetError } from '@avs-net/core/plugin';

export class FakeAssociation implements Association {
  readonly request: AssociationRequest;
  /** The very objects, to see what was copied. */
  readonly given: Uint8Array[] = [];
  /** What they held. */
  readonly received: Uint8Array[] = [];
  readonly calls: string[] = [];
  readonly answers: (readonly [number, NeedAnswer])[] = [];
  /** Run inside `receive`. */
  onReceive: ((bytes: Uint8Array) => void) | undefined;
  phase: Phase = 'handshake';
  deadline: number | undefined;
  halfOpenBytes: number | undefined;
  facts: AssociationInfo = {};
  newest: number | undefined;

  constructor(request: AssociationRequest) {
    this.request = request;
  }

  establish(facts: AssociationInfo = this.facts): void {
    this.facts = facts;
    this.phase = 'established';
    this.request.output.established();
  }

  fail(code: string): void {
    this.phase = 'closed';
    this.request.output.failed(this.request.error({ code, message: 'gave up' }));
  }

  start(): void {
    this.calls.push('start');
  }

  receive(bytes: Uint8Array): void {
    this.given.push(bytes);
    this.received.push(bytes.slice());
    this.onReceive?.(bytes);
  }

  send(): void {
    this.calls.push('send');
  }

  timeout(): void {
    this.calls.push('timeout');
  }

  answer(id: number, answer: NeedAnswer): void {
    this.calls.push('answer');
    this.answers.push([id, answer]);
  }

  shutdown(): void {
    this.calls.push('shutdown');
    this.phase = 'closed';
    this.request.output.closed();
  }

  maxMessage(lowerLimit: number): number {
    return lowerLimit - 29;
  }

  info(): AssociationInfo {
    return this.facts;
  }

  destroy(): void {
    this.calls.push('destroy');
  }
}

/** Everything that an association reported. */
export interface Report {
  readonly datagrams: Uint8Array[];
  readonly messages: Uint8Array[];
  readonly dropped: string[];
  readonly needs: (readonly [number, Need])[];
  readonly errors: NetError[];
  readonly events: string[];
}

/** A request, and the report that its output fills. */
export function fakeRequest(init: Partial<AssociationRequest> = {}): { request: AssociationRequest; report: Report } {
  const report: Report = { datagrams: [], messages: [], dropped: [], needs: [], errors: [], events: [] };
  const request: AssociationRequest = {
    role: 'client',
    handshakeTimeouts: { min: 1_000, max: 60_000 },
    error: (error: EngineErrorInit) => new NetError({ ...error, operation: 'connect', backend: 'fake' }),
    output: {
      datagram: (bytes) => void report.datagrams.push(bytes.slice()),
      message: (bytes) => report.messages.push(bytes.slice()),
      established: () => report.events.push('established'),
      closed: () => report.events.push('closed'),
      failed: (error) => {
        report.events.push('failed');
        report.errors.push(error);
      },
      need: (id, what) => report.needs.push([id, what]),
      dropped: (reason) => report.dropped.push(reason),
      trace: (event) => report.events.push(event.type),
    },
    ...init,
  };
  return { request, report };
}
