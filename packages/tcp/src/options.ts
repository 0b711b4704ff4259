/**
 * `avs_net_socket_configuration_t` as a tcp socket uses it: one copy for each socket, whose two family fields may be
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

export interface TcpOptions {
  /** Bytes; 0: unknown. */
  readonly forcedMtu: number;
  readonly preferredEndpoint: PreferredEndpoint | undefined;
  preferredFamily: AddressFamily;
  /** The only family that is allowed; `unspec`: any. */
  addressFamily: AddressFamily;
}

export function tcpOptions(configuration: TransportConfiguration): TcpOptions {
  return {
    forcedMtu: configuration.forcedMtu ?? 0,
    preferredEndpoint: configuration.preferredEndpoint,
    preferredFamily: configuration.preferredFamily ?? 'unspec',
    addressFamily: configuration.addressFamily ?? 'unspec',
  };
}

/**
 * `version` is that of the system socket, undefined while closed. ENOTSUP for the path MTU, which node does not tell.
 */
export function getOption<K extends OptionKey>(
  options: TcpOptions,
  key: K,
  version: IpVersion | undefined,
  backend: string,
): OptionValues[K] {
  const failed = (code: string, message: string): NetError =>
    new NetError({ code, operation: 'getOption', backend, message });
  const read = (): OptionValues[OptionKey] => {
    switch (key) {
      case 'addrFamily':
        return version === undefined ? 'unspec' : familyOf(version);
      case 'preferredAddrFamily':
        return options.preferredFamily;
      case 'forcedAddrFamily':
        return options.addressFamily;
      case 'mtu':
        if (options.forcedMtu > 0) return options.forcedMtu;
        if (version === undefined) throw failed('EBADF', 'mtu: the socket is closed');
        throw failed('ENOTSUP', 'mtu: node does not tell the path MTU; set forcedMtu');
      default:
        throw failed('EINVAL', `${key} is not an option of a tcp socket`);
    }
  };
  return read() as OptionValues[K];
}

/** Used from the next name resolution on. */
export function setOption<K extends OptionKey>(options: TcpOptions, key: K, value: OptionValues[K]): void {
  if (key === 'preferredAddrFamily') options.preferredFamily = value as AddressFamily;
  if (key === 'forcedAddrFamily') options.addressFamily = value as AddressFamily;
}
