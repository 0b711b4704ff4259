/**
 * What node:dgram lets a datagram socket do. Not claimed, hence ENOTSUP by name: dscp, priority, interfaceName and
 * transparent, for which node has no call. The path MTU is known only where `forcedMtu` gives it.
 */

import type { Claims } from '@avs-net/core/plugin';
import { LARGEST_MESSAGE } from './mtu.ts';

export const UDP_CLAIMS: Claims = {
  transport: {
    operations: ['connect', 'bind', 'accept', 'send', 'sendTo', 'shutdown'],
    features: ['reuseAddress', 'preferredEndpoint', 'addressFamily', 'preferredFamily', 'forcedMtu'],
    message: LARGEST_MESSAGE[6],
  },
  options: {
    readable: ['addrFamily', 'mtu', 'innerMtu', 'preferredAddrFamily', 'forcedAddrFamily'],
    writable: ['preferredAddrFamily', 'forcedAddrFamily'],
  },
};
