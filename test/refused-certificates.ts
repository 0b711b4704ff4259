/**
 * Certificates that a client refuses which trusts one authority and wants `server.example`: the verdict by its X509
 * name, and the alert that the server gets for it (OpenSSL `ssl_x509err2alert`).
 */

import type { Authority, Identity, Pki } from './pki.ts';

export interface Authorities {
  readonly pki: Pki;
  /** The trusted one. */
  readonly root: Authority;
  /** Below `root`. */
  readonly middle: Authority;
  readonly other: Authority;
}

export type RefusedCertificate = readonly [
  what: string,
  make: (authorities: Authorities) => Identity,
  verdict: string,
  alert: string,
];

export const REFUSED_CERTIFICATES: readonly RefusedCertificate[] = [
  [
    'that has expired',
    ({ root }) => root.issue('server.example', { validity: 'expired' }),
    'CERT_HAS_EXPIRED',
    'certificate_expired',
  ],
  [
    'that is not valid yet',
    ({ root }) => root.issue('server.example', { validity: 'future' }),
    'CERT_NOT_YET_VALID',
    'bad_certificate',
  ],
  ['of another name', ({ root }) => root.issue('other.example'), 'HOSTNAME_MISMATCH', 'bad_certificate'],
  [
    'of another authority',
    ({ other }) => other.issue('server.example'),
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'unknown_ca',
  ],
  [
    'without its intermediate',
    ({ middle }) => alone(middle.issue('server.example')),
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'unknown_ca',
  ],
  ['that signed itself', ({ pki }) => pki.selfSigned('server.example'), 'DEPTH_ZERO_SELF_SIGNED_CERT', 'unknown_ca'],
  [
    'for clients only',
    ({ root }) => root.issue('server.example', { purposes: ['clientAuth'] }),
    'INVALID_PURPOSE',
    'unsupported_certificate',
  ],
];

function alone(identity: Identity): Identity {
  return { ...identity, chain: identity.certificate, chainFile: identity.certificateFile };
}
