/**
 * Sizes of datagrams: AVS_NET_SOCKET_OPT_INNER_MTU and the limits of UDP (RFC 768) over IPv4 and IPv6. Does not measure
 * the path: node does not tell.
 */

import type { IpVersion } from '@avs-net/core/plugin';

/**
 * Largest payload of one datagram, bytes. `version` is that of the packets: 4 for a v4-mapped peer. `forcedMtu` is the
 * size of an IP packet; without it the size that every host must accept is assumed: 576 bytes over IPv4 (RFC 791), 1280
 * over IPv6 (RFC 8200 §5).
 */
export function innerMtu(version: IpVersion, forcedMtu: number): number {
  return Math.max(0, (forcedMtu > 0 ? forcedMtu : ASSUMED_MTU[version]) - HEADERS[version]);
}

/** Largest payload that the length fields allow, bytes. An IPv6 length does not count the IP header. */
export const LARGEST_MESSAGE: Readonly<Record<IpVersion, number>> = { 4: 65_507, 6: 65_527 };

const ASSUMED_MTU: Readonly<Record<IpVersion, number>> = { 4: 576, 6: 1280 };

/** IP header without options and UDP header, bytes. */
const HEADERS: Readonly<Record<IpVersion, number>> = { 4: 28, 6: 48 };
