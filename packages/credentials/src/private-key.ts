/**
 * Constructors of private keys, `avs_crypto_private_key_info_from_*`, and their copy. Descriptions only: the key is
 * read and decrypted when it is resolved.
 */

import type { Password, PrivateKeyInfo } from '@avs-net/core/plugin';
import { copySecurityInfo } from './security-info.ts';

/** A PEM or DER file; `password` (bytes without NUL) opens an encrypted one. Errors: EINVAL. */
export function privateKeyFromFile(filename: string, password?: Password): PrivateKeyInfo {
  return build('privateKeyFromFile', { source: 'file', filename, password });
}

/** PEM or DER; `buffer` and `password` are copied. Errors: EINVAL. */
export function privateKeyFromBuffer(buffer: Uint8Array, password?: Password): PrivateKeyInfo {
  return build('privateKeyFromBuffer', { source: 'buffer', buffer, password });
}

/** The key stays inside a `KeyEngine`, which signs with what it keeps under `query`. Errors: EINVAL. */
export function privateKeyFromEngine(query: string): PrivateKeyInfo {
  return build('privateKeyFromEngine', { source: 'engine', query });
}

/** A deep copy, `avs_crypto_private_key_info_copy`. Errors: EINVAL for compound sources and wrong types. */
export function privateKeyCopy(info: PrivateKeyInfo): PrivateKeyInfo {
  return copySecurityInfo(info, 'privateKey', { operation: 'privateKeyCopy', path: 'info' });
}

function build(operation: string, fields: object): PrivateKeyInfo {
  return copySecurityInfo({ type: 'privateKey', ...fields }, 'privateKey', { operation, path: '' });
}
