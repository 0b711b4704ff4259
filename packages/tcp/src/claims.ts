/**
 * What node:net lets a stream socket do. Not claimed, hence ENOTSUP by name: dscp, priority, interfaceName and
 * transparent, for which node has no call. Inner MTU is a notion of datagrams.
 */

import type { Claims } from '@avs-net/core/plugin';

export const TCP_CLAIMS: Claims = {
  transport: {
    operations: ['connect', 'bind', 'accept', 'send', 'shutdown'],
    features: [
      'preferredEndpoint',
      'addressFamily',
      'preferredFamily',
      'forcedMtu',
      // Everywhere but on Windows, where it would let others take the port, node always sets SO_REUSEADDR.
      ...(process.platform === 'win32' ? [] : (['reuseAddress'] as const)),
    ],
  },
  options: {
    readable: ['addrFamily', 'mtu', 'preferredAddrFamily', 'forcedAddrFamily'],
    writable: ['preferredAddrFamily', 'forcedAddrFamily'],
  },
};
