/**
 * Which session a client keeps, and what it is bound to: backend, credential, server name, and TLSA records.
 */

import type { TlsaRecord } from '../contract/options.ts';
import { SessionKeeping } from '../session/session-keeping.ts';
import type { SecureLinkInit } from './secure-link.ts';

/** Undefined where no session is kept, or nobody knows whose it would be. */
export function keptSession(
  { role, configuration, context, host, options }: SecureLinkInit,
  serverName: string | undefined,
): SessionKeeping | undefined {
  const { session: store } = configuration;
  const { sessionScope } = context;
  if (role !== 'client' || store === undefined || sessionScope === undefined || serverName === undefined)
    return undefined;
  const bonds = [host.backend, sessionScope, serverName, ...tlsaBonds(options.tlsa)];
  return new SessionKeeping({ store, bonds, trace: host.trace });
}

/** What the peer was authenticated by, beside the configuration. */
function tlsaBonds(records: readonly TlsaRecord[] = []): readonly string[] {
  return records.map(({ certificateUsage, selector, matchingType, associationData }) =>
    [certificateUsage, selector, matchingType, Buffer.from(associationData).toString('hex')].join(),
  );
}
