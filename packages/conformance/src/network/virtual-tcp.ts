/**
 * The in-process streams as a tcp backend, so that everything above a transport runs on them. IP literals only; no
 * option but the address family.
 */

import {
  type Address,
  type Attempt,
  formatAddress,
  type OptionKey,
  type OptionValues,
  type Plugin,
  type SocketHost,
  type SocketOperations,
} from '@avs-net/core/plugin';
import type { StreamCore, StreamEnd } from './stream-network.ts';

export interface VirtualTcpInit {
  /** Address of the host whose sockets these are. */
  readonly host: string;
}

export function virtualTcp(network: StreamCore, { host: own }: VirtualTcpInit): Plugin {
  return {
    contract: 1,
    name: 'tcp-virtual',
    provides: 'tcp',
    claims: {
      transport: { operations: ['connect', 'bind', 'accept', 'send', 'shutdown'], features: [] },
      options: { readable: ['addrFamily'], writable: [] },
    },
    load: () => ({
      context: () => ({ socket: (host: SocketHost) => tcpSocket(network, own, host), destroy: () => {} }),
    }),
  };
}

function tcpSocket(network: StreamCore, own: string, host: SocketHost): SocketOperations {
  let bound: Address | undefined;
  let waiting: StreamEnd[] = [];
  let admit: ((end: StreamEnd) => void) | undefined;
  let connection: SocketOperations | undefined;
  const close = async (): Promise<void> => {
    if (bound !== undefined) network.unlisten(bound);
    bound = undefined;
    admit = undefined;
    waiting = [];
    await connection?.close();
    connection = undefined;
  };
  return {
    async connect(name, port, { signal }: Attempt) {
      const to = { host: name, port };
      const end = network.connect({ host: own, port: network.freePort() }, to);
      signal.throwIfAborted();
      if (end === undefined)
        throw host.error({ code: 'ECONNREFUSED', message: `${formatAddress(to)} does not listen` });
      connection = connected(end, host);
    },
    async bind(_name, port) {
      const address = { host: own, port: port === 0 ? network.freePort() : port };
      const isFree = network.listen(address, (end) => (admit === undefined ? void waiting.push(end) : admit(end)));
      if (!isFree) throw host.error({ code: 'EADDRINUSE', message: `${formatAddress(address)} is taken` });
      bound = address;
    },
    listen() {
      admit = (end) => host.accepted(end.remote, (peerHost) => connected(end, peerHost));
      for (const end of waiting.splice(0)) admit(end);
    },
    send: (data) => connection?.send?.(data),
    shutdown: async (how) => connection?.shutdown?.(how),
    close,
    pause: () => connection?.pause?.(),
    resume: () => connection?.resume?.(),
    remote: () => connection?.remote?.(),
    local: () => connection?.local?.() ?? bound,
    getOption,
  };
}

function connected({ local, remote, incoming, outgoing }: StreamEnd, host: SocketHost): SocketOperations {
  // Not before the socket above knows that it is connected.
  setImmediate(() => incoming.attach({ data: (bytes) => host.deliver(bytes), end: () => host.end() }));
  return {
    send: (data) => outgoing.send(data),
    async shutdown(how) {
      if (how === 'both') incoming.drain();
      outgoing.end();
    },
    async close() {
      incoming.drain();
      outgoing.end();
    },
    pause: () => incoming.pause(),
    resume: () => incoming.resume(),
    remote: () => remote,
    local: () => local,
    getOption,
  };
}

function getOption<K extends OptionKey>(): OptionValues[K] {
  return 'inet4' as OptionValues[K];
}
