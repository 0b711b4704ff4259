/** The plugin descriptor of the udp transport. */

import { lookup as systemLookup } from 'node:dns';
import { type Lookup, NetError, type Plugin, type TransportConfiguration } from '@avs-net/core/plugin';
import { UDP_CLAIMS } from './claims.ts';
import { udpOptions } from './options.ts';
import { UdpSocket } from './socket.ts';

export interface UdpSettings {
  /** Resolves host names in place of `dns.lookup`. */
  readonly lookup?: Lookup;
  /** Largest number of accepted peers of one bound socket; default 10 000. */
  readonly peerLimit?: number;
}

/** EINVAL for settings that are none. */
export function createUdp({ lookup = systemLookup, peerLimit = 10_000 }: UdpSettings = {}): Plugin {
  if (typeof lookup !== 'function') throw invalid(`lookup must be a function like dns.lookup, not ${typeof lookup}`);
  if (!Number.isSafeInteger(peerLimit) || peerLimit < 1) {
    throw invalid(`peerLimit must be a whole number of at least 1, not ${String(peerLimit)}`);
  }
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

function invalid(message: string): NetError {
  return new NetError({ code: 'EINVAL', operation: 'createUdp', message });
}
