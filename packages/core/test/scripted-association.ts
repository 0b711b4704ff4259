/**
 * An association without cryptography, for tests of what drives it. Frames: `H` hello, `W` welcome (established),
 * `M…` message, `C` close_notify; `N…` asks for the PSK of the rest, `E` is sent back, `X` throws, `F` (and as server
 * `H!`) fails; the rest is junk. One buffer is used for everything it hands out, so that whoever keeps it unmasked gets
 * garbage.
 */

import { alert } from '../src/contract/alert.ts';
import type { Association, AssociationRequest, NeedAnswer } from '../src/contract/association.ts';
import { CountingEngine, Ledger } from './counting-engine.ts';

/** Which numbers of which association were used, over all of them. */
export const ledger: Ledger = new Ledger();

export interface ScriptedAssociation extends Association {
  readonly request: AssociationRequest;
  readonly calls: string[];
  readonly answers: (string | undefined)[];
  deadline: number | undefined;
  /** Reported from inside the next call. */
  during: (() => void) | undefined;
  destroyed: boolean;
  inside: boolean;
}

export function scriptedAssociation(
  request: AssociationRequest,
  waits: readonly number[] = [100, 200],
): ScriptedAssociation {
  const { output, role } = request;
  const borrowed = new Uint8Array(64);
  let sends = 0;
  const lend = (text: string): Uint8Array => {
    borrowed.fill(0);
    borrowed.set(Buffer.from(text));
    return borrowed.subarray(0, text.length);
  };
  const flight = (now: number, text: string): void => {
    output.datagram(lend(text));
    const wait = waits[sends];
    subject.deadline = wait === undefined ? undefined : now + wait;
    sends += 1;
    if (wait !== undefined) output.trace?.({ type: 'flight', attempt: sends, waitMs: wait });
  };
  const [key = keys++, next = 0] = request.continued
    ? Buffer.from(request.continued).toString().split(' ').map(Number)
    : [];
  const numbers = new CountingEngine(ledger, key, next);
  const establish = (): void => {
    phase = 'established';
    subject.deadline = undefined;
    output.established();
  };
  const enter = (call: string, run: () => void): void => {
    if (subject.inside) throw new Error(`entered by ${call} while inside`);
    if (subject.destroyed) throw new Error(`${call} after destroy`);
    subject.calls.push(call);
    subject.inside = true;
    try {
      run();
      const { during } = subject;
      subject.during = undefined;
      during?.();
    } finally {
      subject.inside = false;
      borrowed.fill(0x21);
    }
  };
  let phase: Association['phase'] = 'handshake';
  const subject: ScriptedAssociation = {
    request,
    calls: [],
    answers: [],
    deadline: undefined,
    during: undefined,
    destroyed: false,
    inside: false,
    get phase() {
      return phase;
    },
    continuation: numbers,
    start: (now) =>
      enter('start', () => {
        if (key < 0) throw request.error({ code: 'EINVAL', message: 'no state of this engine' });
        if (request.continued) establish();
        else if (role === 'client') flight(now, `H${request.serverName ?? ''}`);
      }),
    receive: (bytes) =>
      enter('receive', () => {
        const frame = Buffer.from(bytes).toString('latin1');
        if (frame === 'F' || (frame === 'H!' && role === 'server')) {
          phase = 'closed';
          output.failed(request.error({ code: 'EPROTO', message: 'refused' }));
        } else if (frame.startsWith('H') && role === 'server') {
          output.datagram(lend('W'));
          if (phase === 'handshake') establish();
        } else if (frame === 'W' && phase === 'handshake') establish();
        else if (frame.startsWith('M')) output.message(lend(frame.slice(1)));
        else if (frame === 'C') {
          phase = 'closed';
          output.closed(alert('warning', 0, 'peer'));
        } else if (frame.startsWith('N')) output.need(7, { kind: 'psk', identity: lend(frame.slice(1)) });
        else if (frame === 'X') throw new Error('defect');
        else if (frame === 'E') output.datagram(lend('E'));
        else output.dropped('junk');
      }),
    send: (message) =>
      enter('send', () => {
        if (message.length > 40) throw request.error({ code: 'EMSGSIZE', message: 'at most 40 bytes' });
        if (numbers.left <= 0) throw request.error({ code: 'EAGAIN', message: 'no number is left' });
        numbers.use();
        output.datagram(lend(`M${Buffer.from(message).toString('latin1')}`));
      }),
    timeout: (now) =>
      enter('timeout', () => {
        if (subject.deadline === undefined || now < subject.deadline) return;
        if (waits[sends] !== undefined) return flight(now, 'H');
        phase = 'closed';
        subject.deadline = undefined;
        output.failed(request.error({ code: 'ETIMEDOUT', message: 'no answer' }));
      }),
    answer: (_id: number, answer: NeedAnswer) =>
      enter('answer', () => {
        subject.answers.push(answer && Buffer.from(answer).toString('latin1'));
        if (answer !== undefined) kept.push(answer);
      }),
    shutdown: () =>
      enter('shutdown', () => {
        if (phase === 'established' && numbers.left > 0) {
          numbers.use();
          output.datagram(lend('C'));
        }
        phase = 'closed';
        output.closed();
      }),
    maxMessage: (limit) => Math.max(0, Math.min(40, limit - 1)),
    info: () => ({ version: 'DTLSv1.2', resumed: false, ...(request.continued && { continued: true }) }),
    destroy() {
      if (subject.inside) throw new Error('destroyed while inside');
      subject.destroyed = true;
    },
  };
  return subject;
}

let keys = 0;

/** Every answer that any association was given, to look at after it should have been wiped. */
export const kept: Uint8Array[] = [];
