/**
 * TLS alerts as data (RFC 5246 §7.2, RFC 4279 §5, RFC 6066 §9, RFC 8446 §6), avs: AVS_NET_SSL_ALERT_CATEGORY.
 */

export type AlertLevel = 'warning' | 'fatal';

export interface Alert {
  readonly level: AlertLevel;
  /** AlertDescription, 0..255. */
  readonly description: number;
  /** The name in the registry, `unknown` where it has none. */
  readonly name: string;
  /** Who raised it: `local` is an alert that we sent or would have sent. */
  readonly origin: 'peer' | 'local';
}

export function alert(level: AlertLevel | 1 | 2, description: number, origin: Alert['origin']): Alert {
  const word = level === 1 || level === 'warning' ? 'warning' : 'fatal';
  return { level: word, description, name: ALERT_NAMES[description] ?? 'unknown', origin };
}

export const CLOSE_NOTIFY = 0;

/** TLS Alert registry: number to name. */
export const ALERT_NAMES: Readonly<Record<number, string>> = {
  0: 'close_notify',
  10: 'unexpected_message',
  20: 'bad_record_mac',
  21: 'decryption_failed',
  22: 'record_overflow',
  30: 'decompression_failure',
  40: 'handshake_failure',
  41: 'no_certificate',
  42: 'bad_certificate',
  43: 'unsupported_certificate',
  44: 'certificate_revoked',
  45: 'certificate_expired',
  46: 'certificate_unknown',
  47: 'illegal_parameter',
  48: 'unknown_ca',
  49: 'access_denied',
  50: 'decode_error',
  51: 'decrypt_error',
  60: 'export_restriction',
  70: 'protocol_version',
  71: 'insufficient_security',
  80: 'internal_error',
  86: 'inappropriate_fallback',
  90: 'user_canceled',
  100: 'no_renegotiation',
  109: 'missing_extension',
  110: 'unsupported_extension',
  111: 'certificate_unobtainable',
  112: 'unrecognized_name',
  113: 'bad_certificate_status_response',
  114: 'bad_certificate_hash_value',
  115: 'unknown_psk_identity',
  116: 'certificate_required',
  120: 'no_application_protocol',
};
