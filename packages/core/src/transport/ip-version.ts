/**
 * IP versions as transports choose among them. Families (`AddressFamily`) are what callers write; a version is what a
 * socket of the system has.
 */

import type { AddressFamily } from '../contract/address.ts';

export type IpVersion = 4 | 6;

/** Of an IP literal; v4-mapped ones are 6. */
export function versionOf(host: string): IpVersion {
  return host.includes(':') ? 6 : 4;
}

export function familyOf(version: IpVersion): AddressFamily {
  return version === 4 ? 'inet4' : 'inet6';
}

/** The versions to resolve for, in the order in which avs_net tries them: `unspec` prefers IPv6. */
export function versionOrder(preferred: AddressFamily, only: AddressFamily): readonly IpVersion[] {
  if (only !== 'unspec') return only === 'inet4' ? [4] : [6];
  return preferred === 'inet4' ? [4, 6] : [6, 4];
}
