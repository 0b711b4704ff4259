/**
 * The plugin: what can be read without loading the library.
 */

import type { Plugin } from '@avs-net/core/plugin';
import { CLAIMS } from './claims.ts';
import { probe } from './probe.ts';

/** A DTLS 1.2 PSK client in pure JavaScript; for other roles, modes and extensions take another backend. */
export const dtlsNodeDtlsClient: Plugin = {
  contract: 1,
  name: 'dtls-node-dtls-client',
  provides: 'dtls',
  claims: CLAIMS,
  probe,
  async load() {
    const { nodeDtlsClientModule } = await import('./context.ts');
    return nodeDtlsClientModule();
  },
};
