/**
 * The outermost header of a DER object (X.690 §8.1): tells DER from other bytes, finds what is cut off or left over, and
 * recognises what is not a certificate, a key or a CRL. Content is not parsed here; node:crypto and asn1js do that.
 */

import { type Place, refusal } from './credential-error.ts';

/** Throws unless `bytes` are exactly one DER SEQUENCE. Errors: EPROTO, EIO for bytes after its end. */
export function checkDerFrame(bytes: Uint8Array, place: Place): void {
  const content = sequenceContent(bytes);
  if (content === undefined) throw refusal('EPROTO', place, `neither PEM nor DER${guess(bytes)}`);
  if (content.end > bytes.byteLength) {
    const message = `DER cut off: ${content.end} bytes announced, ${bytes.byteLength} received`;
    throw refusal('EPROTO', place, message);
  }
  if (content.end < bytes.byteLength) {
    const message = `${bytes.byteLength - content.end} more bytes after the DER object, which ends at offset ${content.end}`;
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

/** RFC 5280 §5.1: CertificateList ::= SEQUENCE { tbsCertList SEQUENCE { version INTEGER (1) OPTIONAL, SEQUENCE … } … }. */
export function looksLikeCrl(bytes: Uint8Array): boolean {
  const outer = sequenceContent(bytes);
  if (outer === undefined) return false;
  const inner = bytes.subarray(outer.start);
  return contentStartsWith(inner, [0x02, 0x01, 0x01, 0x30]) || contentStartsWith(inner, [0x30]);
}

function contentStartsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  const content = sequenceContent(bytes);
  return content !== undefined && prefix.every((byte, index) => bytes[content.start + index] === byte);
}

/** undefined if there is no definite-length SEQUENCE header. */
function sequenceContent(bytes: Uint8Array): { start: number; end: number } | undefined {
  const [tag, first] = bytes;
  if (tag !== 0x30 || first === undefined) return undefined;
  if (first < 0x80) return { start: 2, end: 2 + first };
  const size = first & 0x7f;
  if (size < 1 || size > 4 || bytes.byteLength < 2 + size) return undefined;
  let length = 0;
  for (let index = 0; index < size; index += 1) length = length * 256 + (bytes[2 + index] as number);
  return { start: 2 + size, end: 2 + size + length };
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

const BASE64_TEXT = new TextEncoder().encode(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n \0',
);
