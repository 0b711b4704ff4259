/**
 * A net over memory with scripted associations, and a client in it: what most tests of secure sockets begin with.
 */

import type { SecureConfiguration } from '../src/contract/configuration.ts';
import { createNet } from '../src/net/create-net.ts';
import type { Net } from '../src/net/net.ts';
import type { Socket } from '../src/socket/socket.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';
import { type MemoryUdp, memoryUdp } from './memory-udp.ts';
import { identity, key, type ScriptedDtls, scriptedDtls } from './scripted-dtls.ts';

export const clientSecurity = { mode: 'psk', key, identity } as const;

export interface SecureNet {
  readonly net: Net;
  readonly udp: MemoryUdp;
  readonly dtls: ScriptedDtls;
  readonly clock: ManualClock;
  readonly client: Socket;
  readonly events: object[];
  /** Binds a server at port 5684 that accepts everybody. */
  serve(change?: Partial<SecureConfiguration>): Promise<Socket>;
  /** Connects the client, to a server that is made at the first use. */
  connect(): Promise<void>;
  /** The peer that was accepted last. */
  peer(): Socket;
  server(): Socket;
}

export async function secureNet(change: Partial<SecureConfiguration> = {}): Promise<SecureNet> {
  const udp = memoryUdp();
  const dtls = scriptedDtls();
  const clock = manualClock();
  const events: object[] = [];
  const net = createNet({ plugins: [udp.plugin, dtls.plugin], clock, trace: (event) => void events.push(event) });
  const client = await net.createSocket('dtls', { security: clientSecurity, ...change });
  let server: Socket | undefined;
  const peers: Socket[] = [];
  const serve: SecureNet['serve'] = async (more = {}) => {
    server = await net.createSocket('dtls', { security: { mode: 'psk', lookup: () => undefined }, ...more });
    server.on('connection', (peer) => void peers.push(peer));
    await server.bind('', 5684);
    return server;
  };
  return {
    net,
    udp,
    dtls,
    clock,
    client,
    events,
    serve,
    async connect() {
      if (server === undefined || server.state === 'closed') await serve();
      await client.connect('192.0.2.1', 5684);
    },
    peer: () => peers.at(-1)!,
    server: () => server!,
  };
}

/** Everything that waits in microtasks has run. */
export function settle(): Promise<void> {
  return new Promise(setImmediate);
}

export function text(bytes: Uint8Array | null): string | undefined {
  return bytes === null ? undefined : Buffer.from(bytes).toString('latin1');
}
