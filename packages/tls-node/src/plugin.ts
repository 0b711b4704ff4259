/**
 * The plugin: TLS 1.2 and 1.3 with certificates and TLS 1.2 with pre-shared keys, client and server, on node:tls over
 * any stream socket.
 */

import type { Plugin } from '@avs-net/core/plugin';
import { CLAIMS } from './claims.ts';
import { createContext } from './context.ts';
import { probe } from './probe.ts';

export const tlsNode: Plugin = Object.freeze({
  contract: 1,
  name: 'tls-node',
  provides: 'tls',
  claims: CLAIMS,
  probe,
  load: () => ({ context: createContext }),
} satisfies Plugin);
