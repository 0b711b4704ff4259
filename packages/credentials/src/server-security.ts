/**
 * The credential of a server for both kinds of client on one port: devices with a pre-shared key beside those that know
 * certificates. avs_net has no counterpart.
 */

import type { CertificateServerInfo, MixedServerInfo, PskServerInfo } from '@avs-net/core/plugin';
import { checkFields } from './byte-argument.ts';
import { inside, unexpected } from './credential-error.ts';

export interface ServerSecurityOptions {
  /** Made by `pskServer`. */
  readonly psk: PskServerInfo;
  /** Made by `certificateServer`. */
  readonly certificate: CertificateServerInfo;
}

/** Keeps both as they are. Errors: EINVAL where one of them is missing or is something else. */
export function serverSecurity(options: ServerSecurityOptions): MixedServerInfo {
  const at = { operation: 'serverSecurity', path: '' };
  const { psk, certificate } = checkFields(options, ['psk', 'certificate'], at);
  if (!has(psk, 'lookup')) throw unexpected(inside(at, 'psk'), 'a credential made by pskServer()', psk);
  if (!has(certificate, 'serverCert')) {
    throw unexpected(inside(at, 'certificate'), 'a credential made by certificateServer()', certificate);
  }
  return Object.freeze({
    mode: 'mixed',
    psk: psk as PskServerInfo,
    certificate: certificate as unknown as CertificateServerInfo,
  });
}

function has(value: unknown, field: string): value is object {
  return typeof value === 'object' && value !== null && field in value;
}
