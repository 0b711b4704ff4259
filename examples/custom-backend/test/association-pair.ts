/**
 * Two associations of this backend on the in-process network, without core: a client at one end and a server at the other,
 * timers and look-ups run by the virtual clock.
 */

import {
  createNetwork,
  type Network,
  type NetworkInit,
  type VirtualClock,
  type VirtualLower,
  virtualClock,
} from '@avs-net/conformance/network';
import {
  type Alert,
  type Association,
  type AssociationRequest,
  NetError,
  type PskLookup,
  type PskServerInfo,
  type SecureConfiguration,
  type Timer,
  type TraceEvent,
} from '@avs-net/core/plugin';
import { customBackend } from '../src/index.ts';
import { makeEngine } from '../src/plugin.ts';

export interface Side {
  readonly association: Association;
  readonly lower: VirtualLower;
  readonly messages: string[];
  readonly drops: string[];
  readonly traces: TraceEvent[];
  readonly events: string[];
  readonly failure: NetError | undefined;
  readonly closed: Alert | undefined;
  say(text: string): void;
}

export interface Pair {
  readonly clock: VirtualClock;
  readonly network: Network;
  readonly client: Side;
  readonly server: Side;
  /** Steps time until both are established or one has failed; true if established. */
  run(): boolean;
  /** Steps through everything that is due within `ms`. */
  wait(ms: number): void;
}

export interface PairInit {
  readonly network?: Omit<NetworkInit, 'clock'>;
  readonly key?: Uint8Array;
  readonly identity?: Uint8Array;
  readonly lookup?: PskLookup;
  readonly server?: Partial<PskServerInfo>;
  readonly client?: Partial<SecureConfiguration>;
  readonly serverSuites?: readonly number[];
  readonly request?: Partial<AssociationRequest>;
  /** As core gets it, behind the record filter; default: the engine alone, which must stand by itself. */
  readonly isFiltered?: boolean;
}

export const KEY: Uint8Array = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
export const IDENTITY: Uint8Array = Buffer.from('dev-1');

export async function associationPair(init: PairInit = {}): Promise<Pair> {
  const clock = virtualClock();
  const network = createNetwork({ clock, ...init.network });
  const at = { client: { host: '192.0.2.1', port: 1 }, server: { host: '192.0.2.2', port: 2 } };
  const psk = <T extends string>(type: T, buffer: Uint8Array) => ({ type, source: 'buffer' as const, buffer });
  const client = await openSide(network, clock, 'client', at.client, at.server, init, {
    security: {
      mode: 'psk',
      identity: psk('pskIdentity', init.identity ?? IDENTITY),
      key: psk('pskKey', init.key ?? KEY),
    },
    ...init.client,
  });
  const server = await openSide(network, clock, 'server', at.server, at.client, init, {
    security: { mode: 'psk', lookup: init.lookup ?? (() => KEY), ...init.server },
    ...(init.serverSuites === undefined ? {} : { ciphersuites: init.serverSuites }),
  });
  client.association.start(clock.now());
  client.arm();
  return {
    clock,
    network,
    client,
    server,
    run() {
      while (client.association.phase !== 'closed' && server.association.phase !== 'closed') {
        if (client.association.phase === 'established' && server.association.phase === 'established') return true;
        if (!clock.step()) break;
      }
      return false;
    },
    wait(ms) {
      const end = clock.now() + ms;
      while ((clock.nextDue ?? Number.POSITIVE_INFINITY) <= end) clock.step();
    },
  };
}

export async function openSide(
  network: Network,
  clock: VirtualClock,
  role: 'client' | 'server',
  local: { readonly host: string; readonly port: number },
  remote: { readonly host: string; readonly port: number },
  init: PairInit,
  configuration: SecureConfiguration,
): Promise<Side & { arm(): void }> {
  const lower = network.lower({ local, remote });
  const seen = { messages: [], drops: [], traces: [], events: [] } as Pick<
    Side,
    'messages' | 'drops' | 'traces' | 'events'
  >;
  let failure: NetError | undefined;
  let closed: Alert | undefined;
  let timer: Timer | undefined;
  const error: AssociationRequest['error'] = (details) => new NetError({ ...details, operation: role });
  const arm = (): void => {
    timer?.cancel();
    const { deadline } = association;
    if (deadline === undefined) return;
    timer = clock.timer(deadline - clock.now(), () => {
      association.timeout(clock.now());
      arm();
    });
  };
  const host = { backend: customBackend.name, clock, error };
  const make = init.isFiltered
    ? (await (await customBackend.load()).context(configuration, host)).association!
    : makeEngine(configuration, host);
  const association = make({
    role,
    handshakeTimeouts: { min: 1_000, max: 60_000 },
    lowerMtu: lower.innerMtu()!,
    error,
    output: {
      datagram: (bytes) => lower.send(bytes),
      message: (bytes) => void seen.messages.push(Buffer.from(bytes).toString()),
      established: () => void seen.events.push('established'),
      closed: (alert) => {
        seen.events.push('closed');
        closed = alert;
      },
      failed: (reason) => {
        seen.events.push('failed');
        failure = reason;
      },
      need: (id, what) => {
        const identity = what.kind === 'psk' ? what.identity.slice() : new Uint8Array(0);
        clock.timer(0, () => {
          const lookup = (configuration.security as PskServerInfo).lookup;
          const answer = lookup(identity, new AbortController().signal) as Uint8Array | undefined;
          association.answer!(id, answer, clock.now());
          arm();
        });
      },
      dropped: (reason) => void seen.drops.push(reason),
      trace: (event) => void seen.traces.push(event),
    },
    ...init.request,
  });
  lower.start({
    receive(data) {
      association.receive(data, clock.now());
      arm();
    },
    end() {},
    softError() {},
    failed() {},
  });
  return {
    ...seen,
    association,
    lower,
    arm,
    get failure() {
      return failure;
    },
    get closed() {
      return closed;
    },
    say: (text) => association.send(Buffer.from(text), clock.now()),
  };
}
