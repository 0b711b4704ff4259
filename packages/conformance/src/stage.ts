/**
 * Where a case plays: an in-process network, a client net and a server net on it, and a clock. Engines that obey the
 * host's clock run in virtual time, which the stage moves whenever nothing else is left to do; engines that read the
 * system's clock run in real time with short timers.
 */

import assert from 'node:assert/strict';
import type * as core from '@avs-net/core';
import type { Clock, Plugin, SecureConfiguration } from '@avs-net/core/plugin';
import { psk, pskServer } from '@avs-net/credentials';
import type { SecureType } from './conformance-case.ts';
import { createStreamNetwork, type StreamEntry, type StreamNetwork } from './network/stream-network.ts';
import { createNetwork, type Network, type NetworkInit, type VirtualClock, virtualClock } from './network.ts';

/** The part of `@avs-net/core` that the kit uses. */
export type Core = Pick<typeof core, 'createNet' | 'systemClock'>;

export interface Stage {
  readonly type: SecureType;
  /** What is below it. */
  readonly lowerType: 'udp' | 'tcp';
  /** Datagrams, below dtls. */
  readonly network: Network;
  /** Below tls. */
  readonly streams: StreamNetwork;
  /** Everything that was sent, over whichever of the two. */
  readonly log: readonly Sent[];
  readonly clock: Clock;
  /** Whether time moves by the stage alone; otherwise it is the system's, and says little of a backend. */
  readonly isVirtual: boolean;
  /** The backend under test. */
  readonly plugin: Plugin;
  /** Who plays the other role. */
  readonly peer: Plugin;
  /** Net of the backend under test, of whoever is client, and of whoever is server. */
  readonly subject: core.Net;
  readonly client: core.Net;
  readonly server: core.Net;
  readonly clientClaims: core.RoleClaims;
  readonly serverClaims: core.RoleClaims;
  readonly clientHost: string;
  readonly serverHost: string;
  /** Timers that somebody waits for, of core and of the engines; the network's own are not counted. */
  timers(): number;
  /** Handshake timers for a network that loses much. */
  readonly patience: Partial<SecureConfiguration>;
  clientConfiguration(extra?: Partial<SecureConfiguration>): SecureConfiguration;
  serverConfiguration(extra?: Partial<SecureConfiguration>): SecureConfiguration;
  /** A bound server socket that accepts. */
  listen(extra?: Partial<SecureConfiguration>): Promise<core.Socket>;
  /** A new client that connects to `listener`, and the server's socket for it. */
  meet(listener: core.Socket, client?: Partial<SecureConfiguration>): Promise<Pair>;
  /** The same with a server of its own. */
  pair(init?: PairInit): Promise<Pair>;
  /** Rejects when the case can never end: nothing is left to wait for, or it has taken far too long. */
  readonly stalled: Promise<never>;
  /** Lets everything happen that takes at most `ms` of the stage's time. */
  pass(ms: number): Promise<void>;
  /** Closes both nets and asserts that nothing is left behind. */
  end(): Promise<void>;
  /** Stops without asserting anything. */
  abandon(): Promise<void>;
}

export type Sent = Pick<StreamEntry, 'from' | 'to' | 'data'>;

export interface PairInit {
  readonly client?: Partial<SecureConfiguration>;
  readonly server?: Partial<SecureConfiguration>;
}

export interface Pair {
  readonly client: core.Socket;
  readonly peer: core.Socket;
  readonly listener: core.Socket;
}

/** Thrown by a case that cannot be tried with this peer. */
export class Unavailable extends Error {}

export const IDENTITY = 'conformance';
export const KEY: Uint8Array = new Uint8Array(16).map((_, index) => 0xc0 + index);

