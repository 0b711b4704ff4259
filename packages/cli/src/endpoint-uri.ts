/**
 * `scheme://host:port`, the way the command line names a peer or a listening address. The scheme is the socket type;
 * `coap` and `coaps` are accepted for udp and dtls with their default ports (RFC 7252 §6).
 */

import type { SocketType } from '@avs-net/core';
import { UsageError } from './usage-error.ts';

export interface EndpointUri {
  readonly type: SocketType;
  /** IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

export function parseEndpointUri(text: string): EndpointUri {
  const found = /^([a-z]+):\/\/(\[[^\]]+\]|[^:/[\]]*)(?::(\d{1,5}))?\/?$/i.exec(text);
  const scheme = SCHEMES[found?.[1]?.toLowerCase() ?? ''];
  if (!found || !scheme) {
    throw new UsageError(
      `${JSON.stringify(text)} is no endpoint; write scheme://host:port with one of ${Object.keys(SCHEMES).join(', ')}`,
    );
  }
  const port = found[3] === undefined ? scheme.port : Number(found[3]);
  if (port === undefined || port > 65_535) {
    throw new UsageError(`${JSON.stringify(text)} has no usable port; write a number from 0 to 65535 after the host`);
  }
  return { type: scheme.type, host: (found[2] ?? '').replace(/^\[|\]$/g, ''), port };
}

const SCHEMES: Readonly<Record<string, { type: SocketType; port?: number }>> = {
  udp: { type: 'udp' },
  tcp: { type: 'tcp' },
  dtls: { type: 'dtls', port: 5684 },
  tls: { type: 'tls', port: 5684 },
  coap: { type: 'udp', port: 5683 },
  coaps: { type: 'dtls', port: 5684 },
};
