/**
 * Clients and servers of scripted associations that share a store, over one network: what tests of associations that go
 * on elsewhere begin with. A store can be made to fail or to wait.
 */

import { memoryAssociationStore } from '../src/continuation/memory-association-store.ts';
import type { RoleClaims } from '../src/contract/claims.ts';
import type { AssociationStore, SecureConfiguration } from '../src/contract/configuration.ts';
import { createNet } from '../src/net/create-net.ts';
import type { Net } from '../src/net/net.ts';
import type { Socket } from '../src/socket/socket.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';
import { type MemoryUdp, memoryUdp } from './memory-udp.ts';
import { type ScriptedDtls, scriptedDtls } from './scripted-dtls.ts';
import { clientSecurity, settle } from './secure-net.ts';

export const role: RoleClaims = {
  security: ['psk'],
  versions: ['DTLSv1.2'],
  ciphersuites: [0xc0a8],
  sources: ['buffer'],
  sni: true,
  connectionId: true,
  continuation: true,
};

export interface GatedStore extends AssociationStore {
  /** Awaited by every call, before and after it has done its work. */
  before: (operation: string) => Promise<void> | void;
  after: (operation: string) => Promise<void> | void;
  readonly calls: string[];
}

export function gatedStore(): GatedStore {
  const store = memoryAssociationStore();
  const gated: GatedStore = {
    calls: [],
    before: () => {},
    after: () => {},
    async replace(id, expected, entry) {
      gated.calls.push('replace');
      await gated.before('replace');
      const answer = await store.replace(id, expected, entry);
      await gated.after('replace');
      return answer;
    },
    async take(id) {
      gated.calls.push('take');
      await gated.before('take');
      const entry = await store.take(id);
      await gated.after('take');
      return entry;
    },
  };
  return gated;
}

export interface ContinuingNet {
  readonly udp: MemoryUdp;
  readonly dtls: ScriptedDtls;
  readonly net: Net;
  readonly clock: ManualClock;
  readonly store: GatedStore;
  readonly events: Record<string, unknown>[];
  readonly keeping: NonNullable<SecureConfiguration['associations']>;
  client(change?: Partial<SecureConfiguration>): Promise<Socket>;
  /** Bound at port 5684; echoes nothing. */
  serve(change?: Partial<SecureConfiguration>): Promise<Socket>;
  /** The server that was bound last. */
  server(): Socket;
  /** A client that is connected to the server, and its peer there. */
  pair(change?: Partial<SecureConfiguration>): Promise<{ readonly client: Socket; readonly peer: Socket }>;
}

export const masterKey = (fill = 1): Uint8Array => new Uint8Array(32).fill(fill);

export async function continuingNet(
  claims: RoleClaims = role,
  sessionScope: string | null = 'scope',
): Promise<ContinuingNet> {
  const udp = memoryUdp();
  const dtls = scriptedDtls('dtls-scripted', { client: claims, server: claims });
  dtls.change = sessionScope === null ? {} : { sessionScope };
  const clock = manualClock();
  const store = gatedStore();
  const events: Record<string, unknown>[] = [];
  const net = createNet({ plugins: [udp.plugin, dtls.plugin], clock, trace: (event) => void events.push(event) });
  const keeping = { store, keys: [masterKey()], reserve: 4 };
  let bound: Socket | undefined;
  const subject: ContinuingNet = {
    server: () => bound!,
    udp,
    dtls,
    net,
    clock,
    store,
    events,
    keeping,
    client: (change = {}) => net.createSocket('dtls', { security: clientSecurity, associations: keeping, ...change }),
    async serve(change = {}) {
      const security = { mode: 'psk', lookup: () => undefined } as const;
      bound = await net.createSocket('dtls', { security, associations: keeping, ...change });
      await bound.bind('', 5684);
      return bound;
    },
    async pair(change = {}) {
      const server = await subject.serve(change);
      const client = await subject.client(change);
      await client.connect('192.0.2.1', 5684);
      const peer = await server.accept();
      await settle();
      return { client, peer };
    },
  };
  return subject;
}
