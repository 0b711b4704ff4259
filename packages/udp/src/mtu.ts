/**
 * Sizes of datagrams: AVS_NET_SOCKET_OPT_INNER_MTU and the limits of UDP (RFC 768) over IPv4 and IPv6. Does not measure
 * the path: node does not tell.
 */

/** IP version of the packets on the wire: a v4-mapped peer of an IPv6 socket counts as 4. */
export type IpVersion = 4 | 6;

/**
 * Largest payload of one datagram, bytes. `forcedMtu` is the size of an IP packet; without it the size that every host
 * must accept is assumed: 576 bytes over IPv4 (RFC 791), 1280 over IPv6 (RFC 8200 §5).
 */
export function innerMtu(version: IpVersion, forcedMtu: number): number {
  return Math.max(0, (forcedMtu > 0 ? forcedMtu : ASSUMED_MTU[version]) - HEADERS[version]);
}

/** Of an IP literal; v4-mapped ones count as 6. */
export function versionOf(host: string): IpVersion {
  return host.includes(':') ? 6 : 4;
}

/** Largest payload that the length fields allow, bytes. An IPv6 length does not count the IP header. */
export const LARGEST_MESSAGE: Readonly<Record<IpVersion, number>> = { 4: 65_507, 6: 65_527 };

const ASSUMED_MTU: Readonly<Record<IpVersion, number>> = { 4: 576, 6: 1280 };

/** IP header without options and UDP header, bytes. */
const HEADERS: Readonly<Record<IpVersion, number>> = { 4: 28, 6: 48 };
