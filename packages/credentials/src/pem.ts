/**
 * Finds the objects of a PEM file (RFC 7468, and RFC 1421 headers as OpenSSL writes them into encrypted keys): any
 * number, any order, comments in between. Works on bytes: the body of a key is never turned into a string.
 */

import { at, type Place, refusal } from './credential-error.ts';

export interface PemObject {
  /** `CERTIFICATE`, `EC PRIVATE KEY` … */
  readonly label: string;
  /** Line of its BEGIN, from 1. */
  readonly line: number;
  /** BEGIN line to END line, a view of the input. */
  readonly bytes: Uint8Array;
  /** What stands between them, headers included; a view. */
  readonly body: Uint8Array;
}

/** undefined if there is no BEGIN line at all. Errors: EPROTO with the line. */
export function scanPem(bytes: Uint8Array, place: Place): PemObject[] | undefined {
  if (startsWith(bytes, 0, BOM) && startsWith(bytes, BOM.byteLength, BEGIN)) {
    throw refusal('EPROTO', place, 'the first line begins with a byte order mark, save the file as ASCII without one');
  }
  const objects: PemObject[] = [];
  let open: { label: string; line: number; start: number; bodyStart: number } | undefined;
  for (const { start, end, next, line } of boundaryLines(bytes)) {
    const here = at(place, `line ${line}`);
    const { kind, label } = readBoundary(bytes.subarray(start, end), here);
    if (kind === 'BEGIN') {
      if (open !== undefined) throw refusal('EPROTO', here, `BEGIN inside the ${open.label} of line ${open.line}`);
      open = { label, line, start, bodyStart: next };
    } else {
      if (open === undefined) throw refusal('EPROTO', here, `END ${label} without its BEGIN`);
      if (open.label !== label)
        throw refusal('EPROTO', here, `END ${label} closes the ${open.label} of line ${open.line}`);
      const object = { bytes: bytes.subarray(open.start, end), body: bytes.subarray(open.bodyStart, start) };
      objects.push({ label, line: open.line, ...object });
      open = undefined;
    }
  }
  if (open !== undefined) {
    throw refusal('EPROTO', at(place, `line ${open.line}`), `${open.label} cut off: there is no END line`);
  }
  return objects.length === 0 ? undefined : objects;
}

/** The DER inside a public object such as a certificate. Not for keys: passes through a string. Errors: EPROTO. */
export function decodePem(object: PemObject, place: Place): Uint8Array {
  const text = Buffer.from(object.body).toString('latin1').replace(/\s+/g, '');
  if (text === '') throw refusal('EPROTO', place, `the ${object.label} is empty`);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) {
    throw refusal('EPROTO', place, `the ${object.label} is not valid base64`);
  }
  return new Uint8Array(Buffer.from(text, 'base64'));
}

/** An encrypted key: PKCS#8 by its label, a traditional one by its header (RFC 1421 §4.6.1.1). */
export function isEncryptedPem(object: PemObject): boolean {
  const head = object.body.subarray(0, PROC_TYPE.byteLength);
  return object.label === 'ENCRYPTED PRIVATE KEY' || Buffer.compare(head, PROC_TYPE) === 0;
}

/** Lines that begin with five dashes and a BEGIN or END, without their trailing white space. */
function* boundaryLines(
  bytes: Uint8Array,
): Generator<{ start: number; end: number; next: number; line: number }, void, undefined> {
  let line = 0;
  for (let start = 0; start < bytes.byteLength; ) {
    line += 1;
    const newline = bytes.indexOf(LF, start);
    const next = newline === -1 ? bytes.byteLength : newline + 1;
    if (startsWith(bytes, start, BEGIN) || startsWith(bytes, start, END)) {
      let end = newline === -1 ? bytes.byteLength : newline;
      while (end > start && isBlank(bytes[end - 1] as number)) end -= 1;
      yield { start, end, next, line };
    }
    start = next;
  }
}

function readBoundary(line: Uint8Array, place: Place): { kind: 'BEGIN' | 'END'; label: string } {
  const text = line.byteLength > MAX_BOUNDARY ? '' : Buffer.from(line).toString('latin1');
  const match = /^-----(BEGIN|END) ([A-Z0-9][A-Z0-9 #._-]*?)-----$/.exec(text);
  if (match === null)
    throw refusal('EPROTO', place, 'damaged PEM line; expected -----BEGIN LABEL----- or -----END LABEL-----');
  return { kind: match[1] as 'BEGIN' | 'END', label: match[2] as string };
}

function startsWith(bytes: Uint8Array, offset: number, prefix: Uint8Array): boolean {
  for (let index = 0; index < prefix.byteLength; index += 1) {
    if (bytes[offset + index] !== prefix[index]) return false;
  }
  return true;
}

/** Space, tab, CR, and the NUL that ends a C string. */
function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === 0;
}

const LF = 0x0a;
const BOM = Uint8Array.of(0xef, 0xbb, 0xbf);
const BEGIN = new TextEncoder().encode('-----BEGIN');
const END = new TextEncoder().encode('-----END');
const PROC_TYPE = new TextEncoder().encode('Proc-Type: 4,ENCRYPTED');
const MAX_BOUNDARY = 100;
