/**
 * Constructors of the two halves of a pre-shared key, `avs_crypto_psk_key_info_from_*` and
 * `avs_crypto_psk_identity_info_from_*`, and their copies. Sources are bytes or an engine, nothing else.
 */

import type { PskIdentityInfo, PskKeyInfo } from '@avs-net/core/plugin';
import { copyBytes, encodeText } from './byte-argument.ts';
import { copySecurityInfo, infoOfBytes } from './security-info.ts';

/** The key as bytes, copied. Errors: EINVAL. */
export function pskKeyFromBuffer(buffer: Uint8Array): PskKeyInfo {
  return infoOfBytes('pskKey', copyBytes(buffer, { operation: 'pskKeyFromBuffer', path: 'buffer' }));
}

/** The key stays in a `KeyEngine` under `query`. Errors: EINVAL. */
export function pskKeyFromEngine(query: string): PskKeyInfo {
  const place = { operation: 'pskKeyFromEngine', path: '' };
  return copySecurityInfo({ type: 'pskKey', source: 'engine', query }, 'pskKey', place);
}

/** The identity as bytes, copied, or as text that is sent as UTF-8 (RFC 4279 §5.1). Errors: EINVAL. */
export function pskIdentityFromBuffer(identity: Uint8Array | string): PskIdentityInfo {
  const place = { operation: 'pskIdentityFromBuffer', path: 'identity' };
  return infoOfBytes(
    'pskIdentity',
    typeof identity === 'string' ? encodeText(identity, place) : copyBytes(identity, place),
  );
}

/** The identity is kept by a `KeyEngine` under `query`. Errors: EINVAL. */
export function pskIdentityFromEngine(query: string): PskIdentityInfo {
  const place = { operation: 'pskIdentityFromEngine', path: '' };
  return copySecurityInfo({ type: 'pskIdentity', source: 'engine', query }, 'pskIdentity', place);
}

/** A deep copy, `avs_crypto_psk_key_info_copy`. Errors: EINVAL for compound sources and wrong types. */
export function pskKeyCopy(info: PskKeyInfo): PskKeyInfo {
  return copySecurityInfo(info, 'pskKey', { operation: 'pskKeyCopy', path: 'info' });
}

/** A deep copy, `avs_crypto_psk_identity_info_copy`. Errors: EINVAL for compound sources and wrong types. */
export function pskIdentityCopy(info: PskIdentityInfo): PskIdentityInfo {
  return copySecurityInfo(info, 'pskIdentity', { operation: 'pskIdentityCopy', path: 'info' });
}
