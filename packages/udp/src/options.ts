/**
 * `avs_net_socket_configuration_t` as a udp socket uses it: one copy for each socket, whose two family fields may be
 * changed (AVS_NET_SOCKET_OPT_PREFERRED_ADDR_FAMILY, …_FORCED_ADDR_FAMILY). Values are checked by core.
 */

import {
  type AddressFamily,
  familyOf,
  type IpVersion,
  NetError,
  type OptionKey,
  type OptionValues,
  type PreferredEndpoint,
  type TransportConfiguration,
} from '@avs-net/core/plugin';
import { innerMtu } from './mtu.ts';

export interface UdpOptions {
  readonly reuseAddress: boolean;
  readonly reusePort: boolean;
  readonly replyFromAskedAddress: boolean;
  /** Bytes; 0: unknown. */
  readonly forcedMtu: number;
  readonly preferredEndpoint: PreferredEndpoint | undefined;
  preferredFamily: AddressFamily;
  /** The only family that is allowed; `unspec`: any. */
  addressFamily: AddressFamily;
}

export function udpOptions(configuration: TransportConfiguration): UdpOptions {
  return {
    reuseAddress: configuration.reuseAddress ?? false,
    reusePort: configuration.reusePort ?? false,
    replyFromAskedAddress: configuration.replyFromAskedAddress ?? false,
    forcedMtu: configuration.forcedMtu ?? 0,
    preferredEndpoint: configuration.preferredEndpoint,
    preferredFamily: configuration.preferredFamily ?? 'unspec',
    addressFamily: configuration.addressFamily ?? 'unspec',
  };
}

/** What the options about addresses and sizes depend on; undefined while closed. */
export interface OpenSocket {
  readonly version: IpVersion;
  /** IP version of the packets: 4 also for a v4-mapped peer. */
  readonly packets: IpVersion;
}

/** EBADF for sizes while closed; ENOTSUP for the path MTU, which node does not tell. */
export function getOption<K extends OptionKey>(
  options: UdpOptions,
  key: K,
  open: OpenSocket | undefined,
  backend: string,
): OptionValues[K] {
  const failed = (code: string, message: string): NetError =>
    new NetError({ code, operation: 'getOption', backend, message });
  const read = (): OptionValues[OptionKey] => {
    switch (key) {
      case 'addrFamily':
        return open === undefined ? 'unspec' : familyOf(open.version);
      case 'preferredAddrFamily':
        return options.preferredFamily;
      case 'forcedAddrFamily':
        return options.addressFamily;
      case 'mtu':
        if (options.forcedMtu > 0) return options.forcedMtu;
        if (open === undefined) throw failed('EBADF', 'mtu: the socket is closed');
        throw failed('ENOTSUP', 'mtu: node does not tell the path MTU; set forcedMtu, or ask for innerMtu');
      case 'innerMtu':
        if (open === undefined) throw failed('EBADF', 'innerMtu: the socket is closed');
        return innerMtu(open.packets, options.forcedMtu);
      default:
        throw failed('EINVAL', `${key} is not an option of a udp socket`);
    }
  };
  return read() as OptionValues[K];
}

/** Used from the next name resolution on. */
export function setOption<K extends OptionKey>(options: UdpOptions, key: K, value: OptionValues[K]): void {
  if (key === 'preferredAddrFamily') options.preferredFamily = value as AddressFamily;
  if (key === 'forcedAddrFamily') options.addressFamily = value as AddressFamily;
}
