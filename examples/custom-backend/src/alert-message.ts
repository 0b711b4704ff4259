/**
 * Alerts as they stand in records (RFC 5246 §7.2) and as the contract shows them.
 */

import type { Alert } from '@avs-net/core/plugin';

export const CLOSE_NOTIFY = 0;
export const HANDSHAKE_FAILURE = 40;
export const ILLEGAL_PARAMETER = 47;
export const PROTOCOL_VERSION = 70;
export const UNSUPPORTED_EXTENSION = 110;
export const UNKNOWN_PSK_IDENTITY = 115;

/** Undefined: malformed. */
export function readAlert(payload: Uint8Array): Alert | undefined {
  const [level, description] = payload;
  if (payload.length !== 2 || description === undefined || (level !== WARNING && level !== FATAL)) return undefined;
  return describeAlert(level === FATAL ? 'fatal' : 'warning', description, 'peer');
}

export function writeAlert({ level, description }: Alert): Uint8Array {
  return Uint8Array.of(level === 'fatal' ? FATAL : WARNING, description);
}

export function describeAlert(level: Alert['level'], description: number, origin: Alert['origin']): Alert {
  return { level, description, name: NAMES[description] ?? 'unknown', origin };
}

const WARNING = 1;
const FATAL = 2;

const NAMES: Readonly<Record<number, string>> = {
  0: 'close_notify',
  10: 'unexpected_message',
  20: 'bad_record_mac',
  22: 'record_overflow',
  40: 'handshake_failure',
  47: 'illegal_parameter',
  49: 'access_denied',
  50: 'decode_error',
  51: 'decrypt_error',
  70: 'protocol_version',
  71: 'insufficient_security',
  80: 'internal_error',
  86: 'inappropriate_fallback',
  90: 'user_canceled',
  100: 'no_renegotiation',
  110: 'unsupported_extension',
  112: 'unrecognized_name',
  115: 'unknown_psk_identity',
};
