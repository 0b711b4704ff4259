/**
 * The outermost header of a DER object (X.690 §8.1): tells DER from other bytes, finds what is cut off or left over,
 * and recognises what is not a certificate, a key or a CRL. Content is not parsed here; node:crypto and asn1js do
 * that.
 */

import { type Place, refusal } from './credential-error.ts';

/** Throws unless `bytes` are exactly one DER SEQUENCE. Errors: EPROTO, EIO for bytes after its end. */
export function checkDerFrame(bytes: Uint8Array, place: Place): void {
  const content = frameAt(bytes, 0);
  if (content?.tag !== SEQUENCE) throw refusal('EPROTO', place, `neither PEM nor DER${guess(bytes)}`);
  if (content.end > bytes.byteLength) {
    const message = `DER cut off: ${content.end} bytes announced, ${bytes.byteLength} received`;
    throw refusal('EPROTO', place, message);
  }
  if (content.end < bytes.byteLength) {
    const left = bytes.byteLength - content.end;
    const message = `${left} more bytes after the DER object, which ends at offset ${content.end}`;
    throw refusal('EIO', place, message);
  }
}

/** RFC 7292 §4: PFX ::= SEQUENCE { version INTEGER (3), ContentInfo SEQUENCE … }. */
export function isPkcs12(bytes: Uint8Array): boolean {
  return contentStartsWith(bytes, [0x02, 0x01, 0x03, 0x30]);
}

/** RFC 5652 §5.1: ContentInfo ::= SEQUENCE { id-signedData OBJECT IDENTIFIER … }. */
export function isPkcs7(bytes: Uint8Array): boolean {
  return contentStartsWith(bytes, [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02]);
}

/**
 * RFC 5280 §5.1: CertificateList ::= SEQUENCE { tbsCertList SEQUENCE { version INTEGER (1) OPTIONAL, SEQUENCE … },
 * SEQUENCE, BIT STRING }. A whole parse would cost megabytes of objects for a list of some size.
 */
export function looksLikeCrl(bytes: Uint8Array): boolean {
  const outer = frameAt(bytes, 0);
  const tbs = outer && frameAt(bytes, outer.start);
  const algorithm = tbs && frameAt(bytes, tbs.end);
  const signature = algorithm && frameAt(bytes, algorithm.end);
  if (signature === undefined || signature.end !== outer?.end || outer.end !== bytes.byteLength) return false;
  const tags = [outer, tbs, algorithm, signature].map((frame) => frame?.tag);
  const begins = contentStartsWith(bytes.subarray(outer.start), [0x02, 0x01, 0x01, SEQUENCE]);
  return tags.join() === EXPECTED_TAGS && (begins || contentStartsWith(bytes.subarray(outer.start), [SEQUENCE]));
}

function contentStartsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  const frame = frameAt(bytes, 0);
  return frame?.tag === SEQUENCE && prefix.every((byte, index) => bytes[frame.start + index] === byte);
}

interface Frame {
  readonly tag: number;
  /** Offsets of the content; `end` may lie behind the bytes that are there. */
  readonly start: number;
  readonly end: number;
}

/** undefined if there is no definite length. */
function frameAt(bytes: Uint8Array, offset: number): Frame | undefined {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  if (tag === undefined || first === undefined) return undefined;
  if (first < 0x80) return { tag, start: offset + 2, end: offset + 2 + first };
  const start = offset + 2 + (first & 0x7f);
  if (first === 0x80 || first > 0x84 || start > bytes.byteLength) return undefined;
  const length = bytes.subarray(offset + 2, start).reduce((value, byte) => value * 256 + byte, 0);
  return { tag, start, end: start + length };
}

function guess(bytes: Uint8Array): string {
  if (bytes.byteLength === 0) return '; it is empty';
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return '; it looks like UTF-16 text, save it as ASCII';
  }
  if (includes(bytes, '-----BEGIN ')) return '; a PEM object must begin at the start of a line';
  if (bytes.subarray(0, 4096).every((byte) => BASE64_TEXT.includes(byte)))
    return '; it looks like bare base64, add the PEM lines around it';
  return '';
}

function includes(bytes: Uint8Array, text: string): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(text, 0, 'latin1');
}

const SEQUENCE = 0x30;
const EXPECTED_TAGS = [SEQUENCE, SEQUENCE, SEQUENCE, 0x03].join();
const BASE64_TEXT = new TextEncoder().encode(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n \0',
);
