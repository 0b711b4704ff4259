/** The socket of one accepted peer: everything goes through the bound socket that it shares with the other peers. */

import { type Address, type IpVersion, type SocketHost, type SocketOperations, versionOf } from '@avs-net/core/plugin';
import { getOption, type OpenSocket, setOption, type UdpOptions } from './options.ts';
import type { Peer } from './peer-table.ts';

export interface PeerSocketInit {
  readonly peer: Peer;
  readonly host: SocketHost;
  readonly options: UdpOptions;
  /** Of the system socket. */
  readonly version: IpVersion;
  readonly bound: { local(): Address | undefined; interfaceName(): string };
}

export function peerOperations({ peer, host, options, version, bound }: PeerSocketInit): SocketOperations {
  const { backend } = host;
  let open: OpenSocket | undefined = { version, packets: versionOf(peer.address.host) };
  return {
    send: (data) => peer.send(data),
    shutdown: async (how) => {
      if (how === 'both') peer.forget();
    },
    close: async () => {
      open = undefined;
      peer.forget();
    },
    interfaceName: () => bound.interfaceName(),
    remote: () => (open === undefined ? undefined : peer.address),
    local: () => (open === undefined ? undefined : (peer.from.local ?? bound.local())),
    getOption: (key) => getOption(options, key, open, backend),
    setOption: (key, value) => setOption(options, key, value),
  };
}
