/** Datagram transport on node:dgram. */

export type { Lookup } from '@avs-net/core/plugin';
export { createUdp, type UdpSettings, udp } from './plugin.ts';
