/**
 * The network as a udp backend, so that everything above a transport runs on it. It answers to the default UDP socket
 * of avs_net as far as a network without a system can: no DSCP, priority, interface or descriptor.
 */

import { isIP } from 'node:net';
import {
  type Address,
  type Configuration,
  formatAddress,
  type OptionKey,
  type OptionValues,
  type Plugin,
  type SocketHost,
  type SocketOperations,
  type TransportConfiguration,
} from '@avs-net/core/plugin';
import { type NetworkCore, sendThrough } from './network-core.ts';
import type { Port } from './port.ts';
import { READABLE, udpOptions, WRITABLE } from './virtual-options.ts';
import { type PeerTable, peerTable } from './virtual-peers.ts';

export interface VirtualUdpInit {
  /** Address of the host whose sockets these are; default 127.0.0.1. */
  readonly host?: string;
  /** Plugin name; default `udp-virtual`. */
  readonly name?: string;
}

export function virtualUdp(network: NetworkCore, init: VirtualUdpInit): Plugin {
  const own = init.host ?? '127.0.0.1';
  if (isIP(own) === 0) throw new TypeError(`plugin: host must be an IP address, received ${own}`);
  return {
    contract: 1,
    name: init.name ?? 'udp-virtual',
    provides: 'udp',
    claims: {
      transport: {
        operations: ['connect', 'bind', 'accept', 'send', 'sendTo'],
        features: ['preferredEndpoint', 'addressFamily', 'preferredFamily', 'forcedMtu'],
        message: LARGEST_DATAGRAM,
      },
      options: { readable: READABLE, writable: WRITABLE },
    },
    load: () => ({
      context: (configuration: Configuration) => ({
        socket: (host: SocketHost) => udpSocket(network, own, configuration as TransportConfiguration, host),
        destroy: () => {},
      }),
    }),
  };
}

function udpSocket(
  network: NetworkCore,
  own: string,
  configuration: TransportConfiguration,
  host: SocketHost,
): SocketOperations {
  const options = udpOptions(network, own, configuration, host);
  let open: Opened | undefined;
  let sent = 0;
  let received = 0;

  const openPort = (address: Address): Opened => {
    // Accepted peers may keep a port beyond the socket that bound it, so what arrives belongs to this opening.
    const opened: { port?: Port; remote?: Address; peers?: PeerTable } = {};
    const port = network.attach(address, {
      datagram(data, from) {
        if (opened.remote !== undefined && !same(opened.remote, from)) host.dropped('foreignAddress');
        else if (opened.peers !== undefined) opened.peers.datagram(data, from);
        else {
          received += data.length;
          host.deliver(data, from);
        }
      },
      unreachable(about) {
        if (opened.remote === undefined || !same(opened.remote, about)) return;
        const message = `${formatAddress(about)} answered port unreachable: nobody listens there`;
        host.softError(host.error({ code: 'ECONNREFUSED', message }));
      },
    });
    if (port === undefined) throw host.error({ code: 'EADDRINUSE', message: `${formatAddress(address)} is taken` });
    return Object.assign(opened, { port });
  };

  const transmit = (data: Uint8Array, to: Address): void => {
    if (open === undefined) throw host.error({ code: 'EBADF', message: 'the socket is closed; bind or connect first' });
    sendThrough(network, open.port, data, to, host);
    sent += data.length;
  };

  return {
    async connect(name, number) {
      const sticky = configuration.preferredEndpoint;
      const to = options.resolve(name, number);
      open ??= openPort({ host: own, port: 0 });
      open.remote = to;
      if (sticky !== undefined) sticky.address = to;
    },
    async bind(name, number) {
      const address = WILDCARDS.has(name) ? { host: own, port: number } : options.resolve(name, number);
      if (address.host !== own) {
        throw host.error({ code: 'EADDRNOTAVAIL', message: `${address.host} is not an address of this host, ${own}` });
      }
      open = openPort(address);
    },
    listen(unread) {
      if (open === undefined) throw host.error({ code: 'ENETDOWN', message: 'bind before accept' });
      open.peers ??= peerTable(network, open.port, options, host);
      for (const { data, from } of unread) open.peers.datagram(data, from);
    },
    send(data) {
      if (open?.remote === undefined) throw host.error({ code: 'EDESTADDRREQ', message: 'not connected; use sendTo' });
      transmit(data, open.remote);
    },
    sendTo: transmit,
    resolve: async (name, number) => options.resolve(name, number),
    async close() {
      if (open?.peers === undefined) open?.port.detach();
      else open.peers.close();
      open = undefined;
    },
    remote: () => open?.remote,
    local: () => open?.port.local,
    getOption: <K extends OptionKey>(key: K): OptionValues[K] =>
      options.get(key, { local: open?.port.local, remote: open?.remote, sent, received }),
    setOption: options.set,
  };
}

interface Opened {
  readonly port: Port;
  remote?: Address;
  peers?: PeerTable;
}

const same = (one: Address, other: Address): boolean => one.port === other.port && one.host === other.host;

const WILDCARDS: ReadonlySet<string> = new Set(['', '0.0.0.0', '::']);
/** 65 535 bytes less the headers of IPv4 and UDP. */
const LARGEST_DATAGRAM = 65_507;
