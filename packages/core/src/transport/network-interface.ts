/** `avs_net_socket_interface_name`: the interface that has the local address. */

import { networkInterfaces } from 'node:os';
import { type Address, formatAddress, unmapAddress } from '../contract/address.ts';
import { NetError } from '../contract/error.ts';

/** ENODEV if no interface has it, which is so for the wildcard addresses. */
export function interfaceName(local: Address, backend: string): string {
  const [address] = unmapAddress(local.host).split('%');
  for (const [name, entries] of Object.entries(networkInterfaces())) {
    if (entries?.some((entry) => entry.address === address)) return name;
  }
  throw new NetError({
    code: 'ENODEV',
    operation: 'interfaceName',
    backend,
    message: `no interface has the local address ${formatAddress(local)}; connect, or bind to one address`,
  });
}
