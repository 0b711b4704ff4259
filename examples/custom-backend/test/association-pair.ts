/**
 * A client and a server of this backend on the in-process network, without core: either two associations wired to each
 * other, or a client against the endpoint with its cookie exchange.
 */

import {
  createNetwork,
  type Network,
  type NetworkInit,
  type VirtualClock,
  virtualClock,
} from '@avs-net/conformance/network';
import {
  type Address,
  type AssociationRequest,
  type ContextHost,
  NetError,
  type PskLookup,
  type PskServerInfo,
  type SecureConfiguration,
} from '@avs-net/core/plugin';
import { customBackend } from '../src/index.ts';
import { makeEngine } from '../src/plugin.ts';
import { runAssociation, type Side } from './association-run.ts';

export interface Pair {
  readonly clock: VirtualClock;
  readonly network: Network;
  readonly client: Side;
  /** With the endpoint: the last peer that it has opened. */
  readonly server: Side;
  /** Steps time until both are established (true) or one has ended. */
  run(): boolean;
  /** Lets `ms` milliseconds pass, and whatever follows from them at once. */
  wait(ms: number): void;
}

export interface PairInit {
  readonly network?: Omit<NetworkInit, 'clock'>;
  readonly key?: Uint8Array;
  readonly identity?: Uint8Array;
  readonly clientSuites?: readonly (number | string)[];
  readonly serverSuites?: readonly (number | string)[];
  readonly lookup?: PskLookup;
  readonly policy?: Pick<PskServerInfo, 'identityHint' | 'unknownIdentity'>;
  /** For both sides. */
  readonly request?: Partial<AssociationRequest>;
  /**
   * `engine`: two bare associations, which must stand by themselves. `filter`: as core gets them. `endpoint`: the
   * server behind `listen`.
   */
  readonly wiring?: Wiring;
}

export type Wiring = 'engine' | 'filter' | 'endpoint';

export const KEY: Uint8Array = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
export const IDENTITY: Uint8Array = Buffer.from('dev-1');
export const CLIENT: Address = { host: '192.0.2.1', port: 1 };
export const SERVER: Address = { host: '192.0.2.2', port: 2 };

export function clientConfiguration(init: PairInit = {}): SecureConfiguration {
  const { identity = IDENTITY, key = KEY, clientSuites } = init;
  const security = {
    mode: 'psk' as const,
    identity: { type: 'pskIdentity' as const, source: 'buffer' as const, buffer: identity },
    key: { type: 'pskKey' as const, source: 'buffer' as const, buffer: key },
  };
  return { security, ...(clientSuites === undefined ? {} : { ciphersuites: clientSuites }) };
}

export function serverConfiguration(init: PairInit = {}): SecureConfiguration {
  const { lookup = () => KEY, policy, serverSuites } = init;
  const security = { mode: 'psk' as const, lookup, ...policy };
  return { security, ...(serverSuites === undefined ? {} : { ciphersuites: serverSuites }) };
}

export async function associationPair(init: PairInit = {}): Promise<Pair> {
  const { wiring = 'engine', lookup = () => KEY, request } = init;
  const clock = virtualClock();
  const network = createNetwork({ clock, ...init.network });
  const host: ContextHost = {
    backend: customBackend.name,
    clock,
    error: (details) => new NetError({ ...details, operation: 'test' }),
  };
  const module = await customBackend.load();
  const maker = async (configuration: SecureConfiguration) =>
    wiring === 'engine' ? makeEngine(configuration, host) : (await module.context(configuration, host)).association!;

  const lower = network.lower({ local: CLIENT, remote: SERVER });
  const make = await maker(clientConfiguration(init));
  const client = runAssociation({ clock, lower, make, request: { role: 'client', ...request } });

  const sides: Side[] = [];
  if (wiring === 'endpoint') {
    const context = await module.context(serverConfiguration(init), host);
    context.listen!(network.lower({ local: SERVER }), {
      ...host,
      limits: {},
      dropped: () => {},
      open(peer) {
        const side = runAssociation({
          clock,
          lower: peer.lower,
          make: (own) => peer.association(own),
          lookup,
          established: () => peer.established(),
          over: () => peer.closed(),
          request: { role: 'server', ...request, opening: peer.opening },
        });
        sides.push(side);
        side.start();
        return { close: () => side.shutdown() };
      },
    });
  } else {
    const lowerServer = network.lower({ local: SERVER, remote: CLIENT });
    const makeServer = await maker(serverConfiguration(init));
    const run = { clock, lower: lowerServer, make: makeServer, lookup };
    sides.push(runAssociation({ ...run, request: { role: 'server', ...request } }));
    sides[0]!.start();
  }
  client.start();

  const phases = () => [client.association.phase, sides.at(-1)?.association.phase ?? 'handshake'];
  return {
    clock,
    network,
    client,
    get server() {
      return sides.at(-1)!;
    },
    run() {
      while (!phases().includes('closed')) {
        if (phases().every((phase) => phase === 'established')) return true;
        if (!clock.step()) break;
        if (clock.now() > LONGEST_RUN) throw new Error(`still shaking hands after ${clock.now()} ms`);
      }
      return false;
    },
    wait(ms) {
      const end = clock.now() + ms;
      clock.timer(ms, () => {});
      while ((clock.nextDue ?? Number.POSITIVE_INFINITY) <= end) clock.step();
    },
  };
}

/** Both schedules one after the other, milliseconds, and some more. */
const LONGEST_RUN = 600_000;
