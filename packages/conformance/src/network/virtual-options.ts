/**
 * Socket options of the virtual udp backend, by the rules of the default UDP socket of avs_net: MTU needs a connected
 * socket or `forcedMtu`, INNER_MTU an open one; 28 or 48 bytes are IP and UDP headers.
 */

import { isIP } from 'node:net';
import type {
  Address,
  AddressFamily,
  OptionKey,
  OptionValues,
  SocketHost,
  TransportConfiguration,
} from '@avs-net/core/plugin';
import { unmapAddress } from '@avs-net/core/plugin';
import { headers, type NetworkCore } from './network-core.ts';

/** What one socket is at the moment. */
export interface SocketFacts {
  readonly local: Address | undefined;
  readonly remote: Address | undefined;
  readonly sent: number;
  readonly received: number;
}

export interface UdpOptions {
  get<K extends OptionKey>(key: K, facts: SocketFacts): OptionValues[K];
  set<K extends OptionKey>(key: K, value: OptionValues[K]): void;
  /** The address that a host name stands for on this network, if the families allow it. */
  resolve(name: string, port: number): Address;
}

export function udpOptions(
  network: NetworkCore,
  own: string,
  configuration: TransportConfiguration,
  host: SocketHost,
): UdpOptions {
  let forced = configuration.addressFamily ?? 'unspec';
  let preferred = configuration.preferredFamily ?? 'unspec';
  const forcedMtu = (configuration.forcedMtu ?? 0) > 0 ? configuration.forcedMtu : undefined;

  const read = (key: OptionKey, { local, remote, sent, received }: SocketFacts): unknown => {
    switch (key) {
      case 'addrFamily':
        return local === undefined ? 'unspec' : family(local.host);
      case 'mtu':
        if (forcedMtu !== undefined) return forcedMtu;
        if (remote !== undefined) return network.mtu();
        throw host.error({ code: local === undefined ? 'EINVAL' : 'ENOTCONN', message: 'no path: connect first' });
      case 'innerMtu':
        if (local === undefined) throw host.error({ code: 'EBADF', message: 'the socket is closed' });
        return Math.max(0, (forcedMtu ?? network.mtu()) - headers(remote ?? local));
      case 'bytesSent':
        return sent;
      case 'bytesReceived':
        return received;
      case 'preferredAddrFamily':
        return preferred;
      case 'forcedAddrFamily':
        return forced;
      default:
        throw host.error({ code: 'ENOTSUP', message: `option ${key} is unknown here` });
    }
  };

  return {
    get: <K extends OptionKey>(key: K, facts: SocketFacts) => read(key, facts) as OptionValues[K],
    set(key, value) {
      if (key === 'preferredAddrFamily') preferred = value as AddressFamily;
      else if (key === 'forcedAddrFamily') forced = value as AddressFamily;
      else throw host.error({ code: 'ENOTSUP', message: `option ${key} cannot be set here` });
    },
    resolve(name, port) {
      const literal = isIP(name) !== 0 ? name : name === 'localhost' ? own : network.names[name];
      if (literal === undefined) {
        throw host.error({ code: 'EADDRNOTAVAIL', message: `host ${name} is not known to this network` });
      }
      if (forced !== 'unspec' && forced !== family(literal)) {
        const message = `host ${name} is ${family(literal)}, but the address family is forced to ${forced}`;
        throw host.error({ code: 'EADDRNOTAVAIL', message });
      }
      return { host: unmapAddress(literal), port };
    },
  };
}

export const READABLE: readonly OptionKey[] = [
  'addrFamily',
  'mtu',
  'innerMtu',
  'bytesSent',
  'bytesReceived',
  'preferredAddrFamily',
  'forcedAddrFamily',
];

export const WRITABLE: readonly OptionKey[] = ['preferredAddrFamily', 'forcedAddrFamily'];

function family(address: string): 'inet4' | 'inet6' {
  return unmapAddress(address).includes(':') ? 'inet6' : 'inet4';
}
