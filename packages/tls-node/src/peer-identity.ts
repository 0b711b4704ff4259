/**
 * Who the server has to be (RFC 9525). Host names are compared by node, addresses by OpenSSL, octet for octet: node
 * compares them as text, and some of its releases, such as 22.23, take no IPv6 literal for an address there.
 */

import { X509Certificate } from 'node:crypto';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { disguiseRefusal, type EngineErrorInit } from '@avs-net/core/plugin';
import type { ServerName } from './server-name.ts';
import { NAME_MISMATCH } from './verification.ts';

/** Throws EINVAL unless there is a name that a certificate can be compared with. */
export function requireVerifiable(name: ServerName | undefined, error: (init: EngineErrorInit) => Error): void {
  if (name === undefined) {
    const message =
      'the name of the server is not known, so its certificate cannot be checked: set serverNameIndication';
    throw error({ code: 'EINVAL', message });
  }
  const disguise = disguiseRefusal(name.verified);
  if (disguise !== undefined) throw error(disguise);
}

/** Why a certificate is not that of the server; undefined: it is. */
export function identityMismatch({ indication, verified }: ServerName, given: PeerCertificate): Error | undefined {
  if (indication !== undefined) return checkServerIdentity(verified, given);
  if (new X509Certificate(given.raw).checkIP(verified) !== undefined) return undefined;
  const borne = given.subjectaltname ?? 'nothing';
  const text = `the address ${verified} is not in its subjectAltName, which holds ${borne}`;
  return Object.assign(new Error(text), { code: NAME_MISMATCH });
}
