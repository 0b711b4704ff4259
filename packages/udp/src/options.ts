/**
 * `avs_net_socket_configuration_t` as a udp socket uses it: checked once by the context, then one copy for each socket,
 * whose two family fields may be changed (AVS_NET_SOCKET_OPT_PREFERRED_ADDR_FAMILY, …_FORCED_ADDR_FAMILY).
 */

import {
  type AddressFamily,
  type Configuration,
  NetError,
  type OptionKey,
  type OptionValues,
  type PreferredEndpoint,
  type TransportConfiguration,
} from '@avs-net/core/plugin';
import { type IpVersion, innerMtu } from './mtu.ts';

export interface UdpOptions {
  readonly reuseAddress: boolean;
  /** Bytes; 0: unknown. */
  readonly forcedMtu: number;
  readonly preferredEndpoint: PreferredEndpoint | undefined;
  preferredFamily: AddressFamily;
  /** The only family that is allowed; `unspec`: any. */
  addressFamily: AddressFamily;
}

/** EINVAL with the name of the field and what it holds. */
export function readOptions(configuration: Configuration, backend: string): UdpOptions {
  const given = configuration as TransportConfiguration;
  const wrong = (field: string, expected: string, value: unknown): NetError =>
    new NetError({
      code: 'EINVAL',
      operation: 'createSocket',
      backend,
      message: `${field} must be ${expected}, not ${show(value)}`,
    });
  const { reuseAddress = false, forcedMtu = 0, preferredEndpoint } = given;
  if (typeof reuseAddress !== 'boolean') throw wrong('reuseAddress', 'true or false', reuseAddress);
  if (!Number.isInteger(forcedMtu) || forcedMtu < 0 || forcedMtu > 65_575) {
    throw wrong('forcedMtu', 'a whole number of bytes, 0 (unknown) to 65575', forcedMtu);
  }
  if (preferredEndpoint !== undefined && (typeof preferredEndpoint !== 'object' || preferredEndpoint === null)) {
    throw wrong('preferredEndpoint', 'an object { address? }', preferredEndpoint);
  }
  const { preferredFamily = 'unspec', addressFamily = 'unspec' } = given;
  if (!isFamily(preferredFamily)) throw wrong('preferredFamily', FAMILY_NAMES, preferredFamily);
  if (!isFamily(addressFamily)) throw wrong('addressFamily', FAMILY_NAMES, addressFamily);
  return { reuseAddress, forcedMtu, preferredEndpoint, preferredFamily, addressFamily };
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

/** EINVAL unless `value` is a family; used at the next name resolution. */
export function setOption(options: UdpOptions, key: OptionKey, value: unknown, backend: string): void {
  const invalid = (message: string): NetError =>
    new NetError({ code: 'EINVAL', operation: 'setOption', backend, message });
  if (key !== 'preferredAddrFamily' && key !== 'forcedAddrFamily')
    throw invalid(`${key} of a udp socket cannot be set`);
  if (!isFamily(value)) throw invalid(`${key} must be ${FAMILY_NAMES}, not ${show(value)}`);
  if (key === 'preferredAddrFamily') options.preferredFamily = value;
  else options.addressFamily = value;
}

/** The IP versions to resolve for, in the order in which they are tried. */
export function versionOrder(options: UdpOptions): readonly IpVersion[] {
  if (options.addressFamily !== 'unspec') return options.addressFamily === 'inet4' ? [4] : [6];
  return options.preferredFamily === 'inet4' ? [4, 6] : [6, 4];
}

function familyOf(version: IpVersion): AddressFamily {
  return version === 4 ? 'inet4' : 'inet6';
}

function isFamily(value: unknown): value is AddressFamily {
  return value === 'unspec' || value === 'inet4' || value === 'inet6';
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

const FAMILY_NAMES = "'unspec', 'inet4' or 'inet6'";
