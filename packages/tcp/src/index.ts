/** Stream transport on node:net. */

export type { Lookup } from '@avs-net/core/plugin';
export { createTcp, type TcpSettings, tcp } from './plugin.ts';
