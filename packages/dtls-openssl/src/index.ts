/**
 * DTLS for avs-net on the OpenSSL that node itself carries.
 */

export { liveObjects } from './live-objects.ts';
export type { LiveObjects } from './native.ts';
export { dtlsOpenssl } from './plugin.ts';
