/**
 * Why a certificate was refused: names of OpenSSL's verification (X509_V_ERR_…) and node's own name check, as the alert
 * that a TLS library answers with (OpenSSL `ssl_x509err2alert`) and as words.
 */

import { type Alert, alert, type EngineErrorInit } from '@avs-net/core/plugin';

/** Undefined if `code` is none of verification. */
export function describeRefusal(whose: 'server' | 'client', code: string, text: string): EngineErrorInit | undefined {
  const refusal = REFUSALS[code];
  if (refusal === undefined) return undefined;
  const [description, what, advice] = refusal;
  const words = code === NAME_MISMATCH ? `${what}: ${text.replace(/^.*?Reason: /s, '')}` : what || text;
  return {
    code: 'EPROTO',
    message: `the certificate of the ${whose} was refused: ${words}${advice === '' ? '' : `; ${advice}`} [${code}]`,
    alert: localAlert(description),
    library: { code, text },
  };
}

/** For a certificate that was asked for and did not come. */
export function missingCertificate(): EngineErrorInit {
  return {
    code: 'EPROTO',
    message: 'the client gave no certificate, and security.clientAuthentication is required',
    alert: localAlert(CERTIFICATE_REQUIRED),
  };
}

function localAlert(description: number): Alert {
  return alert('fatal', description, 'local');
}

/** Of node's check of names; of addresses too. */
export const NAME_MISMATCH = 'ERR_TLS_CERT_ALTNAME_INVALID';
const CERTIFICATE_REQUIRED = 116;
const BAD_CERTIFICATE = 42;
const UNSUPPORTED = 43;
const REVOKED = 44;
const EXPIRED = 45;
const UNKNOWN = 46;
const UNKNOWN_CA = 48;
const DECRYPT_ERROR = 51;
const INTERNAL = 80;

const TRUST = 'is its authority in trustedCerts, and does the peer send its intermediates?';
const CLOCK = 'is the clock of this machine right?';
const OTHER_NAME = 'if it bears another on purpose, give that as serverNameIndication';
const LIST = 'with certRevocationLists every authority of the chain needs a list';

/** Alert, words, advice. */
const REFUSALS: Readonly<Record<string, readonly [number, string, string]>> = {
  // Node has no name for it: only OpenSSL's own words tell.
  UNSPECIFIED: [UNKNOWN, '', ''],
  UNABLE_TO_GET_ISSUER_CERT: [UNKNOWN_CA, 'an issuer is missing', TRUST],
  UNABLE_TO_GET_CRL: [UNKNOWN_CA, 'there is no revocation list for it or for an authority above it', LIST],
  UNABLE_TO_DECRYPT_CERT_SIGNATURE: [BAD_CERTIFICATE, 'its signature cannot be read', ''],
  UNABLE_TO_DECRYPT_CRL_SIGNATURE: [BAD_CERTIFICATE, 'the signature of the revocation list cannot be read', ''],
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: [BAD_CERTIFICATE, 'the key of its issuer cannot be read', ''],
  CERT_SIGNATURE_FAILURE: [DECRYPT_ERROR, 'its signature is wrong', ''],
  CRL_SIGNATURE_FAILURE: [DECRYPT_ERROR, 'the signature of the revocation list is wrong', ''],
  CERT_NOT_YET_VALID: [BAD_CERTIFICATE, 'it is not valid yet', CLOCK],
  CERT_HAS_EXPIRED: [EXPIRED, 'it has expired', CLOCK],
  CRL_NOT_YET_VALID: [BAD_CERTIFICATE, 'the revocation list is not valid yet', CLOCK],
  CRL_HAS_EXPIRED: [EXPIRED, 'the revocation list has expired', 'give a fresh one'],
  ERROR_IN_CERT_NOT_BEFORE_FIELD: [BAD_CERTIFICATE, 'its notBefore is no date', ''],
  ERROR_IN_CERT_NOT_AFTER_FIELD: [BAD_CERTIFICATE, 'its notAfter is no date', ''],
  ERROR_IN_CRL_LAST_UPDATE_FIELD: [BAD_CERTIFICATE, 'lastUpdate of the revocation list is no date', ''],
  ERROR_IN_CRL_NEXT_UPDATE_FIELD: [BAD_CERTIFICATE, 'nextUpdate of the revocation list is no date', ''],
  OUT_OF_MEM: [INTERNAL, 'memory ran out', ''],
  DEPTH_ZERO_SELF_SIGNED_CERT: [UNKNOWN_CA, 'it is self-signed and not trusted', 'add it to trustedCerts to trust it'],
  SELF_SIGNED_CERT_IN_CHAIN: [UNKNOWN_CA, 'its root is not trusted', TRUST],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [UNKNOWN_CA, 'an issuer is not known here', TRUST],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [UNKNOWN_CA, 'its issuer is not known here', TRUST],
  CERT_CHAIN_TOO_LONG: [UNKNOWN_CA, 'its chain is too long', ''],
  CERT_REVOKED: [REVOKED, 'it was revoked', ''],
  INVALID_CA: [UNKNOWN_CA, 'its issuer is not allowed to issue certificates', ''],
  PATH_LENGTH_EXCEEDED: [UNKNOWN_CA, 'its chain is longer than an authority allows', ''],
  INVALID_PURPOSE: [UNSUPPORTED, 'it is not meant for this use', 'look at its extended key usage'],
  CERT_UNTRUSTED: [BAD_CERTIFICATE, 'its root is not trusted for this use', ''],
  CERT_REJECTED: [BAD_CERTIFICATE, 'its root rejects this use', ''],
  HOSTNAME_MISMATCH: [BAD_CERTIFICATE, 'it is for another name', ''],
  [NAME_MISMATCH]: [BAD_CERTIFICATE, 'it is for another name', OTHER_NAME],
};
