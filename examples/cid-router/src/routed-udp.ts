/**
 * The worker's side of the router as a udp backend: its socket binds a port of its own on the loopback interface, hears
 * the router and nobody else, and tells its server the addresses of the clients.
 */

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Address, Plugin, SocketHost, SocketOperations } from '@avs-net/core/plugin';
import { open, seal } from './envelope.ts';
import { LOOPBACK } from './router.ts';

/** `bound` is told the port that the router has to know. */
export function routedUdp(routerPort: number, bound: (port: number) => void): Plugin {
  return {
    contract: 1,
    name: 'routed-udp',
    provides: 'udp',
    claims: {
      transport: { operations: ['bind', 'sendTo'], features: [] },
      options: { readable: ['innerMtu'], writable: [] },
    },
    load: () => ({ context: () => ({ socket: (host) => routedSocket(host, routerPort, bound), destroy() {} }) }),
  };
}

function routedSocket(host: SocketHost, routerPort: number, bound: (port: number) => void): SocketOperations {
  let socket: Socket | undefined;
  return {
    async bind() {
      socket = createSocket('udp4');
      // In a worker of node:cluster a port is shared with the others unless it is exclusive.
      socket.bind({ port: 0, address: LOOPBACK, exclusive: true });
      await once(socket, 'listening');
      // Connected: the kernel keeps everybody else out.
      socket.connect(routerPort, LOOPBACK);
      await once(socket, 'connect');
      socket.on('message', (bytes) => {
        const opened = open(bytes);
        if (opened === undefined) host.dropped('malformedEnvelope');
        else host.deliver(new Uint8Array(opened.data), opened.client);
      });
      // The router is being restarted.
      socket.on('error', (cause) =>
        host.softError(host.error({ code: 'ECONNREFUSED', message: cause.message, cause })),
      );
      bound(socket.address().port);
    },
    sendTo: (data, to) => void socket?.send(seal(to, data)),
    async close() {
      socket?.close();
      socket = undefined;
    },
    local: (): Address | undefined => socket && { host: LOOPBACK, port: socket.address().port },
    // Of the path to the client: Ethernet less IPv4 and UDP headers. The envelope stays on this machine.
    getOption: () => 1_472 as never,
  };
}
