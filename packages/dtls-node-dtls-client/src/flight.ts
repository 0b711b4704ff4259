/**
 * Sends the last flight of the client once more, which the library cannot: every record gets a fresh number, Finished
 * is encrypted anew, and what does not fit one datagram is spread over several (RFC 6347 §4.1.1, §4.2.3, §4.2.4).
 */

import type { InnerMessage, InnerRecordLayer } from './private-fields.ts';
import { ContentType, HANDSHAKE_HEADER, HandshakeType, RECORD_HEADER, uint16, writeFragment } from './record.ts';

/** The datagrams of `messages`, each of at most `limit` bytes as long as one record allows it. */
export function repeatFlight(layer: InnerRecordLayer, messages: readonly InnerMessage[], limit: number): Buffer[] {
  // A flight starts in the clear. Its change_cipher_spec moves the library back to where it was.
  layer._writeEpochNr = 0;
  const records: Buffer[] = [];
  for (const message of messages) {
    if (message.msg_type === HandshakeType.finished) {
      records.push(layer.processOutgoingMessage({ type: ContentType.changeCipherSpec, data: CHANGE_CIPHER_SPEC }));
    }
    for (const data of fragments(message, Math.max(1, limit - RECORD_HEADER - HANDSHAKE_HEADER))) {
      records.push(layer.processOutgoingMessage({ type: ContentType.handshake, data }));
    }
  }
  return pack(records, limit);
}

function fragments(message: InnerMessage, limit: number): readonly Buffer[] {
  const whole = message.toFragment().serialize();
  const body = whole.subarray(HANDSHAKE_HEADER);
  // Finished is short and protected: its record is larger than `limit` allows for, and may be.
  if (body.length <= limit || message.msg_type === HandshakeType.finished) return [whole];
  const parts: Buffer[] = [];
  const header = { type: message.msg_type, messageSeq: uint16(whole, 4), body };
  for (let at = 0; at < body.length; at += limit) parts.push(writeFragment(header, at, limit));
  return parts;
}

/** Whole records, as many as fit, in order. */
function pack(records: readonly Buffer[], limit: number): Buffer[] {
  const datagrams: Buffer[] = [];
  let waiting: Buffer[] = [];
  let bytes = 0;
  for (const record of records) {
    if (bytes > 0 && bytes + record.length > limit) {
      datagrams.push(Buffer.concat(waiting));
      waiting = [];
      bytes = 0;
    }
    waiting.push(record);
    bytes += record.length;
  }
  if (bytes > 0) datagrams.push(Buffer.concat(waiting));
  return datagrams;
}

const CHANGE_CIPHER_SPEC = Uint8Array.of(1);
