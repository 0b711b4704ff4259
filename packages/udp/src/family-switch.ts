/**
 * Connects a udp socket that may be bound already, also to a peer of the other IP version, as avs_net does, keeping the
 * port. Never gives the port up on the way: a dual-stack socket stays and speaks to a v4-mapped address; otherwise the
 * socket of the other version is bound beside the first one.
 */

import { type Address, formatAddress, type IpVersion, NetError, versionOf } from '@avs-net/core/plugin';
import { ANY, type SystemSocket } from './system-socket.ts';

export interface Switch {
  readonly backend: string;
  readonly bound: SystemSocket | undefined;
  open(version: IpVersion, ipv6Only: boolean): SystemSocket;
}

/** The socket that is connected; if it is not `bound`, the caller closes that. On failure `bound` is as it was. */
export async function connectSystemSocket(address: Address, { backend, bound, open }: Switch): Promise<SystemSocket> {
  const version = versionOf(address.host);
  if (bound?.version === version) {
    await bound.connect(address);
    return bound;
  }
  if (bound !== undefined && !bound.wildcard) {
    throw new NetError({
      code: 'EADDRNOTAVAIL',
      operation: 'connect',
      backend,
      message: `bound to ${formatAddress(bound.local())}, from where ${formatAddress(address)} cannot be reached`,
    });
  }
  if (bound?.dualStack) {
    await bound.connect(mapAddress(address));
    return bound;
  }
  const fresh = open(version, bound !== undefined);
  try {
    await fresh.bind({ host: ANY[version], port: bound?.local().port ?? 0 });
    await fresh.connect(address);
    return fresh;
  } catch (error) {
    await fresh.close();
    throw error;
  }
}

/** An IPv4 address for an IPv6 socket, RFC 4291 §2.5.5.2. */
export function mapAddress({ host, port }: Address): Address {
  return { host: `::ffff:${host}`, port };
}
