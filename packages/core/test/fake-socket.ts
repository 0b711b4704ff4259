/**
 * A guarded socket over operations that only write down what they were asked, and a clock that stands still.
 */

import type { Address } from '../src/contract/address.ts';
import type { Attempt, SocketHost } from '../src/contract/backend.ts';
import type { Claims } from '../src/contract/claims.ts';
import type { Clock, Timer } from '../src/contract/clock.ts';
import type { SocketType } from '../src/contract/configuration.ts';
import { Socket } from '../src/socket/socket.ts';
import type { GuardedOperations, SocketInit, SocketSettings } from '../src/socket/socket-init.ts';

export interface Fake {
  readonly socket: Socket;
  readonly host: SocketHost;
  readonly clock: ManualClock;
  /** Names of the operations in the order in which they were called. */
  readonly calls: string[];
  /** Replaceable at any time. */
  readonly operations: Mutable<GuardedOperations>;
}

export interface FakeInit {
  readonly type?: SocketType;
  readonly claims?: Claims;
  readonly configuration?: SocketSettings;
  readonly operations?: Partial<GuardedOperations>;
  readonly disposed?: () => void | Promise<void>;
  readonly trace?: SocketInit['trace'];
}

export function fakeSocket(init: FakeInit = {}): Fake {
  const { type = 'udp', claims = {}, configuration = {}, disposed, trace } = init;
  const clock = new ManualClock();
  const calls: string[] = [];
  const operations = { ...fakeOperations(calls), ...init.operations };
  let host: SocketHost | undefined;
  const socket = new Socket({
    type,
    backend: `fake-${type}`,
    claims,
    clock,
    configuration,
    disposed,
    trace,
    operations(given) {
      host = given;
      return operations;
    },
  });
  if (host === undefined) throw new Error('no operations were made');
  return { socket, host, clock, calls, operations };
}

export function fakeOperations(calls: string[]): Mutable<GuardedOperations> {
  let open = false;
  const opens = (name: string) => async (): Promise<void> => {
    calls.push(name);
    open = true;
  };
  return {
    connect: opens('connect'),
    bind: opens('bind'),
    listen: () => void calls.push('listen'),
    send: () => void calls.push('send'),
    sendTo: (_, to) => void calls.push(`sendTo ${to.host}:${to.port}`),
    shutdown: async (how) => void calls.push(`shutdown ${how}`),
    async close() {
      calls.push('close');
      open = false;
    },
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
    remote: () => (open ? PEER : undefined),
    local: () => (open ? LOCAL : undefined),
  };
}

/** Connected, bound, accepted or shut down. */
export async function fakeSocketIn(state: Socket['state'], init: FakeInit = {}): Promise<Fake> {
  const fake = fakeSocket(init);
  if (state === 'connected' || state === 'shutdown') await fake.socket.connect(PEER.host, PEER.port);
  if (state === 'shutdown') await fake.socket.shutdown();
  if (state === 'bound' || state === 'accepted') await fake.socket.bind();
  if (state !== 'accepted') return fake;
  const accepting = fake.socket.accept();
  const made = acceptFrom(fake, PEER);
  return { ...fake, ...made, socket: await accepting };
}

/** Announces a peer to a fake that accepts. */
export function acceptFrom(fake: Fake, peer: Address): { host: SocketHost; operations: Mutable<GuardedOperations> } {
  const operations = fakeOperations(fake.calls);
  let host: SocketHost | undefined;
  fake.host.accepted(peer, (given) => {
    host = given;
    return operations;
  });
  if (host === undefined) throw new Error('the peer was refused');
  return { host, operations };
}

/** An operation that waits until it is told, and remembers its attempt. */
export function suspended(): Suspended {
  const gate: Partial<Suspended> & { attempts: Attempt[] } = { attempts: [] };
  const work = new Promise<void>((resolve, reject) => {
    gate.succeed = resolve;
    gate.fail = reject;
  });
  gate.connect = (_host, _port, attempt) => {
    gate.attempts.push(attempt);
    return work;
  };
  return gate as Suspended;
}

export interface Suspended {
  readonly attempts: readonly Attempt[];
  connect(host: string, port: number, attempt: Attempt): Promise<void>;
  succeed(): void;
  fail(error: unknown): void;
}

export class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ readonly at: number; readonly run: () => void }>();

  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  timer(ms: number, run: () => void): Timer {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#timers].sort((a, b) => a.at - b.at)) {
      if (timer.at <= this.#now && this.#timers.delete(timer)) timer.run();
    }
  }
}

/** Everything that waits for nothing but promises has happened. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

export const PEER: Address = { host: '192.0.2.7', port: 5684 };
export const LOCAL: Address = { host: '192.0.2.1', port: 40_000 };

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
