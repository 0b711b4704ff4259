/**
 * What `serve` shows its clients and asks of them: pre-shared keys, a certificate, or both on one port, and
 * certificates by the name that clients ask for. Nothing secret is echoed back.
 */

import type { CertificateServerInfo, PskServerInfo, Security } from '@avs-net/core';
import { certificateServer, serverSecurity as mixedSecurity, pskServer } from '@avs-net/credentials';
import { doors } from './credential-doors.ts';
import { certificateChain, hex, privateKey, trustOf } from './credential-source.ts';
import type { SecureOptions } from './secure-options.ts';
import { UsageError } from './usage-error.ts';

export function serverSecurity(options: SecureOptions): Security {
  const psk = pskSecurity(options);
  const certificate = certificateSecurity(options);
  if (psk !== undefined && certificate !== undefined) return mixedSecurity({ psk, certificate });
  const security = psk ?? certificate;
  if (security === undefined) throw new UsageError('a secure server needs --psk ID=HEX, or --cert and --key');
  return security;
}

/** Undefined: all clients get the same certificate. */
export function serverNames(options: SecureOptions): Record<string, CertificateServerInfo> | undefined {
  const { name: entries = [] } = options;
  if (entries.length === 0) return undefined;
  const names = entries.map((entry, index): [string, CertificateServerInfo] => {
    const [, name, cert, key] = /^([^=]+)=([^,]+),([^,]+)$/.exec(entry) ?? [];
    if (name === undefined || cert === undefined || key === undefined) {
      throw new UsageError(`--name number ${index + 1} is not of the form NAME=CERT,KEY`);
    }
    return [name, presenting('--name', [cert], key, options)];
  });
  return Object.fromEntries(names);
}

function certificateSecurity(options: SecureOptions): CertificateServerInfo | undefined {
  const { cert = [], key } = options;
  if (cert.length === 0 && key === undefined) return undefined;
  if (cert.length === 0 || key === undefined) throw new UsageError('--cert and --key belong together');
  return presenting('--cert', cert, key, options);
}

/** Whoever names trust anchors wants to see certificates of clients. */
function presenting(flag: string, cert: readonly string[], key: string, options: SecureOptions): CertificateServerInfo {
  const { ignoreSystemTrustStore: _, ...trust } = trustOf(options) ?? {};
  const info = certificateServer({
    serverCert: certificateChain(flag, cert),
    serverKey: privateKey(flag === '--cert' ? '--key' : flag, key, options.keyPasswordFile),
    ...trust,
    ...(trust.trustedCerts !== undefined && { clientAuthentication: 'required' as const }),
  });
  return doors(info, options);
}

function pskSecurity(options: SecureOptions): PskServerInfo | undefined {
  const keys = pskKeys(options);
  const hint = options.pskHint;
  if (keys.size === 0) return undefined;
  return pskServer({
    identities: keys,
    ...(hint !== undefined && { identityHint: new TextEncoder().encode(hint) }),
  });
}

function pskKeys(options: SecureOptions): Map<string, Uint8Array> {
  const keys = new Map<string, Uint8Array>();
  for (const [index, entry] of (options.psk ?? []).entries()) {
    const at = entry.lastIndexOf('=');
    if (at < 0) throw new UsageError(`--psk number ${index + 1} has no "="; write ID=HEX`);
    keys.set(entry.slice(0, at), hex(`--psk ${entry.slice(0, at)}`, entry.slice(at + 1)));
  }
  if (options.pskIdentity !== undefined && options.pskKey !== undefined) {
    keys.set(options.pskIdentity, hex('--psk-key', options.pskKey));
  }
  return keys;
}
