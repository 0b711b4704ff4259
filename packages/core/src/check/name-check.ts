/**
 * Whether a backend can use `server.names`: credentials that are chosen by the name that a client asks for.
 */

import type { Claims } from '../contract/claims.ts';
import type { SecureConfiguration } from '../contract/configuration.ts';
import { certificateServerOf } from '../contract/security.ts';
import { canonicalEntry } from '../contract/server-name.ts';
import { invalid, type Unmet, unclaimed } from '../contract/unmet.ts';
import { received, receivedKind } from './configuration-shape.ts';
import { checkSecurity } from './security-check.ts';

/** `names` has passed the shape check: an object or a function. */
export function checkNames({ security, server }: SecureConfiguration, claims: Claims): readonly Unmet[] {
  const names = server?.names;
  if (names === undefined) return [];
  const unmet: Unmet[] = [];
  if (claims.server !== undefined && claims.server.sni !== true) {
    unmet.push(unclaimed('server.names', 'credentials by server name', 'server.sni'));
  }
  if (certificateServerOf(security) === undefined) {
    const need = 'with security that has a certificate: names choose between certificates';
    unmet.push(invalid('server.names', need, `security of mode ${received(security.mode)}`));
  }
  if (typeof names === 'function') return unmet;
  const entries = Object.entries(names);
  if (entries.length === 0) unmet.push(invalid('server.names', 'a table with at least one name', 'an empty one'));
  const seen = new Set<string>();
  for (const [entry, credential] of entries) {
    const place = `server.names[${received(entry)}]`;
    const name = canonicalEntry(entry);
    if (name === undefined) {
      unmet.push(invalid(place, 'a host name, or "*." and a host name', received(entry)));
    } else if (seen.has(name)) {
      unmet.push(invalid(place, 'given once', 'twice, in other letters'));
    }
    if (name !== undefined) seen.add(name);
    unmet.push(...checkNamedCredential(credential, claims, place));
  }
  return unmet;
}

/** What a table holds, or a function gave. */
export function checkNamedCredential(credential: unknown, claims: Claims, place: string): readonly Unmet[] {
  const isOne = typeof credential === 'object' && credential !== null && 'serverCert' in credential;
  if (!isOne) return [invalid(place, 'a credential made by certificateServer()', receivedKind(credential))];
  return checkSecurity(credential, 'server', claims, place);
}
