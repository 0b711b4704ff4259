/**
 * A udp backend without a network: datagrams cross in a microtask, ports are numbers in a map. As tcp backend it makes
 * sockets of pieces of a stream, which open with the first one.
 */

import type { Plugin, SocketHost, SocketOperations } from '../src/contract/backend.ts';
import type { NetError } from '../src/contract/error.ts';
import type { Address, AddressFamily } from '../src/plugin.ts';

export interface MemoryUdp {
  readonly plugin: Plugin;
  readonly log: string[];
  /** Rejects the next bind or connect. */
  refusal: unknown;
  /** Sockets that have a port now. */
  readonly open: number;
  /** Contexts that are not destroyed. */
  contexts: number;
  limit: number;
  /** The stream of the port ends. */
  end(port: number): void;
  /** The socket of the port fails. */
  fail(port: number, error: NetError): void;
  /** The port answers with ICMP from now on. */
  vanish(port: number): void;
  /** What a stranger sends. */
  inject(port: number, text: string, from?: Address): void;
}

export function memoryUdp(name: string = 'udp-memory', provides: 'udp' | 'tcp' = 'udp'): MemoryUdp {
  const ports = new Map<number, (data: Uint8Array, from: Address) => void>();
  const hosts = new Map<number, SocketHost>();
  let next = 40_000;
  const network: MemoryUdp = {
    log: [],
    refusal: undefined,
    contexts: 0,
    limit: 100,
    get open() {
      return ports.size;
    },
    end: (port) => hosts.get(port)?.end(),
    fail: (port, error) => hosts.get(port)?.failed(error),
    vanish: (port) => void ports.delete(port),
    inject(port, text, from = { host: '192.0.2.66', port: 666 }) {
      ports.get(port)?.(Buffer.from(text, 'latin1'), from);
    },
    plugin: {
      contract: 1,
      name,
      provides,
      claims: {
        transport: {
          operations: ['connect', 'bind', 'accept', 'send', 'sendTo', 'shutdown'],
          features: ['preferredFamily', 'addressFamily', 'forcedMtu'],
        },
        options: {
          readable: ['addrFamily', 'mtu', 'innerMtu', 'preferredAddrFamily', 'forcedAddrFamily'],
          writable: ['preferredAddrFamily', 'forcedAddrFamily'],
        },
      },
      load: () => ({
        context() {
          network.contexts += 1;
          return {
            socket: (host: SocketHost) => socket(host),
            destroy() {
              network.contexts -= 1;
            },
          };
        },
      }),
    },
  };

  function socket(host: SocketHost): SocketOperations {
    let port: number | undefined;
    let peer: Address | undefined;
    let families: AddressFamily = 'unspec';
    let listening = false;
    const peers = new Map<number, SocketHost>();
    const local = (): Address => ({ host: '192.0.2.1', port: port! });
    const open = (wanted: number): void => {
      const { refusal } = network;
      network.refusal = undefined;
      if (refusal !== undefined) throw refusal;
      if (port !== undefined) return;
      port = wanted === 0 ? next++ : wanted;
      if (ports.has(port)) throw Object.assign(new Error('in use'), { code: 'EADDRINUSE' });
      hosts.set(port, host);
      ports.set(port, (data, from) => {
        const known = peers.get(from.port);
        if (known !== undefined) known.deliver(data);
        else if (listening) admit(data, from);
        else if (peer === undefined || peer.port === from.port) host.deliver(data, from);
      });
    };
    const admit = (data: Uint8Array, from: Address): void => {
      host.accepted(from, (peerHost) => {
        peers.set(from.port, peerHost);
        return {
          send: (bytes) => post(bytes, from),
          close: async () => void peers.delete(from.port),
          remote: () => from,
          local,
          getOption: read,
        };
      });
      peers.get(from.port)?.deliver(data);
    };
    const post = (data: Uint8Array, to: Address): void => {
      const copy = new Uint8Array(data);
      const from = local();
      network.log.push(`${from.port}>${to.port} ${Buffer.from(copy).toString('latin1')}`);
      queueMicrotask(() => {
        const receiver = ports.get(to.port);
        if (receiver !== undefined) receiver(copy, from);
        else host.softError(host.error({ code: 'ECONNREFUSED', message: 'port unreachable' }));
      });
    };
    const read = (key: string): never => {
      if (key === 'innerMtu') return network.limit as never;
      if (key === 'addrFamily') return 'inet4' as never;
      if (key === 'mtu') return (network.limit + 28) as never;
      return families as never;
    };
    return {
      async connect(remote, to, { signal }) {
        signal.throwIfAborted();
        open(0);
        peer = { host: remote, port: to };
      },
      bind: async (_, wanted) => open(wanted),
      listen(unread) {
        listening = true;
        for (const { data, from } of unread) admit(data, from);
      },
      send: (data) => post(data, peer!),
      sendTo: post,
      async shutdown() {},
      async close() {
        if (port !== undefined) ports.delete(port);
        [port, peer, listening] = [undefined, undefined, false];
        peers.clear();
      },
      remote: () => peer,
      local: () => (port === undefined ? undefined : local()),
      getOption: read,
      setOption(_, value) {
        families = value as AddressFamily;
      },
    };
  }

  return network;
}
