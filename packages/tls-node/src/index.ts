/** TLS for avs-net on node:tls. */

export { tlsNode } from './plugin.ts';
