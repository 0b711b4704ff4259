/**
 * What a datagram is for, by its first bytes: as much as a listener has to know to hand it to somebody.
 */

import { HandshakeType } from './handshake-fragment.ts';
import { beginsWith, ContentType, RECORD_HEADER, readRecord, recordHeader } from './record.ts';

/** It begins with a ClientHello, or with a fragment of one. */
export function isHello(data: Uint8Array): boolean {
  return (
    data.length > RECORD_HEADER &&
    beginsWith(data, ContentType.handshake, 0) &&
    data[RECORD_HEADER] === HandshakeType.clientHello
  );
}

/** It begins with a record that bears a connection id. */
export function bearsId(data: Uint8Array): boolean {
  return data[0] === ContentType.tls12Cid;
}

export function isPlaintext(data: Uint8Array): boolean {
  return data.length < RECORD_HEADER || (data[3] === 0 && data[4] === 0);
}

export function holdsChangeCipherSpec(data: Uint8Array): boolean {
  for (let at = 0; at < data.length && readRecord(data, at, record) === undefined; at = record.end) {
    if (record.type === ContentType.changeCipherSpec) return true;
  }
  return false;
}

const record = recordHeader();
