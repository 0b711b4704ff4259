/**
 * Certification requests in PKCS#10 (RFC 2986), `avs_crypto_pki_csr_create` and `_create_ext`, signed by node:crypto
 * or by the signer of a `KeyEngine`. LwM2M clients send them to an EST server (RFC 7030).
 */

import { createPrivateKey, sign } from 'node:crypto';
import { isUint8Array } from 'node:util/types';
import type { PrivateKeyInfo } from '@avs-net/core/plugin';
import { unpooledCopy, wipe } from '@avs-net/core/plugin';
import * as asn1js from 'asn1js';
import { checkBoolean, checkFields } from './byte-argument.ts';
import { encodeExtensions, type RequestedExtensions } from './certificate-extension.ts';
import { inside, type Place, refusal, unexpected } from './credential-error.ts';
import type { ResolveOptions } from './resolve-options.ts';
import { type ResolvedPrivateKey, resolvePrivateKey } from './resolve-private-key.ts';
import { encodeSubject, type X509Subject } from './x509-name.ts';

export interface CertificationRequestOptions extends RequestedExtensions {
  readonly key: PrivateKeyInfo;
  readonly subject: X509Subject;
  /** Default `sha256`; not for Ed25519 and Ed448 keys, which hash by themselves. */
  readonly digest?: 'sha256' | 'sha384' | 'sha512';
}

/** DER. Errors: EINVAL, ENOTSUP for unknown digests and for RSA-PSS keys, and those of `resolvePrivateKey`. */
export async function certificationRequest(
  options: CertificationRequestOptions,
  { engine }: Pick<ResolveOptions, 'engine'> = {},
): Promise<Uint8Array> {
  const place = { operation: 'certificationRequest', path: '' };
  const given = checkFields(options, FIELDS, place);
  const subject = encodeSubject(given['subject'], inside(place, 'subject'));
  if (given['addKeyId'] !== undefined) checkBoolean(given['addKeyId'], inside(place, 'addKeyId'));
  const key = await resolvePrivateKey(options.key, { engine, operation: place.operation, path: 'key' });
  try {
    const algorithm = signatureAlgorithm(key, given['digest'], place);
    const extensions = encodeExtensions(
      { keyUsage: given['keyUsage'], extendedKeyUsage: given['extendedKeyUsage'], addKeyId: given['addKeyId'] },
      key.publicKey,
      place,
    );
    const info = requestInfo(subject, key.publicKey, extensions);
    const signature = await signRequest(key, algorithm, new Uint8Array(info.toBER()), place);
    const bits = new asn1js.BitString({ valueHex: unpooledCopy(signature).buffer as ArrayBuffer });
    return new Uint8Array(new asn1js.Sequence({ value: [info, algorithm.identifier, bits] }).toBER());
  } finally {
    if (key.der !== undefined) wipe(key.der);
  }
}

/** CertificationRequestInfo; attributes are there even when there are none (RFC 2986 §4.1). */
function requestInfo(subject: asn1js.Sequence, publicKey: Uint8Array, extensions?: asn1js.Sequence): asn1js.Sequence {
  const attributes =
    extensions === undefined
      ? []
      : [
          new asn1js.Sequence({
            value: [new asn1js.ObjectIdentifier({ value: EXTENSION_REQUEST }), new asn1js.Set({ value: [extensions] })],
          }),
        ];
  const tagged = new asn1js.Constructed({ idBlock: { tagClass: 3, tagNumber: 0 }, value: attributes });
  const publicKeyInfo = asn1js.fromBER(publicKey).result;
  return new asn1js.Sequence({ value: [new asn1js.Integer({ value: 0 }), subject, publicKeyInfo, tagged] });
}

function signatureAlgorithm(key: ResolvedPrivateKey, digest: unknown, place: Place): SignatureAlgorithm {
  const at = inside(place, 'digest');
  const oids = SIGNATURES[key.kind];
  if (oids === undefined)
    throw refusal('ENOTSUP', inside(place, 'key'), `requests cannot be signed with ${key.kind} keys`);
  if (typeof oids === 'string') {
    if (digest !== undefined) throw refusal('EINVAL', at, `${key.kind} keys hash by themselves; leave it out`);
    return { identifier: algorithmIdentifier(oids, false), digest: undefined };
  }
  if (digest !== undefined && typeof digest !== 'string') throw unexpected(at, 'the name of a digest', digest);
  const name = (digest ?? 'sha256').toLowerCase().replace('-', '');
  const oid = Object.hasOwn(oids, name) ? oids[name] : undefined;
  if (oid === undefined) throw refusal('ENOTSUP', at, `unknown digest; known are ${Object.keys(oids).join(', ')}`);
  return { identifier: algorithmIdentifier(oid, key.kind === 'rsa'), digest: name };
}

/** RSA has a NULL as parameter (RFC 4055 §5), ECDSA none (RFC 5758 §3.2). */
function algorithmIdentifier(oid: string, withNull: boolean): asn1js.Sequence {
  const parameters = withNull ? [new asn1js.Null()] : [];
  return new asn1js.Sequence({ value: [new asn1js.ObjectIdentifier({ value: oid }), ...parameters] });
}

async function signRequest(
  key: ResolvedPrivateKey,
  { digest }: SignatureAlgorithm,
  data: Uint8Array,
  place: Place,
): Promise<Uint8Array> {
  if (key.der !== undefined) {
    const der = Buffer.from(key.der.buffer, key.der.byteOffset, key.der.byteLength);
    return sign(digest, data, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  }
  const padding = key.kind === 'rsa' ? { padding: 'pkcs1' as const } : {};
  let signature: unknown;
  try {
    signature = await key.signer.sign({ data, ...(digest === undefined ? {} : { digest }), ...padding });
  } catch (error) {
    throw refusal('EIO', inside(place, 'key'), 'the key engine failed to sign, see the cause', error);
  }
  if (!isUint8Array(signature)) throw unexpected(inside(place, 'key'), 'a signature as Uint8Array', signature);
  return signature;
}

interface SignatureAlgorithm {
  readonly identifier: asn1js.Sequence;
  readonly digest: string | undefined;
}

const FIELDS = ['key', 'subject', 'digest', 'keyUsage', 'extendedKeyUsage', 'addKeyId'];
/** RFC 2985 §5.4.2. */
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const SIGNATURES: Readonly<Record<string, string | Readonly<Record<string, string>>>> = {
  ec: { sha256: '1.2.840.10045.4.3.2', sha384: '1.2.840.10045.4.3.3', sha512: '1.2.840.10045.4.3.4' },
  rsa: { sha256: '1.2.840.113549.1.1.11', sha384: '1.2.840.113549.1.1.12', sha512: '1.2.840.113549.1.1.13' },
  ed25519: '1.3.101.112',
  ed448: '1.3.101.113',
};
