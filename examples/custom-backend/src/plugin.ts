/**
 * The plugin descriptor: a plain object that core reads without running anything of ours, and what `load` makes of a
 * configuration. Every import from core is a type.
 */

import type {
  Association,
  AssociationRequest,
  BackendModule,
  Configuration,
  Context,
  ContextHost,
  Plugin,
  SecureConfiguration,
  SecurityInfo,
} from '@avs-net/core/plugin';
import { type FilterRules, filtered, listen } from '@avs-net/dtls-endpoint';
import { PskAssociation } from './association.ts';
import { chooseCiphersuites } from './ciphersuite.ts';
import { CLAIMS } from './claims.ts';
import { type ClientCredential, clientHandshake } from './client-handshake.ts';
import { type ServerPolicy, serverHandshake } from './server-handshake.ts';

export const customBackend: Plugin = Object.freeze<Plugin>({
  contract: 1,
  name: 'custom-backend',
  provides: 'dtls',
  claims: CLAIMS,
  probe: () => ({ available: true, library: { name: 'node:crypto', running: process.versions.openssl } }),
  load: (): BackendModule => ({ context }),
});

/** Errors surface here, before anything leaves. The configuration stays valid until `destroy` and is wiped by core. */
function context(configuration: Configuration, host: ContextHost): Context {
  const engine = makeEngine(configuration, host);
  /** Behind the record filter: what can be refused without keys does not reach the engine. */
  const association = (request: AssociationRequest): Association => filtered(request, engine, RULES);
  const isServer = 'lookup' in (configuration as SecureConfiguration).security;
  return {
    association,
    ...(isServer ? { listen: (lower, listener) => listen(lower, association, listener) } : {}),
    destroy: () => {},
  };
}

/** What makes the associations of one configuration, without the filter. */
export function makeEngine(
  configuration: Configuration,
  host: ContextHost,
): (request: AssociationRequest) => PskAssociation {
  const { security, ciphersuites } = configuration as SecureConfiguration;
  if (security.mode !== 'psk') {
    throw host.error({ code: 'ENOTSUP', message: `security.mode must be psk, received ${security.mode}` });
  }
  const suites = chooseCiphersuites(ciphersuites);
  if (suites.length === 0) {
    throw host.error({ code: 'EINVAL', message: 'ciphersuites names none that this backend has' });
  }
  const policy: ServerPolicy | undefined = 'lookup' in security ? security : undefined;
  const credential: ClientCredential | undefined =
    'lookup' in security
      ? undefined
      : { identity: buffer(security.identity, 'identity', host), key: buffer(security.key, 'key', host) };
  if (credential?.key.length === 0) {
    throw host.error({ code: 'EINVAL', message: 'security.key must have at least one byte, received none' });
  }
  return (request) =>
    new PskAssociation(request, suites, (negotiation) => {
      if (request.role === 'client' && credential !== undefined) {
        return clientHandshake(negotiation, credential, suites, request.serverName);
      }
      if (request.role === 'server' && policy !== undefined) return serverHandshake(negotiation, policy, suites);
      const message = `security is a ${credential === undefined ? 'server' : 'client'}'s, the role is ${request.role}`;
      throw host.error({ code: 'EINVAL', message });
    });
}

function buffer(info: SecurityInfo, name: string, host: ContextHost): Uint8Array {
  if (info.source === 'buffer') return info.buffer;
  throw host.error({ code: 'EINVAL', message: `security.${name} must be of source buffer, received ${info.source}` });
}

/** `reassembly.ts` and `held-records.ts` bound what is kept, and let a true message follow a forged one. */
const RULES: FilterRules = { certificates: false, boundedEngine: true };
