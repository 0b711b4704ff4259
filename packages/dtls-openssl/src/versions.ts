/** DTLS versions as OpenSSL numbers them, which is how they stand on the wire: downwards. Oldest first. */

import type { Version } from '@avs-net/core/plugin';

export const VERSION_NAMES: ReadonlyMap<number, Version> = new Map([
  [0xfeff, 'DTLSv1.0'],
  [0xfefd, 'DTLSv1.2'],
]);

/** On the wire; undefined: not one that OpenSSL 3 knows for DTLS. */
export function versionNumber(version: Version): number | undefined {
  for (const [number, name] of VERSION_NAMES) if (name === version) return number;
  return undefined;
}
