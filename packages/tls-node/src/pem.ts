/** DER to the PEM that node:tls reads (RFC 7468), byte by byte where it is a key, because text cannot be wiped. */

/** Certificates one after the other. */
export function certificatesPem(certificates: readonly Uint8Array[]): string {
  return certificates.map((der) => textPem('CERTIFICATE', der)).join('');
}

export function revocationListPem(der: Uint8Array): string {
  return textPem('X509 CRL', der);
}

/** PKCS#8, unencrypted. Belongs to the caller, who wipes it. */
export function privateKeyPem(der: Uint8Array): Buffer {
  const groups = Math.ceil(der.length / 3);
  const lines = Math.ceil((groups * 4) / LINE);
  const pem = Buffer.from(new ArrayBuffer(BEGIN.length + groups * 4 + lines + END.length));
  let at = pem.write(BEGIN, 0, 'latin1');
  for (let group = 0; group < groups; group += 1) {
    at = writeGroup(der, group * 3, pem, at);
    if ((group + 1) % (LINE / 4) === 0 || group + 1 === groups) at = pem.writeUInt8(NEWLINE, at);
  }
  pem.write(END, at, 'latin1');
  return pem;
}

/** RFC 4648 §4. */
function writeGroup(der: Uint8Array, from: number, pem: Buffer, at: number): number {
  const bits = (der[from]! << 16) | ((der[from + 1] ?? 0) << 8) | (der[from + 2] ?? 0);
  const have = der.length - from;
  for (let digit = 0; digit < 4; digit += 1) {
    pem[at + digit] = digit > have ? PADDING : ALPHABET.charCodeAt((bits >> (18 - 6 * digit)) & 63);
  }
  return at + 4;
}

function textPem(label: string, der: Uint8Array): string {
  const text = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('base64');
  return `-----BEGIN ${label}-----\n${text.replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const PADDING = 0x3d;
const NEWLINE = 0x0a;
const LINE = 64;
const BEGIN = '-----BEGIN PRIVATE KEY-----\n';
const END = '-----END PRIVATE KEY-----\n';
