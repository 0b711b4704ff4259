/**
 * The subject of a certification request (RFC 5280 §4.1.2.4). As in avs_crypto every value is a UTF8String unless its
 * key says otherwise.
 */

import * as asn1js from 'asn1js';
import { checkText } from './byte-argument.ts';
import { inside, type Place, unexpected } from './credential-error.ts';

/** Object identifier and string type of a part of a name, `avs_crypto_pki_x509_name_key_t`. */
export interface X509NameKey {
  /** Dotted. */
  readonly oid: string;
  /** Default `utf8`. */
  readonly type?: 'utf8' | 'printable' | 'ia5';
}

/** The keys that avs_crypto predefines, `AVS_CRYPTO_PKI_X509_NAME_*`. */
export const X509_NAME: { readonly CN: X509NameKey; readonly O: X509NameKey; readonly C: X509NameKey } = Object.freeze({
  CN: Object.freeze({ oid: '2.5.4.3' }),
  O: Object.freeze({ oid: '2.5.4.10' }),
  C: Object.freeze({ oid: '2.5.4.6' }),
});

/** From the most general part to the most special one, or as the certificate authority wants it. */
export type X509Subject = readonly (readonly [key: keyof typeof X509_NAME | X509NameKey, value: string])[];

/** Errors: EINVAL with the index of the part. */
export function encodeSubject(subject: unknown, place: Place): asn1js.Sequence {
  if (!Array.isArray(subject)) throw unexpected(place, 'an array of [key, text]', subject);
  const parts = subject.map((part: unknown, index) => {
    const here = inside(place, `[${index}]`);
    if (!Array.isArray(part) || part.length !== 2) throw unexpected(here, '[key, text]', part);
    const { oid, type } = checkNameKey(part[0], inside(here, '[0]'));
    const value = new STRING_TYPES[type]({ value: checkValue(part[1], type, inside(here, '[1]')) });
    const attribute = new asn1js.Sequence({ value: [new asn1js.ObjectIdentifier({ value: oid }), value] });
    return new asn1js.Set({ value: [attribute] });
  });
  return new asn1js.Sequence({ value: parts });
}

/** Dotted decimal of at least two arcs (X.660). */
export function checkOid(value: unknown, place: Place): string {
  if (typeof value === 'string' && /^(?:[01]\.(?:\d|[1-3]\d)|2\.\d{1,9})(?:\.(?:0|[1-9]\d{0,9}))*$/.test(value))
    return value;
  throw unexpected(place, 'an object identifier such as 2.5.4.3', value);
}

function checkNameKey(value: unknown, place: Place): Required<X509NameKey> {
  if (typeof value === 'string' && Object.hasOwn(X509_NAME, value)) {
    return { ...X509_NAME[value as keyof typeof X509_NAME], type: 'utf8' };
  }
  const { oid, type = 'utf8' } = Object(value) as { oid?: unknown; type?: unknown };
  if (oid === undefined) throw unexpected(place, "'CN', 'O', 'C' or { oid }", value);
  if (typeof type !== 'string' || !Object.hasOwn(STRING_TYPES, type)) {
    throw unexpected(inside(place, 'type'), `one of ${Object.keys(STRING_TYPES).join(', ')}`, type);
  }
  return { oid: checkOid(oid, inside(place, 'oid')), type: type as keyof typeof STRING_TYPES };
}

function checkValue(value: unknown, type: keyof typeof STRING_TYPES, place: Place): string {
  const text = checkText(value, place);
  if (!ALPHABETS[type].test(text)) throw unexpected(place, `text that a ${type} string can hold`, text);
  return text;
}

const STRING_TYPES = { utf8: asn1js.Utf8String, printable: asn1js.PrintableString, ia5: asn1js.IA5String } as const;

/** X.680 §41.4 for PrintableString, ASCII for IA5String. */
const ALPHABETS: Readonly<Record<keyof typeof STRING_TYPES, RegExp>> = {
  utf8: /^/,
  printable: /^[A-Za-z0-9 '()+,\-./:=?]*$/,
  ia5: /^\p{ASCII}*$/u,
};
