/** The plugin descriptor of the tcp transport. */

import { lookup as systemLookup } from 'node:dns';
import type { Lookup, Plugin, TransportConfiguration } from '@avs-net/core/plugin';
import { TCP_CLAIMS } from './claims.ts';
import { tcpOptions } from './options.ts';
import { TcpSocket } from './socket.ts';

export interface TcpSettings {
  /** Resolves host names in place of `dns.lookup`. */
  readonly lookup?: Lookup;
}

export function createTcp({ lookup = systemLookup }: TcpSettings = {}): Plugin {
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
