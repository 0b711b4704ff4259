/**
 * A private key from description to PKCS#8, once, when a socket is created (`_avs_crypto_*_load_private_key`), or to
 * the signer of a `KeyEngine`. The key is tried out: OpenSSL would accept one whose halves do not belong together.
 */

import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { PrivateKeyInfo } from '@avs-net/core/plugin';
import { unpooledCopy, wipe } from '@avs-net/core/plugin';
import { x509 } from './certificate-parsing.ts';
import { at, inside, libraryRefusal, type Place, refusal } from './credential-error.ts';
import { readCredentialFile } from './credential-file.ts';
import { askEngine, type KeySigner } from './key-engine.ts';
import { parsePrivateKey } from './private-key-parsing.ts';
import { type ResolveOptions, startingPlace } from './resolve-options.ts';
import { wipeSecrets } from './secret-field.ts';
import { copySecurityInfo } from './security-info.ts';

/** What TLS can sign with. */
export type PrivateKeyKind = 'rsa' | 'rsa-pss' | 'ec' | 'ed25519' | 'ed448';

interface PrivateKeyFacts {
  readonly kind: PrivateKeyKind;
  /** OpenSSL's name of the curve of an EC key: `prime256v1` … */
  readonly curve?: string;
  /** Size of an RSA modulus. */
  readonly bits?: number;
  /** SubjectPublicKeyInfo in DER. */
  readonly publicKey: Uint8Array;
}

export type ResolvedPrivateKey =
  | (PrivateKeyFacts & {
      /** Unencrypted PKCS#8 in DER. Belongs to the caller, who wipes it with `wipe` of @avs-net/core/plugin. */
      readonly der: Uint8Array;
      readonly signer?: undefined;
    })
  | (PrivateKeyFacts & { readonly signer: KeySigner; readonly der?: undefined });

/**
 * Errors: EINVAL for empty and compound sources, directories and a missing password, EACCES for a wrong password,
 * EPROTO for what is no key, EIO for a second key or trailing bytes, ENOTSUP for PKCS#12 and keys that TLS cannot sign
 * with.
 */
export async function resolvePrivateKey(
  info: PrivateKeyInfo,
  options: ResolveOptions = {},
): Promise<ResolvedPrivateKey> {
  const place = startingPlace(options, 'resolvePrivateKey', 'info');
  const copy = copySecurityInfo(info, 'privateKey', place);
  try {
    switch (copy.source) {
      case 'file':
        return await fromFile(copy.filename, copy.password, at(place, `file ${copy.filename}`));
      case 'buffer':
        return fromBytes(copy.buffer, copy.password, at(place, `buffer of ${copy.buffer.byteLength} bytes`));
      case 'engine':
        return fromSigner(await askEngine(options.engine, 'privateKey', copy.query, place), place);
      default:
        throw refusal('EINVAL', inside(place, 'source'), `a private key cannot come from '${copy.source}'`);
    }
  } finally {
    wipeSecrets(copy);
  }
}

/** Throws EINVAL unless the first certificate of `chain` was issued for `key`. */
export function checkKeyMatches(
  chain: readonly Uint8Array[],
  key: ResolvedPrivateKey,
  options: ResolveOptions = {},
): void {
  const place = startingPlace(options, 'checkKeyMatches', 'key');
  const [leaf] = chain;
  if (leaf === undefined) throw refusal('EINVAL', place, 'there is a key but no certificate');
  const publicKey = x509(leaf, place).publicKey.export({ format: 'der', type: 'spki' });
  if (Buffer.compare(publicKey, key.publicKey) === 0) return;
  const message = 'the private key does not belong to the first certificate of the chain; the leaf must come first';
  throw refusal('EINVAL', place, message);
}

async function fromFile(filename: string, password: Uint8Array | undefined, place: Place): Promise<ResolvedPrivateKey> {
  const bytes = await readCredentialFile(filename, place);
  try {
    return fromBytes(bytes, password, place);
  } finally {
    wipe(bytes);
  }
}

function fromBytes(bytes: Uint8Array, password: Uint8Array | undefined, place: Place): ResolvedPrivateKey {
  const key = parsePrivateKey(bytes, password, place);
  const facts = keyFacts(key, createPublicKey(key), place);
  tryOut(key, facts.kind, place);
  const exported = key.export({ format: 'der', type: 'pkcs8' });
  const der = unpooledCopy(exported);
  wipe(exported);
  return { ...facts, der };
}

function fromSigner(signer: KeySigner, place: Place): ResolvedPrivateKey {
  let publicKey: KeyObject;
  try {
    publicKey = createPublicKey({ key: Buffer.from(signer.publicKey), format: 'der', type: 'spki' });
  } catch (error) {
    throw libraryRefusal('EPROTO', place, "the signer's publicKey is not SubjectPublicKeyInfo in DER", error);
  }
  return { ...keyFacts(publicKey, publicKey, place), signer };
}

function keyFacts(key: KeyObject, publicKey: KeyObject, place: Place): PrivateKeyFacts {
  const kind = SIGNING_KINDS.find((known) => known === key.asymmetricKeyType);
  if (kind === undefined) {
    throw refusal('ENOTSUP', place, `TLS cannot sign with a key of type ${key.asymmetricKeyType ?? 'unknown'}`);
  }
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  return {
    kind,
    ...(namedCurve === undefined ? {} : { curve: namedCurve }),
    ...(modulusLength === undefined ? {} : { bits: modulusLength }),
    publicKey: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })),
  };
}

function tryOut(key: KeyObject, kind: PrivateKeyKind, place: Place): void {
  const digest = kind === 'ed25519' || kind === 'ed448' ? null : (key.asymmetricKeyDetails?.hashAlgorithm ?? 'sha256');
  const data = Buffer.from('avs-net');
  let matches: boolean;
  try {
    matches = verify(digest, data, createPublicKey(key), sign(digest, data, key));
  } catch (error) {
    throw libraryRefusal('EPROTO', place, 'the private key cannot sign', error);
  }
  if (!matches) throw refusal('EPROTO', place, 'the private key is damaged: its halves do not belong together');
}

const SIGNING_KINDS: readonly PrivateKeyKind[] = ['rsa', 'rsa-pss', 'ec', 'ed25519', 'ed448'];
