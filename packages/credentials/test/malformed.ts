/**
 * Test support: the ways in which credential files are damaged in real life and by people who mean harm. Each takes a
 * good file, PEM or DER, and gives a bad one.
 */

export const MALFORMATIONS: Readonly<Record<string, (good: Buffer) => Buffer>> = {
  'nothing left': () => Buffer.alloc(0),
  'one byte': (good) => good.subarray(0, 1),
  'first half': (good) => good.subarray(0, good.byteLength >> 1),
  'second half': (good) => good.subarray(good.byteLength >> 1),
  'last byte gone': (good) => trimmed(good).subarray(0, -1),
  'first byte gone': (good) => good.subarray(1),
  'twice without a break': (good) => Buffer.concat([trimmed(good), trimmed(good)]),
  'zeros in the middle': (good) => overwritten(good, good.byteLength >> 1, Buffer.alloc(8)),
  'ones in the middle': (good) => overwritten(good, good.byteLength >> 1, Buffer.alloc(8, 0xff)),
  'all zeros': (good) => Buffer.alloc(good.byteLength),
  'all ones': (good) => Buffer.alloc(good.byteLength, 0xff),
  reversed: (good) => Buffer.from(good).reverse(),
  'UTF-16': (good) => Buffer.from(`\uFEFF${good.toString('latin1')}`, 'utf16le'),
  'hexadecimal text': (good) => Buffer.from(good.toString('hex')),
  'base64 without lines': (good) => Buffer.from(good.toString('base64')),
  'behind a blank': (good) => Buffer.concat([Buffer.from(' '), good]),
  'behind a byte order mark': (good) => Buffer.concat([Buffer.from('\uFEFF'), good]),
  'old Macintosh lines': (good) => text(good, (pem) => pem.replaceAll('\n', '\r')),
  'no BEGIN line': (good) => text(good, (pem) => pem.replace(/-----BEGIN.*\n/, '')),
  'no END line': (good) => text(good, (pem) => pem.replace(/-----END.*\n/, '')),
  'two BEGIN lines': (good) => text(good, (pem) => pem.replace(/(-----BEGIN.*\n)/, '$1$1')),
  'two END lines': (good) => text(good, (pem) => pem.replace(/(-----END.*\n)/, '$1$1')),
  'END before BEGIN': (good) => text(good, (pem) => pem.split('\n').reverse().join('\n')),
  'another END label': (good) => text(good, (pem) => pem.replace('-----END ', '-----END NO ')),
  'a label of 10 000 letters': (good) =>
    text(good, (pem) => pem.replaceAll(/-----(BEGIN|END) /g, `$&${'A'.repeat(10_000)}`)),
  'four dashes': (good) => text(good, (pem) => pem.replaceAll('-----\n', '----\n')),
  'lower case label': (good) =>
    text(good, (pem) => pem.replaceAll(/-----(BEGIN|END) .*-----/g, (line) => line.toLowerCase())),
  'not base64': (good) => text(good, (pem) => pem.replace(/\n[A-Za-z0-9+/]{4}/g, '\n%%%%')),
  'padding in the middle': (good) => text(good, (pem) => pem.replace(/\n[A-Za-z0-9+/]{4}/g, '\nAA==')),
  'no body': (good) => text(good, (pem) => pem.replace(/(-----BEGIN.*\n)[^-]*/, '$1')),
  'body of zeros': (good) =>
    text(good, (pem) => pem.replace(/\n[A-Za-z0-9+/]{40,}/g, (line) => `\n${'A'.repeat(line.length - 1)}`)),
  'length of 4 GiB': (good) =>
    der(good, (bytes) => Buffer.concat([Buffer.from('3084ffffffff', 'hex'), bytes.subarray(4)])),
  'length of 8 bytes': (good) =>
    der(good, (bytes) => Buffer.concat([Buffer.from('30887fffffffffffffff', 'hex'), bytes.subarray(4)])),
  'length of no bytes': (good) => der(good, (bytes) => Buffer.concat([Buffer.from('30', 'hex'), bytes.subarray(4)])),
  'indefinite length': (good) =>
    der(good, (bytes) => Buffer.concat([Buffer.from('3080', 'hex'), bytes.subarray(4), Buffer.alloc(2)])),
  'another tag': (good) => der(good, (bytes) => overwritten(bytes, 0, Buffer.of(0x31))),
  'endless nesting': () => Buffer.alloc(100_000, Buffer.from('3080', 'hex')),
  'nesting that fits': () => nested(5_000),
};

function overwritten(good: Buffer, offset: number, bytes: Buffer): Buffer {
  return Buffer.concat([good.subarray(0, offset), bytes, good.subarray(offset + bytes.byteLength)]);
}

function trimmed(good: Buffer): Buffer {
  return good.at(-1) === 0x0a ? good.subarray(0, -1) : good;
}

/** For PEM; what is DER becomes text that is no PEM. */
function text(good: Buffer, damage: (pem: string) => string): Buffer {
  return Buffer.from(good[0] === 0x30 ? good.toString('hex') : damage(good.toString('latin1')), 'latin1');
}

/** For DER; what is PEM becomes DER of nothing. */
function der(good: Buffer, damage: (bytes: Buffer) => Buffer): Buffer {
  return damage(good[0] === 0x30 ? good : Buffer.from('3082000402000500', 'hex'));
}

/** SEQUENCE in SEQUENCE, with right lengths. */
function nested(depth: number): Buffer {
  let bytes = Buffer.alloc(0);
  for (let level = 0; level < depth; level += 1) {
    const header = Buffer.from([
      0x30,
      0x83,
      bytes.byteLength >> 16,
      (bytes.byteLength >> 8) & 0xff,
      bytes.byteLength & 0xff,
    ]);
    bytes = Buffer.concat([header, bytes]);
  }
  return bytes;
}
