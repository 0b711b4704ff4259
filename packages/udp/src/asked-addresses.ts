/**
 * One socket for each address of the machine, standing for one that is bound to all of them: node tells of a datagram
 * where it came from, but not which local address it was sent to (IP_PKTINFO), and an answer from another one is not
 * taken by a connected peer. So every datagram bears the address that was asked, and answers leave from there.
 * Addresses that the machine gets later are not served.
 */

import type { RemoteInfo } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { type Address, formatAddress, type IpVersion, NetError, versionOf } from '@avs-net/core/plugin';
import type { BoundSocket, SystemSocket } from './system-socket.ts';

export interface AskedAddressesInit {
  readonly backend: string;
  readonly versions: readonly IpVersion[];
  /** 0: any port that is free at all of them. */
  readonly port: number;
  /** As the machine has them; for tests. */
  readonly addresses?: readonly string[];
  open(version: IpVersion, message: (data: Uint8Array, info: RemoteInfo) => void): SystemSocket;
  /** `from` has the address that was asked as `local`. */
  receive(sockets: AskedAddresses, data: Uint8Array, from: Address): void;
}

export class AskedAddresses implements BoundSocket {
  readonly version: IpVersion;
  readonly dualStack = false;
  readonly sender: BoundSocket['sender'] = { send: (data, to) => this.#of(to!).sender.send(data, to) };
  readonly #sockets = new Map<string, SystemSocket>();
  readonly #backend: string;
  #port: number;

  private constructor({ backend, versions, port }: AskedAddressesInit) {
    this.version = versions.includes(6) ? 6 : 4;
    this.#backend = backend;
    this.#port = port;
  }

  /** Errors: those of the system; EADDRNOTAVAIL if the machine has no address of these versions. */
  static async bind(init: AskedAddressesInit): Promise<AskedAddresses> {
    for (let attempt = 1; ; attempt++) {
      const sockets = new AskedAddresses(init);
      try {
        await sockets.#bind(init);
        return sockets;
      } catch (error) {
        await sockets.close();
        // A port that was free at the first address may be taken at another.
        const again = init.port === 0 && (error as NodeJS.ErrnoException).code === 'EADDRINUSE' && attempt < ATTEMPTS;
        if (!again) throw error;
      }
    }
  }

  local(): Address {
    return { host: this.version === 6 ? '::' : '0.0.0.0', port: this.#port };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sockets.values()].map((socket) => socket.close()));
  }

  async #bind(init: AskedAddressesInit): Promise<void> {
    const addresses = (init.addresses ?? localAddresses()).filter((host) => init.versions.includes(versionOf(host)));
    for (const host of addresses) {
      const socket = init.open(versionOf(host), (data, { address, port }) =>
        init.receive(this, data, { host: address, port, local }),
      );
      try {
        await socket.bind({ host, port: this.#port });
      } catch (error) {
        await socket.close();
        // Tentative addresses of IPv6 cannot be used yet; nobody can ask them either.
        if ((error as NodeJS.ErrnoException).code === 'EADDRNOTAVAIL') continue;
        throw error;
      }
      this.#port = socket.local().port;
      const local = { host, port: this.#port };
      this.#sockets.set(host, socket);
    }
    if (this.#sockets.size > 0) return;
    throw Object.assign(new Error('this machine has no address to bind to'), { code: 'EADDRNOTAVAIL' });
  }

  /** The one that was asked; for whoever has not asked, the first that can reach him. */
  #of(to: Address): SystemSocket {
    const asked = to.local && this.#sockets.get(to.local.host);
    if (asked !== undefined) return asked;
    const version = versionOf(to.host);
    for (const [, socket] of this.#sockets) if (socket.version === version) return socket;
    throw new NetError({
      code: 'EADDRNOTAVAIL',
      operation: 'sendTo',
      backend: this.#backend,
      message: `${formatAddress(to)} cannot be reached: this machine has no address of IPv${version}`,
    });
  }
}

function localAddresses(): string[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    // Link-local addresses are only addresses together with their link (RFC 4007).
    addresses.map(({ address, scopeid }) => (scopeid ? `${address}%${name}` : address)),
  );
}

const ATTEMPTS = 16;
