/**
 * Who is reachable where. A port has the address that it bound and the address that the others see; a NAT rebinding
 * changes only the second.
 */

import { type Address, formatAddress } from '@avs-net/core/plugin';

/** What a port does with what reaches it. */
export interface Receiver {
  /** The bytes belong to the receiver. */
  datagram(data: Uint8Array, from: Address): void;
  /** ICMP port unreachable about a datagram to `about`. */
  unreachable(about: Address): void;
}

export interface Port {
  /** As bound. */
  readonly local: Address;
  /** As seen by others. */
  readonly address: Address;
  readonly receiver: Receiver;
  /** Idempotent. */
  detach(): void;
}

export interface PortTable {
  attach(address: Address, receiver: Receiver): Port | undefined;
  at(address: Address): Port | undefined;
  move(address: Address, to?: Address): Address;
  addresses(): Address[];
}

export function portTable(): PortTable {
  const byAddress = new Map<string, { local: Address; address: Address; receiver: Receiver; detach(): void }>();
  let lastPort = FIRST_EPHEMERAL - 1;

  const free = (host: string): Address => {
    for (let tries = FIRST_EPHEMERAL; tries <= 65_535; tries += 1) {
      lastPort = lastPort >= 65_535 ? FIRST_EPHEMERAL : lastPort + 1;
      const address = { host, port: lastPort };
      if (!byAddress.has(formatAddress(address))) return address;
    }
    throw new Error(`no free port on ${host}`);
  };

  return {
    attach(wanted, receiver) {
      const address = wanted.port === 0 ? free(wanted.host) : { host: wanted.host, port: wanted.port };
      if (byAddress.has(formatAddress(address))) return undefined;
      const port = {
        local: address,
        address,
        receiver,
        detach: () => {
          const key = formatAddress(port.address);
          if (byAddress.get(key) === port) byAddress.delete(key);
        },
      };
      byAddress.set(formatAddress(address), port);
      return port;
    },
    at: (address) => byAddress.get(formatAddress(address)),
    move(address, to) {
      const port = byAddress.get(formatAddress(address));
      if (port === undefined) throw new Error(`move: nobody holds ${formatAddress(address)}`);
      const target = to ?? free(address.host);
      if (byAddress.has(formatAddress(target))) throw new Error(`move: ${formatAddress(target)} is taken`);
      byAddress.delete(formatAddress(address));
      port.address = target;
      byAddress.set(formatAddress(target), port);
      return target;
    },
    addresses: () => [...byAddress.values()].map((port) => port.address),
  };
}

/** RFC 6335 §6: dynamic ports. */
const FIRST_EPHEMERAL = 49_152;
