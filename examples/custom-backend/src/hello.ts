/**
 * ClientHello, ServerHello (RFC 5246 §7.4.1) and HelloVerifyRequest (RFC 6347 §4.2.1) with the extensions that this
 * backend knows: server_name, extended_master_secret, renegotiation_info.
 */

import { ByteReader, concat, number, vector } from './byte-reader.ts';
import { DTLS_1_2 } from './record.ts';

export const SERVER_NAME = 0;
/** RFC 7627. */
export const EXTENDED_MASTER_SECRET = 23;
/** RFC 5746. */
export const RENEGOTIATION_INFO = 0xff01;
export const EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff;

export type Extensions = ReadonlyMap<number, Uint8Array>;

export interface ClientHello {
  readonly version: number;
  readonly random: Uint8Array;
  readonly cookie: Uint8Array;
  readonly ciphersuites: readonly number[];
  readonly extensions: Extensions;
}

export interface ServerHello {
  readonly version: number;
  readonly random: Uint8Array;
  readonly ciphersuite: number;
  readonly compression: number;
  readonly extensions: Extensions;
}

export function writeClientHello({ random, cookie, ciphersuites, extensions }: ClientHello): Uint8Array {
  return concat(
    number(DTLS_1_2, 2),
    random,
    vector(NOTHING, 1),
    vector(cookie, 1),
    vector(concat(...ciphersuites.map((id) => number(id, 2))), 2),
    vector(NULL_COMPRESSION, 1),
    writeExtensions(extensions),
  );
}

/** Undefined: malformed. */
export function readClientHello(body: Uint8Array): ClientHello | undefined {
  const reader = new ByteReader(body);
  const version = reader.number(2);
  const random = reader.bytes(RANDOM).slice();
  reader.vector(1);
  const cookie = reader.vector(1).slice();
  const suites = new ByteReader(reader.vector(2));
  const compression = reader.vector(1);
  const extensions = readExtensions(reader);
  const ciphersuites: number[] = [];
  while (suites.left > 1) ciphersuites.push(suites.number(2));
  if (!reader.complete || !suites.complete || extensions === undefined || !compression.includes(0)) return undefined;
  return { version, random, cookie, ciphersuites, extensions };
}

export function writeServerHello({ random, ciphersuite, extensions }: ServerHello): Uint8Array {
  const fixed = [number(DTLS_1_2, 2), random, vector(NOTHING, 1), number(ciphersuite, 2), NULL_COMPRESSION];
  return concat(...fixed, ...(extensions.size > 0 ? [writeExtensions(extensions)] : []));
}

/** Undefined: malformed. */
export function readServerHello(body: Uint8Array): ServerHello | undefined {
  const reader = new ByteReader(body);
  const version = reader.number(2);
  const random = reader.bytes(RANDOM).slice();
  reader.vector(1);
  const ciphersuite = reader.number(2);
  const compression = reader.number(1);
  const extensions = readExtensions(reader);
  if (!reader.complete || extensions === undefined) return undefined;
  return { version, random, ciphersuite, compression, extensions };
}

/** The cookie; undefined: malformed. */
export function readHelloVerifyRequest(body: Uint8Array): Uint8Array | undefined {
  const reader = new ByteReader(body);
  reader.number(2);
  const cookie = reader.vector(1);
  return reader.complete ? cookie.slice() : undefined;
}

/** RFC 6066 §3: one entry of type host_name. */
export function writeServerName(name: string): Uint8Array {
  return vector(concat(number(HOST_NAME, 1), vector(Buffer.from(name, 'latin1'), 2)), 2);
}

export function readServerName(extension: Uint8Array): string | undefined {
  const list = new ByteReader(new ByteReader(extension).vector(2));
  const type = list.number(1);
  const name = list.vector(2);
  return list.complete && type === HOST_NAME ? Buffer.from(name).toString('latin1') : undefined;
}

function writeExtensions(extensions: Extensions): Uint8Array {
  const entries = [...extensions].map(([type, data]) => concat(number(type, 2), vector(data, 2)));
  return vector(concat(...entries), 2);
}

/** Extensions may be absent as a whole; none may stand twice (RFC 5246 §7.4.1.4). */
function readExtensions(reader: ByteReader): Extensions | undefined {
  const extensions = new Map<number, Uint8Array>();
  if (reader.left === 0) return extensions;
  const entries = new ByteReader(reader.vector(2));
  while (entries.left > 0) {
    const type = entries.number(2);
    const data = entries.vector(2).slice();
    if (extensions.has(type)) return undefined;
    extensions.set(type, data);
  }
  return entries.complete ? extensions : undefined;
}

const RANDOM = 32;
const HOST_NAME = 0;
const NOTHING = new Uint8Array(0);
const NULL_COMPRESSION = Uint8Array.of(0);
