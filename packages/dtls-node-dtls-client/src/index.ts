/**
 * DTLS on node-dtls-client, pure JavaScript.
 */

export { dtlsNodeDtlsClient } from './plugin.ts';
