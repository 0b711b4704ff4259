/**
 * Addresses as the sockets speak them: numeric host, numeric port. Names are resolved by transports only.
 * IPv4-mapped IPv6 addresses are shown as IPv4, as avs_net does (`unwrap_4in6`).
 */

/** Address family, `avs_net_af_t`. */
export type AddressFamily = 'unspec' | 'inet4' | 'inet6';

/** A resolved endpoint: `host` is an IP literal without brackets, `port` is 0..65535. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /**
   * Of whom a datagram came from: the local address that it was sent to, where the transport tells. Answers go from
   * there.
   */
  readonly local?: Address;
}

/** `host:port`, with brackets around IPv6; also the key under which a peer is known. */
export function formatAddress(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** Shows an IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) as the IPv4 address that it stands for. */
export function unmapAddress(host: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(host) ? host.slice(7) : host;
}
