/**
 * ICMP port unreachable as node reports it (RFC 1122 §4.1.3.3): ECONNREFUSED, but ECONNRESET on Windows, there also on
 * sockets that are not connected.
 */

/**
 * The same error everywhere. Undefined: of a socket that is not connected, so that it belongs to some earlier datagram;
 * anybody could provoke it by sending from a port and closing it.
 */
export function icmpError(error: NodeJS.ErrnoException, connected: boolean): NodeJS.ErrnoException | undefined {
  if (error.code !== 'ECONNREFUSED' && error.code !== 'ECONNRESET') return error;
  if (!connected) return undefined;
  return error.code === 'ECONNREFUSED' ? error : Object.assign(error, { code: 'ECONNREFUSED' });
}
