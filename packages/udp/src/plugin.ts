/** The plugin descriptor of the udp transport. */

import { lookup as systemLookup } from 'node:dns';
import type { Lookup, Plugin, TransportConfiguration } from '@avs-net/core/plugin';
import { UDP_CLAIMS } from './claims.ts';
import { udpOptions } from './options.ts';
import { UdpSocket } from './socket.ts';

export interface UdpSettings {
  /** Resolves host names in place of `dns.lookup`. */
  readonly lookup?: Lookup;
  /** Largest number of accepted peers of one bound socket; default 10 000. */
  readonly peerLimit?: number;
}

export function createUdp({ lookup = systemLookup, peerLimit = 10_000 }: UdpSettings = {}): Plugin {
  return Object.freeze<Plugin>({
    contract: 1,
    name: 'udp',
    provides: 'udp',
    claims: UDP_CLAIMS,
    load: () => ({
      context: (configuration: TransportConfiguration) => ({
        socket: (host) => new UdpSocket({ host, options: udpOptions(configuration), lookup, peerLimit }),
        destroy: () => {},
      }),
    }),
  });
}

export const udp: Plugin = createUdp();
