/**
 * Whether this backend works here: is there an addon, does this runtime have the symbols, is it OpenSSL 3, which suites
 * does it have. Never throws.
 */

import type { Claims, Probe, RoleClaims } from '@avs-net/core/plugin';
import { CLAIMS } from './claims.ts';
import { type Addon, loadAddon } from './native.ts';

export function probe(load: () => Addon = loadAddon): Probe {
  try {
    const addon = load();
    const { built, running, major } = addon.versions();
    const library = { name: 'OpenSSL', built: bare(built), running: bare(running) };
    if (major !== SUPPORTED_MAJOR) {
      const reason =
        `this backend knows OpenSSL ${SUPPORTED_MAJOR} and node runs ${bare(running)}; ` +
        'use a newer @avs-net/dtls-openssl';
      return { available: false, reason, library };
    }
    return { available: true, claims: narrow(CLAIMS, new Set(addon.ciphersuites())), library };
  } catch (error) {
    return { available: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** `OpenSSL 3.0.19 27 Jan 2026` without name and date. */
function bare(version: string): string {
  return /\d+(\.\d+)+\S*/.exec(version)?.[0] ?? version;
}

function narrow({ client, server, ...others }: Claims, present: ReadonlySet<number>): Claims {
  const narrowed = (role: RoleClaims): RoleClaims => ({
    ...role,
    ciphersuites: role.ciphersuites.filter((id) => present.has(id)),
  });
  return { ...others, client: narrowed(client!), server: narrowed(server!) };
}

export const SUPPORTED_MAJOR = 3;
