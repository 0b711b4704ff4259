/** The plugin descriptor of the tcp transport. */

import { lookup as systemLookup } from 'node:dns';
import { type Lookup, NetError, type Plugin, type TransportConfiguration } from '@avs-net/core/plugin';
import { TCP_CLAIMS } from './claims.ts';
import { tcpOptions } from './options.ts';
import { TcpSocket } from './socket.ts';

export interface TcpSettings {
  /** Resolves host names in place of `dns.lookup`. */
  readonly lookup?: Lookup;
}

/** EINVAL for settings that are none. */
export function createTcp({ lookup = systemLookup }: TcpSettings = {}): Plugin {
  if (typeof lookup !== 'function') {
    const message = `lookup must be a function like dns.lookup, not ${typeof lookup}`;
    throw new NetError({ code: 'EINVAL', operation: 'createTcp', message });
  }
  return Object.freeze<Plugin>({
    contract: 1,
    name: 'tcp',
    provides: 'tcp',
    claims: TCP_CLAIMS,
    load: () => ({
      context: (configuration: TransportConfiguration) => ({
        socket: (host) => new TcpSocket({ host, options: tcpOptions(configuration), lookup }),
        destroy: () => {},
      }),
    }),
  });
}

export const tcp: Plugin = createTcp();