export async function createStage(init: {
  readonly plugin: Plugin;
  readonly peer: Plugin;
  readonly role: 'client' | 'server';
  readonly core: Core;
  readonly network?: Omit<NetworkInit, 'clock'>;
}): Promise<Stage> {
  const { plugin, peer, role, core } = init;
  const type: SecureType = plugin.provides === 'tls' ? 'tls' : 'dtls';
  // Streams lose nothing that would have to be waited for.
  const own = type === 'tls' || [plugin, peer].some(({ claims }) => claims.clock === 'system');
  const time: Clock | VirtualClock = own ? core.systemClock : virtualClock();
  const counted = countedClock(time);
  const network = createNetwork({ clock: time, ...init.network });
  const streams = createStreamNetwork();
  const net = (backend: Plugin, host: string): core.Net => {
    const lower = type === 'tls' ? streams.plugin({ host }) : network.plugin({ host });
    return core.createNet({ plugins: [lower, backend], clock: counted.clock });
  };
  const [clientPlugin, serverPlugin] = role === 'client' ? [plugin, peer] : [peer, plugin];
  const client = net(clientPlugin, CLIENT_HOST);
  const server = net(serverPlugin, SERVER_HOST);
  // Loading takes real time, which virtual time must not overtake.
  await Promise.all([plugin.load(), peer.load(), client.backends(), server.backends()]);
  const motion = own
    ? limitTime(time, type === 'tls' ? LONGEST_STREAM_CASE : LONGEST_REAL_CASE)
    : moveTime(time as VirtualClock, core.systemClock);
  const timeouts = own ? REAL_TIMEOUTS : VIRTUAL_TIMEOUTS;
  const timersOf = (claims: core.RoleClaims | undefined): Partial<SecureConfiguration> =>
    claims?.handshakeTimers === true ? { dtlsHandshakeTimeouts: timeouts } : {};

  const stage: Stage = {
    type,
    lowerType: type === 'tls' ? 'tcp' : 'udp',
    network,
    streams,
    log: type === 'tls' ? streams.log : network.log,
    clock: counted.clock,
    isVirtual: !own,
    plugin,
    peer,
    subject: role === 'client' ? client : server,
    client,
    server,
    clientClaims: clientPlugin.claims.client ?? NOTHING,
    serverClaims: serverPlugin.claims.server ?? NOTHING,
    clientHost: CLIENT_HOST,
    serverHost: SERVER_HOST,
    timers: counted.pending,
    stalled: motion.stalled,
    patience: { dtlsHandshakeTimeouts: own ? REAL_PATIENCE : VIRTUAL_TIMEOUTS },
    clientConfiguration: (extra) => ({
      security: psk({ identity: IDENTITY, key: KEY }),
      ...timersOf(clientPlugin.claims.client),
      ...extra,
    }),
    serverConfiguration: (extra) => ({
      security: pskServer({ identities: new Map([[IDENTITY, KEY]]) }),
      ...timersOf(serverPlugin.claims.server),
      ...extra,
    }),
    async listen(extra) {
      const listener = await server.createSocket(type, stage.serverConfiguration(extra));
      await listener.bind(SERVER_HOST, 0);
      return listener;
    },
    async meet(listener, ofClient) {
      const socket = await client.createSocket(type, stage.clientConfiguration(ofClient));
      const accepting = listener.accept();
      // Should connect fail, that is the failure to report.
      accepting.catch(() => {});
      await socket.connect(SERVER_HOST, listener.localPort());
      return { client: socket, peer: await accepting, listener };
    },
    pair: async ({ client: ofClient, server: ofServer } = {}) => stage.meet(await stage.listen(ofServer), ofClient),
    pass: (ms) => new Promise((resolve) => time.timer(ms, resolve)),
    async end() {
      await client.close();
      await server.close();
      await stage.pass(0);
      assert.equal(counted.pending(), 0, 'a timer was left behind after everything was disposed');
    },
    async abandon() {
      await Promise.race([Promise.allSettled([client.close(), server.close()]), motion.stalled.catch(() => {})]);
      motion.stop();
    },
  };
  return stage;
}

interface Motion {
  readonly stalled: Promise<never>;
  stop(): void;
}

/** Steps virtual time forward whenever the event loop has nothing else to do. */
function moveTime(clock: VirtualClock, real: Clock): Motion {
  let running = true;
  const stalled = (async (): Promise<never> => {
    let moved = real.now();
    while (running) {
      await clock.settle();
      // What is not a timer may still be on its way, such as a module that is being loaded.
      if (running && clock.step()) moved = real.now();
      else if (real.now() - moved > IDLE_LIMIT)
        throw new Error('the case waits for something that can never happen: no timer is left');
      if (clock.now() > LONGEST_CASE)
        throw new Error(`the case has not ended after ${LONGEST_CASE} ms of virtual time`);
    }
    return await new Promise<never>(() => {});
  })();
  stalled.catch(() => {});
  return {
    stalled,
    stop: () => {
      running = false;
    },
  };
}

function limitTime(clock: Clock, longest: number): Motion {
  let stop = (): void => {};
  const stalled = new Promise<never>((_, reject) => {
    const late = (): void => reject(new Error(`the case has not ended after ${longest} ms`));
    const timer = clock.timer(longest, late);
    stop = () => timer.cancel();
  });
  stalled.catch(() => {});
  return { stalled, stop };
}

function countedClock(clock: Clock): { readonly clock: Clock; readonly pending: () => number } {
  const pending = new Set<object>();
  return {
    pending: () => pending.size,
    clock: {
      now: () => clock.now(),
      timer(ms, run) {
        const ticket = {};
        pending.add(ticket);
        const timer = clock.timer(ms, () => {
          pending.delete(ticket);
          run();
        });
        return {
          cancel() {
            pending.delete(ticket);
            timer.cancel();
          },
        };
      },
    },
  };
}

const CLIENT_HOST = '192.0.2.1';
const SERVER_HOST = '198.51.100.1';
/** Seven waits, as by default (RFC 6347 §4.2.4.1): what survives a loss depends on their number. */
const VIRTUAL_TIMEOUTS = { min: 1_000, max: 60_000 };
const REAL_PATIENCE = { min: 20, max: 1_280 };
/** Cases that wait for the end of a handshake wait in real time; OpenSSL takes no less than 20 ms. */
const REAL_TIMEOUTS = { min: 20, max: 160 };
/** Real milliseconds without any timer, after which a case will never end by itself. */
const IDLE_LIMIT = 500;
/** Milliseconds. */
const LONGEST_CASE = 24 * 3_600_000;
const LONGEST_REAL_CASE = 90_000;
/** Nothing is lost, so nothing is waited for. */
const LONGEST_STREAM_CASE = 10_000;
const NOTHING: core.RoleClaims = { security: [], versions: [], ciphersuites: [], sources: [] };
