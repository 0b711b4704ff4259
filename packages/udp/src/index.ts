/** Datagram transport on node:dgram. */

export type { Lookup } from './name-resolution.ts';
export { createUdp, type UdpSettings, udp } from './plugin.ts';
