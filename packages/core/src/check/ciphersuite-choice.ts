/**
 * Which ciphersuites a configuration comes down to: the caller's order, only those of the security mode (avs_net drops
 * the others too, so that one list serves PSK and certificates), and only those that the backend claims.
 */

import { CIPHERSUITES, findCiphersuite } from '../contract/ciphersuite.ts';
import type { RoleClaims } from '../contract/claims.ts';
import type { SecurityMode } from '../contract/security.ts';
import { invalid, type Unmet, unclaimed } from '../contract/unmet.ts';
import { nearestName } from './nearest-name.ts';

export interface CiphersuiteChoice {
  /** IANA numbers, best first. */
  readonly ids: readonly number[];
  readonly unmet: readonly Unmet[];
}

/** `wanted` has passed the shape check. Suites that the claims name are known even where the table ends. */
export function chooseCiphersuites(
  wanted: readonly (number | string)[],
  mode: SecurityMode,
  own: RoleClaims | undefined,
  claim: string,
): CiphersuiteChoice {
  const unmet: Unmet[] = [];
  const ids = new Set<number>();
  wanted.forEach((entry, index) => {
    const path = `ciphersuites[${index}]`;
    const suite = findCiphersuite(entry);
    if (suite === undefined && typeof entry === 'string') {
      const nearest = nearestName(
        entry,
        CIPHERSUITES.map(({ name }) => name),
      );
      const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
      unmet.push(invalid(path, 'the IANA number or name of a ciphersuite', `"${entry}"${hint}`));
      return;
    }
    if (suite !== undefined && suite.mode !== 'any' && suite.mode !== mode && mode !== 'mixed') return;
    const id = suite?.id ?? (entry as number);
    if (own !== undefined && !own.ciphersuites.includes(id)) {
      const hex = `0x${id.toString(16).toUpperCase().padStart(4, '0')}`;
      unmet.push(unclaimed(path, suite === undefined ? `ciphersuite ${hex}` : suite.name, `${claim}: ${hex}`));
    } else {
      ids.add(id);
    }
  });
  const kinds = mode === 'mixed' ? (['psk', 'certificate'] as const) : [mode];
  for (const kind of unmet.length === 0 ? kinds : []) {
    if ([...ids].some((id) => isFor(kind, id))) continue;
    const need = `a list with at least one ciphersuite for ${kind} security`;
    unmet.push(invalid('ciphersuites', need, wanted.length === 0 ? 'an empty one' : 'only suites of the other mode'));
  }
  return { ids: [...ids], unmet };
}

/** Suites of no known kind are of the one that asks. */
function isFor(mode: SecurityMode, id: number): boolean {
  const kind = findCiphersuite(id)?.mode ?? 'any';
  return kind === 'any' || kind === mode;
}
