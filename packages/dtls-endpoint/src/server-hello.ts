/**
 * The ciphersuite that a ServerHello of ours settles on (RFC 5246 §7.4.1.3), read from the datagram that carries it.
 */

import { RANDOM } from './client-hello.ts';
import { fragment, HandshakeType, readFragment } from './handshake-fragment.ts';
import { ContentType, readRecord, recordHeader, uint16 } from './record.ts';

/** IANA number of the suite in the first fragment of a ServerHello in `bytes`; undefined if there is none. */
export function negotiatedSuite(bytes: Uint8Array): number | undefined {
  for (let at = 0; at < bytes.length && readRecord(bytes, at, record) === undefined; at = record.end) {
    if (record.epoch !== 0 || record.type !== ContentType.handshake) continue;
    if (readFragment(bytes, record.start, record.end, part) !== undefined) continue;
    if (part.type !== HandshakeType.serverHello || part.offset !== 0) continue;
    const sessionIdAt = part.start + 2 + RANDOM;
    if (sessionIdAt >= part.end) continue;
    const suiteAt = sessionIdAt + 1 + bytes[sessionIdAt]!;
    if (suiteAt + 2 <= part.end) return uint16(bytes, suiteAt);
  }
  return undefined;
}

const record = recordHeader();
const part = fragment();
