/**
 * From a configuration to what node:tls is told about versions, ciphersuites and protocols, checked completely: core
 * has compared it with the claims, but nothing may leave on the strength of that alone.
 */

import { constants } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import {
  CIPHERSUITES,
  type Ciphersuite,
  type EngineErrorInit,
  findCiphersuite,
  type Role,
  type SecureConfiguration,
  type SecurityMode,
  securityRole,
} from '@avs-net/core/plugin';

export interface ContextOptions {
  readonly role: Role;
  readonly mode: SecurityMode;
  /** Versions and ciphersuites, for `createSecureContext` and `createServer`. */
  readonly protocol: Pick<SecureContextOptions, 'minVersion' | 'maxVersion' | 'ciphers' | 'secureOptions'>;
  readonly alpn: readonly string[] | undefined;
}

type Refuse = (init: EngineErrorInit) => Error;

/** Throws EINVAL or ENOTSUP, made by `refuse`, which name the property. */
export function contextOptions(configuration: SecureConfiguration, refuse: Refuse): ContextOptions {
  const { security, connectionId, alpn, server } = configuration;
  if (connectionId === true) throw refuse({ code: 'ENOTSUP', message: 'connectionId: TLS over a stream has none' });
  const { mode } = security;
  if (mode === 'mixed') {
    throw refuse({
      code: 'ENOTSUP',
      message: 'security.mode: either pre-shared keys or certificates on one port, not both',
    });
  }
  if (server?.names !== undefined) {
    const why =
      'a server of node:tls cannot refuse a name by alert, nor ask other things of the clients of another name';
    throw refuse({ code: 'ENOTSUP', message: `server.names: not supported, because ${why}` });
  }
  const suites = usableSuites(configuration, mode, refuse);
  return {
    role: securityRole(security),
    mode,
    protocol: { ...versionRange(configuration, suites, refuse), ciphers: cipherList(suites), secureOptions: OPTIONS },
    alpn: alpn?.length === 0 ? undefined : alpn,
  };
}

/** For `ciphers` of node:tls. The security level is that of every Node: some come with a lower one. */
export function cipherList(suites: readonly Ciphersuite[]): string {
  const names = suites.map(({ opensslName }) => opensslName);
  // The list of TLS 1.2 may not be empty, or the security level would go with it.
  const filler = suites.every(({ mode }) => mode === 'any') ? ['ECDHE-ECDSA-AES128-GCM-SHA256'] : [];
  return [...names, ...filler, SECURITY_LEVEL].join(':');
}

/** The caller's order; avs_net drops suites of the other mode too, so that one list serves both. */
function usableSuites({ ciphersuites }: SecureConfiguration, mode: SecurityMode, refuse: Refuse): Ciphersuite[] {
  const fits = (suite: Ciphersuite): boolean => suite.mode === mode || (suite.mode === 'any' && mode !== 'psk');
  if (ciphersuites === undefined) return CIPHERSUITES.filter(fits);
  const found = new Set<Ciphersuite>();
  ciphersuites.forEach((wanted, index) => {
    const suite = findCiphersuite(wanted);
    if (suite === undefined) {
      throw refuse({ code: 'ENOTSUP', message: `ciphersuites[${index}]: ${wanted} is not known to this backend` });
    }
    if (fits(suite)) found.add(suite);
  });
  if (found.size > 0) return [...found];
  const tls13 = mode === 'psk' ? ' (those of TLS 1.3 do not count: pre-shared keys are TLS 1.2 here)' : '';
  throw refuse({ code: 'EINVAL', message: `ciphersuites: expected at least one for ${mode} security${tls13}` });
}

function versionRange(
  { version, security: { mode } }: SecureConfiguration,
  suites: readonly Ciphersuite[],
  refuse: Refuse,
): { minVersion: TlsVersion; maxVersion: TlsVersion } {
  for (const end of ['min', 'max'] as const) {
    const named = version?.[end];
    if (named === undefined || VERSIONS.includes(named as TlsVersion)) continue;
    const code = named === 'TLSv1.0' || named === 'TLSv1.1' ? 'ENOTSUP' : 'EINVAL';
    throw refuse({ code, message: `version.${end}: expected ${VERSIONS.join(' or ')}, received ${named}` });
  }
  const from = VERSIONS.indexOf((version?.min ?? 'TLSv1.2') as TlsVersion);
  const to = VERSIONS.indexOf((version?.max ?? 'TLSv1.3') as TlsVersion);
  const inRange = VERSIONS.slice(from, to + 1);
  if (inRange.length === 0) {
    throw refuse({ code: 'EINVAL', message: `version: max ${version?.max} is below min ${version?.min}` });
  }
  if (mode === 'psk' && !inRange.includes('TLSv1.2')) {
    const why = 'a TLS 1.3 client of node:tls cannot keep a server from answering with a certificate instead';
    throw refuse({ code: 'ENOTSUP', message: `version.min: pre-shared keys need TLSv1.2 here, because ${why}` });
  }
  const usable = inRange.filter((name) => suites.some((suite) => (suite.mode === 'any') === (name === 'TLSv1.3')));
  const [minVersion, maxVersion] = [usable[0], usable.at(-1)];
  if (minVersion !== undefined && maxVersion !== undefined) return { minVersion, maxVersion };
  throw refuse({ code: 'EINVAL', message: `ciphersuites: none of them belongs to ${inRange.join(' or ')}` });
}

type TlsVersion = 'TLSv1.2' | 'TLSv1.3';
const VERSIONS: readonly TlsVersion[] = ['TLSv1.2', 'TLSv1.3'];

/** 112 bits: no RSA below 2048, no SHA-1 signatures. */
const SECURITY_LEVEL = '@SECLEVEL=2';
const OPTIONS = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_CIPHER_SERVER_PREFERENCE;
