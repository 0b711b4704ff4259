/**
 * The plugin: DTLS 1.2 (and 1.0 on demand) with pre-shared keys, client and server, on the OpenSSL that the running
 * node carries. Importing it touches no native code.
 */

import type { BackendModule, Plugin } from '@avs-net/core/plugin';
import { CLAIMS } from './claims.ts';
import { createContext } from './context.ts';
import { loadAddon } from './native.ts';
import { probe, SUPPORTED_MAJOR } from './probe.ts';

export const dtlsOpenssl: Plugin = Object.freeze({
  contract: 1,
  name: 'dtls-openssl',
  provides: 'dtls',
  claims: CLAIMS,
  probe: () => probe(),
  load: (): BackendModule => {
    const addon = loadAddon();
    const { major, running } = addon.versions();
    if (major !== SUPPORTED_MAJOR) throw new Error(`OpenSSL ${SUPPORTED_MAJOR} is needed, node runs ${running}`);
    return { context: (configuration, host) => createContext(addon, configuration, host) };
  },
} satisfies Plugin);
