/**
 * What a datagram holds, as far as demultiplexing needs to know: by its record headers, without keys or allocation.
 */

import { HandshakeType } from './handshake-fragment.ts';
import { beginsWith, ContentType, RECORD_HEADER, readRecord, recordHeader } from './record.ts';

/** Whether it begins with a ClientHello in the clear. */
export function isHello(data: Uint8Array): boolean {
  return (
    data.length > RECORD_HEADER &&
    beginsWith(data, ContentType.handshake, 0) &&
    data[RECORD_HEADER] === HandshakeType.clientHello
  );
}

/** Whether it begins in the clear, or is too short to tell. */
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
