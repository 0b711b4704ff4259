/**
 * The extensions that a certification request can ask for (RFC 5280 §4.2.1): key usage, extended key usage, subject key
 * identifier. `avs_crypto_pki_csr_create_ext` has the same three.
 */

import { createHash } from 'node:crypto';
import * as asn1js from 'asn1js';
import { inside, type Place, refusal, unexpected } from './credential-error.ts';
import { checkOid } from './x509-name.ts';

/** RFC 5280 §4.2.1.3, in the order of its bits. */
export type KeyUsage = (typeof KEY_USAGES)[number];

/** RFC 5280 §4.2.1.12; others by their object identifier. */
export type ExtendedKeyUsage = keyof typeof EXTENDED_KEY_USAGES | (string & {});

export interface RequestedExtensions {
  readonly keyUsage?: readonly KeyUsage[];
  readonly extendedKeyUsage?: readonly ExtendedKeyUsage[];
  /** Subject key identifier: SHA-1 of the public key, RFC 5280 §4.2.1.2 (1). Default false. */
  readonly addKeyId?: boolean;
}

/** Extensions ::= SEQUENCE OF Extension; undefined if none is asked for. Errors: EINVAL. */
export function encodeExtensions(
  wanted: Readonly<Record<keyof RequestedExtensions, unknown>>,
  publicKey: Uint8Array,
  place: Place,
): asn1js.Sequence | undefined {
  const extensions: asn1js.Sequence[] = [];
  if (wanted.keyUsage !== undefined) {
    extensions.push(extension('2.5.29.15', encodeKeyUsage(wanted.keyUsage, inside(place, 'keyUsage')), true));
  }
  if (wanted.extendedKeyUsage !== undefined) {
    const usages = encodeExtendedKeyUsage(wanted.extendedKeyUsage, inside(place, 'extendedKeyUsage'));
    extensions.push(extension('2.5.29.37', usages, false));
  }
  if (wanted.addKeyId === true) extensions.push(extension('2.5.29.14', keyIdentifier(publicKey), false));
  return extensions.length === 0 ? undefined : new asn1js.Sequence({ value: extensions });
}

function extension(oid: string, value: asn1js.BaseBlock, critical: boolean): asn1js.Sequence {
  const id = new asn1js.ObjectIdentifier({ value: oid });
  const content = new asn1js.OctetString({ valueHex: value.toBER() });
  const flag = critical ? [new asn1js.Boolean({ value: true })] : [];
  return new asn1js.Sequence({ value: [id, ...flag, content] });
}

/** A named bit list: trailing zero bits are left out (X.690 §11.2.2). */
function encodeKeyUsage(value: unknown, place: Place): asn1js.BitString {
  const usages = checkList(value, place);
  const bits = usages.map((usage, index) => {
    const bit = KEY_USAGES.indexOf(usage as KeyUsage);
    if (bit === -1) throw unexpected(inside(place, `[${index}]`), `one of ${KEY_USAGES.join(', ')}`, usage);
    return bit;
  });
  const highest = Math.max(...bits);
  const bytes = new Uint8Array(highest < 8 ? 1 : 2);
  for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] as number) | (0x80 >> (bit & 7));
  return new asn1js.BitString({ valueHex: bytes.buffer, unusedBits: 7 - (highest & 7) });
}

function encodeExtendedKeyUsage(value: unknown, place: Place): asn1js.Sequence {
  const identifiers = checkList(value, place).map((usage, index) => {
    const known = typeof usage === 'string' && Object.hasOwn(EXTENDED_KEY_USAGES, usage);
    const oid = known ? EXTENDED_KEY_USAGES[usage as keyof typeof EXTENDED_KEY_USAGES] : usage;
    return new asn1js.ObjectIdentifier({ value: checkOid(oid, inside(place, `[${index}]`)) });
  });
  return new asn1js.Sequence({ value: identifiers });
}

function keyIdentifier(publicKey: Uint8Array): asn1js.OctetString {
  const info = asn1js.fromBER(publicKey).result as asn1js.Sequence;
  const bits = info.valueBlock.value[1] as asn1js.BitString;
  const digest = createHash('sha1').update(bits.valueBlock.valueHexView).digest();
  return new asn1js.OctetString({ valueHex: new Uint8Array(digest).buffer });
}

function checkList(value: unknown, place: Place): readonly unknown[] {
  if (!Array.isArray(value)) throw unexpected(place, 'an array', value);
  if (value.length === 0) throw refusal('EINVAL', place, 'expected at least one usage; leave it out to ask for none');
  return value;
}

const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;

const EXTENDED_KEY_USAGES = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  OCSPSigning: '1.3.6.1.5.5.7.3.9',
} as const;
