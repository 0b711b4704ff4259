/**
 * What node:dgram lets a datagram socket do. Not claimed, hence ENOTSUP by name: dscp, priority, interfaceName and
 * transparent, for which node has no call, and reusePort before Node 22.12. The path MTU is known only where
 * `forcedMtu` gives it.
 */

import type { Claims } from '@avs-net/core/plugin';
import { LARGEST_MESSAGE } from './mtu.ts';

/** `reusePort` of dgram.createSocket came with 22.12 and 23.1; before, it is ignored in silence. */
export function hasReusePort(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
}

export const UDP_CLAIMS: Claims = {
  transport: {
    operations: ['connect', 'bind', 'accept', 'send', 'sendTo', 'shutdown'],
    features: [
      ...(['reuseAddress', 'preferredEndpoint', 'addressFamily', 'preferredFamily', 'forcedMtu'] as const),
      'replyFromAskedAddress',
      ...(hasReusePort(process.versions.node) ? (['reusePort'] as const) : []),
    ],
    message: LARGEST_MESSAGE[6],
  },
  options: {
    readable: ['addrFamily', 'mtu', 'innerMtu', 'preferredAddrFamily', 'forcedAddrFamily'],
    writable: ['preferredAddrFamily', 'forcedAddrFamily'],
  },
};
