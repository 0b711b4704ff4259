/**
 * `accept` of the virtual udp backend: datagrams of one port sorted by their sender, each of which becomes a socket.
 * Accepted sockets outlive the listening one, as they do in avs_net, and keep its address until the last is closed.
 */

import {
  type Address,
  formatAddress,
  type OptionKey,
  type OptionValues,
  type SocketHost,
  type SocketOperations,
} from '@avs-net/core/plugin';
import { type NetworkCore, sendThrough } from './network-core.ts';
import type { Port } from './port.ts';
import type { UdpOptions } from './virtual-options.ts';

export interface PeerTable {
  datagram(data: Uint8Array, from: Address): void;
  /** No new peers; the port goes with the last of the old ones. */
  close(): void;
}

export function peerTable(network: NetworkCore, port: Port, options: UdpOptions, listener: SocketHost): PeerTable {
  const peers = new Map<string, Peer>();
  let open = true;

  const operations = (peer: Peer, host: SocketHost): SocketOperations => {
    let sent = 0;
    let received = 0;
    peer.deliver = (data) => {
      received += data.length;
      host.deliver(data, peer.address);
    };
    return {
      send(data) {
        sendThrough(network, port, data, peer.address, host);
        sent += data.length;
      },
      async close() {
        if (peers.get(formatAddress(peer.address)) === peer) peers.delete(formatAddress(peer.address));
        if (!open && peers.size === 0) port.detach();
      },
      remote: () => peer.address,
      local: () => port.local,
      getOption: <K extends OptionKey>(key: K): OptionValues[K] =>
        options.get(key, { local: port.local, remote: peer.address, sent, received }),
      setOption: options.set,
    };
  };

  const admit = (from: Address): Peer | undefined => {
    const peer: Peer = { address: from, deliver: undefined };
    listener.accepted(from, (host) => operations(peer, host));
    if (peer.deliver === undefined) return undefined;
    peers.set(formatAddress(from), peer);
    return peer;
  };

  return {
    datagram(data, from) {
      const peer = peers.get(formatAddress(from)) ?? (open ? admit(from) : undefined);
      if (peer?.deliver === undefined) listener.dropped('noPeer');
      else peer.deliver(data);
    },
    close() {
      open = false;
      if (peers.size === 0) port.detach();
    },
  };
}

interface Peer {
  readonly address: Address;
  /** Undefined: refused, its operations were not asked for. */
  deliver: ((data: Uint8Array) => void) | undefined;
}
