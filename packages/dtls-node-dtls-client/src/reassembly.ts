/**
 * Puts the fragments of handshake messages together and the messages in order (RFC 6347 §4.2.2, §4.2.3). Anybody can
 * forge plaintext fragments, so what is kept is small and bounded before it is allocated, and a message that turns out
 * to be nonsense can be thrown out without taking the place of the true one.
 */

import type { HandshakeFragment } from './record.ts';

export interface HandshakeMessage {
  readonly type: number;
  readonly messageSeq: number;
  /** A copy. */
  readonly body: Uint8Array;
}

export interface Reassembly {
  /** Number of the message that is due. */
  readonly due: number;
  /** Takes a fragment in; says why not. */
  add(fragment: HandshakeFragment): string | undefined;
  /** The message that is due, once it is complete. */
  peek(): HandshakeMessage | undefined;
  /** The message that is due is taken. */
  accept(): void;
  /** The message that is due was nothing: wait for another one under its number. */
  discard(): void;
}

export function reassembly(firstDue: number): Reassembly {
  const slots = new Map<number, Slot>();
  let due = firstDue;
  return {
    get due() {
      return due;
    },
    add(fragment) {
      const { messageSeq, type, total, offset, body } = fragment;
      if (messageSeq < due) return 'repeatedMessage';
      if (messageSeq >= due + AHEAD) return 'messageNumber';
      if (total > LONGEST_MESSAGE) return 'messageTooLong';
      if (body.length === 0 && total > 0) return 'malformedFragment';
      let slot = slots.get(messageSeq);
      if (slot?.missing === 0) return 'repeatedMessage';
      // A message has one type and one length: of two stories the later one is believed, or a forged first fragment
      // would keep the true ones out.
      if (slot === undefined || slot.type !== type || slot.body.length !== total) {
        slot = { type, body: new Uint8Array(total), got: new Uint8Array(total), missing: total };
        slots.set(messageSeq, slot);
      }
      slot.body.set(body, offset);
      for (let at = offset; at < offset + body.length; at++) {
        if (slot.got[at] === 0) slot.missing--;
        slot.got[at] = 1;
      }
      return undefined;
    },
    peek() {
      const slot = slots.get(due);
      return slot?.missing === 0 ? { type: slot.type, messageSeq: due, body: slot.body } : undefined;
    },
    accept() {
      slots.delete(due++);
    },
    discard() {
      slots.delete(due);
    },
  };
}

interface Slot {
  readonly type: number;
  readonly body: Uint8Array;
  /** 1 where a byte of the body has arrived. */
  readonly got: Uint8Array;
  missing: number;
}

/** The longest flight of a PSK server has three messages. */
const AHEAD = 3;
/** A ServerKeyExchange is an identity hint; RFC 4279 §5.2 asks for 128 bytes of it. */
const LONGEST_MESSAGE = 4096;
