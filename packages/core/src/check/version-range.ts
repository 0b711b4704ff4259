/**
 * Protocol versions: which of those that a backend claims lie in a configured range. avs_net knows a minimum only; here
 * a maximum may be given too, and the minimum defaults to (D)TLS 1.2.
 */

import type { Version, VersionRange } from '../contract/configuration.ts';

/** Those of `claimed` inside `range`, oldest first. */
export function versionsInRange(
  type: 'dtls' | 'tls',
  range: VersionRange | undefined,
  claimed: readonly Version[],
): readonly Version[] {
  const { min, max } = versionBounds(type, range);
  return VERSIONS[type].slice(min, max + 1).filter((version) => claimed.includes(version));
}

/** The range as positions in `VERSIONS[type]`; -1 for a version of the other family. */
export function versionBounds(type: 'dtls' | 'tls', range: VersionRange | undefined): { min: number; max: number } {
  const versions = VERSIONS[type];
  return {
    min: range?.min === undefined ? versions.indexOf(DEFAULT_MINIMUM[type]) : versions.indexOf(range.min),
    max: range?.max === undefined ? versions.length - 1 : versions.indexOf(range.max),
  };
}

/** Oldest first; there is no DTLS 1.1. */
export const VERSIONS: Readonly<Record<'dtls' | 'tls', readonly Version[]>> = {
  dtls: ['DTLSv1.0', 'DTLSv1.2', 'DTLSv1.3'],
  tls: ['TLSv1.0', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'],
};

const DEFAULT_MINIMUM: Readonly<Record<'dtls' | 'tls', Version>> = { dtls: 'DTLSv1.2', tls: 'TLSv1.2' };
