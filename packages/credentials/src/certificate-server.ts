/**
 * The credential of a certificate server: its chain and key, and what it asks of clients. avs_net has no counterpart.
 */

import type {
  CertificateChainInfo,
  CertificateServerInfo,
  CertRevocationListInfo,
  PrivateKeyInfo,
} from '@avs-net/core/plugin';
import { checkFields } from './byte-argument.ts';
import { copyTrust } from './certificates.ts';
import { inside, refusal, unexpected } from './credential-error.ts';
import { copySecurityInfo } from './security-info.ts';

export interface CertificateServerOptions {
  /** Leaf first. */
  readonly serverCert: CertificateChainInfo;
  readonly serverKey: PrivateKeyInfo;
  /** Default `none`; the others need `trustedCerts`. */
  readonly clientAuthentication?: 'none' | 'optional' | 'required';
  readonly trustedCerts?: CertificateChainInfo;
  readonly certRevocationLists?: CertRevocationListInfo;
}

/** Copies everything. Errors: EINVAL with the path of what is wrong. */
export function certificateServer(options: CertificateServerOptions): CertificateServerInfo {
  const at = { operation: 'certificateServer', path: '' };
  const given = checkFields(options, SERVER_FIELDS, at);
  const serverCert = copySecurityInfo(given['serverCert'], 'certificateChain', inside(at, 'serverCert'));
  const serverKey = copySecurityInfo(given['serverKey'], 'privateKey', inside(at, 'serverKey'));
  for (const [name, info] of Object.entries({ serverCert, serverKey })) {
    if (info.source === 'empty') throw refusal('EINVAL', inside(at, name), "is 'empty'; a server cannot do without");
  }
  const clientAuthentication = given['clientAuthentication'];
  if (clientAuthentication !== undefined && !isClientAuthentication(clientAuthentication)) {
    throw unexpected(inside(at, 'clientAuthentication'), "'none', 'optional' or 'required'", clientAuthentication);
  }
  const trust = copyTrust(given, at);
  if (isAsking(clientAuthentication) && (trust.trustedCerts?.source ?? 'empty') === 'empty') {
    const message = `clientAuthentication is '${clientAuthentication}', so there must be something to trust`;
    throw refusal('EINVAL', inside(at, 'trustedCerts'), message);
  }
  return Object.freeze({
    mode: 'certificate',
    serverCert,
    serverKey,
    ...(clientAuthentication === undefined ? {} : { clientAuthentication }),
    ...trust,
  });
}

function isClientAuthentication(value: unknown): value is 'none' | 'optional' | 'required' {
  return value === 'none' || isAsking(value);
}

function isAsking(value: unknown): boolean {
  return value === 'optional' || value === 'required';
}

const SERVER_FIELDS = ['serverCert', 'serverKey', 'clientAuthentication', 'trustedCerts', 'certRevocationLists'];
