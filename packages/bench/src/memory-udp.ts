/**
 * A udp backend without a network, for measurements that are about neither: one socket is bound, every other gets an
 * address of its own, on a host of its own, and speaks to that one. Datagrams cross in a microtask.
 */

import type { Address, Plugin, SocketHost, SocketOperations } from '@avs-net/core/plugin';

export interface MemoryUdp {
  readonly plugin: Plugin;
  /** Nobody hears anything any more: sockets that are closed now leave their peers as they are. */
  silent: boolean;
  /** Gets what clients send, instead of the socket that is bound. */
  tap: ((data: Uint8Array, from: Address) => void) | undefined;
  /** To the socket that is bound. */
  deliver(data: Uint8Array, from: Address): void;
}

export function memoryUdp(): MemoryUdp {
  const clients = new Map<string, SocketHost>();
  let server: SocketHost | undefined;
  let made = 0;
  const network: MemoryUdp = {
    silent: false,
    tap: undefined,
    deliver: (data, from) => server?.deliver(data, from),
    plugin: {
      contract: 1,
      name: 'udp-memory',
      provides: 'udp',
      claims: {
        transport: { operations: ['connect', 'bind', 'send', 'sendTo'], features: [] },
        options: { readable: ['innerMtu'], writable: [] },
      },
      load: () => ({ context: () => ({ socket: (host: SocketHost) => socket(host), destroy() {} }) }),
    },
  };

  function socket(host: SocketHost): SocketOperations {
    let local: Address | undefined;
    return {
      async bind(name, port) {
        local = { host: name, port };
        server = host;
      },
      async connect() {
        made += 1;
        local = { host: `10.${(made >> 16) & 255}.${(made >> 8) & 255}.${made & 255}`, port: 1_024 + (made % 64_000) };
        clients.set(local.host, host);
      },
      send(data) {
        const [copy, from] = [new Uint8Array(data), { ...local! }];
        if (network.tap !== undefined) network.tap(copy, from);
        else if (!network.silent) queueMicrotask(() => server?.deliver(copy, from));
      },
      sendTo(data, to) {
        if (network.silent) return;
        const copy = new Uint8Array(data);
        queueMicrotask(() => clients.get(to.host)?.deliver(copy));
      },
      async close() {
        if (local !== undefined) clients.delete(local.host);
      },
      remote: () => SERVER,
      local: () => local,
      getOption: () => 1_472 as never,
    };
  }

  return network;
}

export const SERVER: Address = { host: '192.0.2.1', port: 5_684 };
