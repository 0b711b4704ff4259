/**
 * A lower socket in a test's hand: keeps what is sent, delivers what the test says.
 */

import type { LowerSink, LowerSocket } from '../src/contract/backend.ts';

export interface ScriptedLower extends LowerSocket {
  readonly sent: string[];
  sink: LowerSink | undefined;
  kind: LowerSocket['kind'];
  /** Thrown by the next `send`. */
  refusal: unknown;
  limit: number | undefined;
  /** Returned by `send`. */
  room: Promise<void> | undefined;
  deliver(text: string): void;
}

export function scriptedLower(): ScriptedLower {
  return {
    kind: 'datagram',
    sent: [],
    sink: undefined,
    refusal: undefined,
    limit: 100,
    room: undefined,
    start(sink) {
      this.sink = sink;
    },
    send(data) {
      const { refusal } = this;
      this.refusal = undefined;
      if (refusal !== undefined) throw refusal;
      this.sent.push(Buffer.from(data).toString('latin1'));
      return this.room;
    },
    pause() {},
    resume() {},
    innerMtu() {
      return this.limit;
    },
    deliver(text) {
      this.sink?.receive(Buffer.from(text, 'latin1'));
    },
  };
}
