/**
 * Generates EC keys, `avs_crypto_pki_ec_gen`, in the named groups of RFC 4492 and RFC 7027. The random numbers are
 * those of OpenSSL inside node.
 */

import { generateKeyPair, getCurves } from 'node:crypto';
import { promisify } from 'node:util';
import { unpooledCopy, wipe } from '@avs-net/core/plugin';
import { libraryRefusal, refusal, unexpected } from './credential-error.ts';

/** `AVS_CRYPTO_PKI_ECP_GROUP_*` by their names in SEC 2 and RFC 5639. */
export type EcGroup =
  | 'secp192k1'
  | 'secp192r1'
  | 'secp224k1'
  | 'secp224r1'
  | 'secp256k1'
  | 'secp256r1'
  | 'secp384r1'
  | 'secp521r1'
  | 'brainpoolP256r1'
  | 'brainpoolP384r1'
  | 'brainpoolP512r1';

/** The TLS number and object identifier of a group, and what OpenSSL calls it. */
export const EC_GROUPS: Readonly<
  Record<EcGroup, { readonly tls: number; readonly oid: string; readonly openssl: string }>
> = {
  secp192k1: { tls: 18, oid: '1.3.132.0.31', openssl: 'secp192k1' },
  secp192r1: { tls: 19, oid: '1.2.840.10045.3.1.1', openssl: 'prime192v1' },
  secp224k1: { tls: 20, oid: '1.3.132.0.32', openssl: 'secp224k1' },
  secp224r1: { tls: 21, oid: '1.3.132.0.33', openssl: 'secp224r1' },
  secp256k1: { tls: 22, oid: '1.3.132.0.10', openssl: 'secp256k1' },
  secp256r1: { tls: 23, oid: '1.2.840.10045.3.1.7', openssl: 'prime256v1' },
  secp384r1: { tls: 24, oid: '1.3.132.0.34', openssl: 'secp384r1' },
  secp521r1: { tls: 25, oid: '1.3.132.0.35', openssl: 'secp521r1' },
  brainpoolP256r1: { tls: 26, oid: '1.3.36.3.3.2.8.1.1.7', openssl: 'brainpoolP256r1' },
  brainpoolP384r1: { tls: 27, oid: '1.3.36.3.3.2.8.1.1.11', openssl: 'brainpoolP384r1' },
  brainpoolP512r1: { tls: 28, oid: '1.3.36.3.3.2.8.1.1.13', openssl: 'brainpoolP512r1' },
};

/**
 * A new private key in SEC1 DER (RFC 5915), 121 bytes for secp256r1, for `privateKeyFromBuffer`. Belongs to the
 * caller, who wipes it. Errors: EINVAL, ENOTSUP for groups that are unknown or that the OpenSSL of this node was built
 * without.
 */
export async function generateEcKey(group: EcGroup): Promise<Uint8Array> {
  const place = { operation: 'generateEcKey', path: 'group' };
  if (typeof group !== 'string') throw unexpected(place, 'the name of a group', group);
  if (!Object.hasOwn(EC_GROUPS, group)) {
    throw refusal('ENOTSUP', place, `unknown group; known are ${Object.keys(EC_GROUPS).join(', ')}`);
  }
  const namedCurve = EC_GROUPS[group].openssl;
  if (!getCurves().includes(namedCurve)) {
    throw refusal('ENOTSUP', place, `the OpenSSL of this node was built without ${group}`);
  }
  try {
    const { privateKey } = await promisify(generateKeyPair)('ec', {
      namedCurve,
      privateKeyEncoding: { type: 'sec1', format: 'der' },
      publicKeyEncoding: { type: 'spki', format: 'der' },
    });
    const der = unpooledCopy(privateKey);
    wipe(privateKey);
    return der;
  } catch (error) {
    throw libraryRefusal('ENOTSUP', place, `the OpenSSL of this node cannot generate ${group}`, error);
  }
}
