/**
 * The credential of a PSK client, `avs_net_psk_info_t`, checked when it is made: avs_net finds a wrong source only in
 * the handshake. Limits below those of RFC 4279 belong to the backends.
 */

import { isUint8Array } from 'node:util/types';
import type { PskIdentityInfo, PskInfo, PskKeyInfo, SecurityInfo } from '@avs-net/core/plugin';
import { checkFields, copyBytes, encodeText } from './byte-argument.ts';
import { inside, type Place, refusal, unexpected } from './credential-error.ts';
import { copyPskPart, infoOfBytes } from './security-info.ts';

export interface PskOptions {
  /** Text is sent as UTF-8; 1..65535 bytes. */
  readonly identity: string | Uint8Array | PskIdentityInfo;
  /** 1..65535 bytes. */
  readonly key: Uint8Array | PskKeyInfo;
}

/** Copies identity and key into memory that `wipeSecurity` can wipe. Errors: EINVAL. */
export function psk(options: PskOptions): PskInfo {
  const at = { operation: 'psk', path: '' };
  const given = checkFields(options, ['identity', 'key'], at);
  const identity = pskPart('pskIdentity', given['identity'], inside(at, 'identity'));
  const key = pskPart('pskKey', given['key'], inside(at, 'key'));
  return Object.freeze({ mode: 'psk', key, identity });
}

/** 1..65535 bytes, RFC 4279 §2: both lengths are 16 bits on the wire. */
export function checkPskSize(bytes: Uint8Array, place: Place): void {
  if (bytes.byteLength === 0) throw refusal('EINVAL', place, 'expected at least 1 byte, received 0');
  if (bytes.byteLength > MAX_PSK_SIZE) {
    throw refusal('EINVAL', place, `expected at most ${MAX_PSK_SIZE} bytes, received ${bytes.byteLength}`);
  }
}

function pskPart<T extends 'pskIdentity' | 'pskKey'>(type: T, value: unknown, place: Place): SecurityInfo<T> {
  const bytes = plainBytes(type, value, place);
  const info = bytes === undefined ? copyPskPart(value, type, place) : infoOfBytes(type, bytes);
  if (info.source === 'buffer') checkPskSize(info.buffer, place);
  return info;
}

/** undefined for what must be a description. */
function plainBytes(type: 'pskIdentity' | 'pskKey', value: unknown, place: Place): Uint8Array | undefined {
  if (typeof value === 'string' && type === 'pskIdentity') return encodeText(value, place);
  if (typeof value === 'object' && value !== null && 'source' in value) return undefined;
  if (type === 'pskIdentity' && !isUint8Array(value)) throw unexpected(place, 'a text or a Uint8Array', value);
  return copyBytes(value, place);
}

const MAX_PSK_SIZE = 65_535;
