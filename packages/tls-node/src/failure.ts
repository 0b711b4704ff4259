/**
 * Errors of node:tls to code, words, alert and advice. A received alert stands as a number in OpenSSL's text; one that
 * was sent is told by OpenSSL's reason, which node turns into `ERR_SSL_…`.
 */

import { type Alert, alert, type EngineErrorInit, type Role } from '@avs-net/core/plugin';
import { describeRefusal, missingCertificate } from './verification.ts';

export interface FailureContext {
  readonly role: Role;
  readonly established: boolean;
  readonly psk: boolean;
  /** An alert that was seen to leave. */
  readonly sent: Alert | undefined;
}

export function describeFailure(error: unknown, context: FailureContext): EngineErrorInit {
  const { code, message, reason } = Object(error) as { code?: unknown; message?: unknown; reason?: unknown };
  const name = typeof code === 'string' ? code : 'UNKNOWN_ERROR';
  const text = firstLine(String(message ?? error));
  const other = context.role === 'client' ? 'server' : 'client';
  const refusal = describeRefusal(other, name, text);
  if (refusal !== undefined) return refusal;
  if (name === NO_CERTIFICATE) return { ...missingCertificate(), library: { code: name, text } };
  const library = { code: name, text };
  const what = context.established ? 'the connection' : 'the handshake';
  if (name === 'ECONNRESET' || name === 'ERR_STREAM_PREMATURE_CLOSE') {
    return { code: 'ECONNRESET', message: `the peer ended ${what} without a word`, library };
  }
  const received = /SSL alert number (\d+)/.exec(text);
  if (received !== null) {
    const seen = alert('fatal', Number(received[1]), 'peer');
    const message = `the peer ended ${what} with alert ${seen.name} (${seen.description})${advice(seen, context)}`;
    return { code: 'EPROTO', message, alert: seen, library };
  }
  const local = context.sent ?? reasonAlert(name);
  const ending = local === undefined ? '' : ` with alert ${local.name} (${local.description})`;
  const why = typeof reason === 'string' && reason !== '' ? reason : text;
  return { code: 'EPROTO', message: `${what} was ended${ending}: ${why}${hint(name)}`, alert: local, library };
}

/** The alert of an unprotected alert record (RFC 5246 §7.2), which is all that `bytes` may be. */
export function plainAlert(bytes: Uint8Array): Alert | undefined {
  const isAlert = bytes.length === 7 && bytes[0] === ALERT_RECORD && bytes[3] === 0 && bytes[4] === 2;
  return isAlert ? alert(bytes[5] === 1 ? 'warning' : 'fatal', bytes[6]!, 'local') : undefined;
}

function advice({ description }: Alert, { psk, role, established }: FailureContext): string {
  // With TLS 1.3 a client is told after its handshake that its certificate will not do.
  if (established && (role === 'server' || description === 40)) return '';
  if (psk && [20, 40, 47, 51, 115].includes(description)) return ': is key and identity what the peer knows?';
  if (description === 40) return ': nothing in common, such as a ciphersuite or a kind of certificate';
  if (description === 70) return ': it speaks none of the configured versions';
  if (description === 116 || (description === 42 && role === 'client')) return ': it wants a certificate it accepts';
  if (description === 48) return ': it does not trust the authority of our certificate';
  if (description === 120) return ': it speaks none of the configured ALPN protocols';
  return '';
}

function hint(name: string): string {
  if (name === 'ERR_SSL_WRONG_VERSION_NUMBER' || name === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return '; does the peer speak TLS at all?';
  }
  return name === 'ERR_SSL_NO_CIPHERS_AVAILABLE' ? '; none of ciphersuites fits the configured versions' : '';
}

function reasonAlert(name: string): Alert | undefined {
  const description = REASON_ALERTS[name.replace('ERR_SSL_', '')];
  return description === undefined ? undefined : alert('fatal', description, 'local');
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}

const ALERT_RECORD = 21;
const NO_CERTIFICATE = 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE';

/** What OpenSSL 3 sends for the reasons that a peer can cause. */
const REASON_ALERTS: Readonly<Record<string, number>> = {
  BAD_CHANGE_CIPHER_SPEC: 10,
  BAD_RECORD_TYPE: 10,
  CCS_RECEIVED_EARLY: 10,
  UNEXPECTED_MESSAGE: 10,
  UNEXPECTED_RECORD: 10,
  CIPHER_OPERATION_FAILED: 20,
  DECRYPTION_FAILED_OR_BAD_RECORD_MAC: 20,
  BAD_DECRYPT: 20,
  DATA_LENGTH_TOO_LONG: 22,
  ENCRYPTED_LENGTH_TOO_LONG: 22,
  PACKET_LENGTH_TOO_LONG: 22,
  HTTP_REQUEST: 70,
  HTTPS_PROXY_REQUEST: 70,
  NO_SHARED_CIPHER: 40,
  NO_SHARED_GROUPS: 40,
  NO_SUITABLE_GROUPS: 40,
  NO_SUITABLE_KEY_SHARE: 40,
  NO_SUITABLE_SIGNATURE_ALGORITHM: 40,
  NO_SHARED_SIGNATURE_ALGORITHMS: 40,
  UNSAFE_LEGACY_RENEGOTIATION_DISABLED: 40,
  BAD_EXTENSION: 50,
  BAD_LENGTH: 50,
  BAD_PACKET: 50,
  LENGTH_MISMATCH: 50,
  LENGTH_TOO_SHORT: 50,
  BAD_CIPHER: 47,
  BAD_KEY_SHARE: 47,
  BINDER_DOES_NOT_VERIFY: 47,
  UNKNOWN_CIPHER_RETURNED: 47,
  WRONG_CIPHER_RETURNED: 47,
  WRONG_SIGNATURE_TYPE: 47,
  BAD_SIGNATURE: 51,
  DIGEST_CHECK_FAILED: 51,
  BAD_PROTOCOL_VERSION_NUMBER: 70,
  NO_PROTOCOLS_AVAILABLE: 70,
  UNKNOWN_PROTOCOL: 70,
  UNSUPPORTED_PROTOCOL: 70,
  UNSUPPORTED_SSL_VERSION: 70,
  VERSION_TOO_LOW: 70,
  WRONG_SSL_VERSION: 70,
  WRONG_VERSION_NUMBER: 70,
  INAPPROPRIATE_FALLBACK: 86,
  MISSING_SIGALGS_EXTENSION: 109,
  MISSING_SUPPORTED_GROUPS_EXTENSION: 109,
  UNSOLICITED_EXTENSION: 110,
  PSK_IDENTITY_NOT_FOUND: 115,
  NO_APPLICATION_PROTOCOL: 120,
};
