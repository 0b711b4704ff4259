/**
 * A dtls server over real sockets on a hostile network: whoever tests it can put datagrams in from any address, let
 * time leap, and see what left. One per test; `end` checks that nothing native is left.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Seen } from '@avs-net/conformance/attacks';
import { clientHello, cookieOf, handshake } from '@avs-net/conformance/dtls-records';
import {
  type Clock,
  createNet,
  type Net,
  type Plugin,
  type SecureConfiguration,
  type ServerLimits,
  type Socket,
  systemClock,
} from '@avs-net/core';
import type { Address } from '@avs-net/core/plugin';
import { psk, pskServer } from '@avs-net/credentials';
import { liveObjects } from '@avs-net/dtls-openssl';
import { expect } from 'vitest';
import { seenOn } from './seen-datagrams.ts';
import { type SpoofedUdp, spoofedUdp } from './spoofed-udp.ts';

/** Nobody we know, whose answers only count. */
export const STRANGER: Address = { host: '10.0.0.1', port: 4_000 };

export interface Pair {
  readonly client: Socket;
  readonly peer: Socket;
}

export class BesiegedServer {
  readonly network: SpoofedUdp = spoofedUdp();
  server!: Socket;
  #net!: Net;
  /** Milliseconds that its clock is ahead. */
  #ahead = 0;
  readonly #timers = new Set<{ readonly due: number; readonly run: () => void }>();
  readonly #clock: Clock = {
    now: () => systemClock.now() + this.#ahead,
    timer: (ms, run) => {
      const timer = { due: this.#clock.now() + ms, run: () => this.#timers.delete(timer) && run() };
      this.#timers.add(timer);
      const real = systemClock.timer(ms, timer.run);
      return {
        cancel: () => {
          this.#timers.delete(timer);
          real.cancel();
        },
      };
    },
  };

  static async bind(
    backend: Plugin,
    limits: ServerLimits = {},
    more: Partial<SecureConfiguration> = {},
  ): Promise<BesiegedServer> {
    const besieged = new BesiegedServer();
    besieged.#net = createNet({ plugins: [besieged.network.plugin, backend], clock: besieged.#clock });
    besieged.server = await besieged.#net.createSocket('dtls', {
      security: pskServer({ identities: new Map([[IDENTITY, KEY]]) }),
      server: limits,
      ...more,
    });
    await besieged.server.bind('127.0.0.1', 0);
    return besieged;
  }

  async end(): Promise<void> {
    await this.#net.close();
    expect(liveObjects()).toEqual({ contexts: 0, connections: 0, bios: 0, associations: 0 });
  }

  client(more: Partial<SecureConfiguration> = {}): Promise<Socket> {
    return this.#net.createSocket('dtls', { security: psk({ identity: IDENTITY, key: KEY }), ...more });
  }

  async pair(): Promise<Pair> {
    const client = await this.client();
    const accepted = this.server.accept();
    await client.connect('127.0.0.1', this.server.localPort());
    return { client, peer: await accepted };
  }

  leap(ms: number): void {
    this.#ahead += ms;
    for (const { due, run } of [...this.#timers]) if (due <= this.#clock.now()) run();
  }

  /** A counter or gauge of the server; 0 if nothing was counted. */
  stat(name: string): number {
    return (this.server.stats()[name] as number | undefined) ?? 0;
  }

  /** Everything that was refused. */
  drops(): number {
    const counters = Object.entries(this.server.stats()).filter(([name]) => name.startsWith('dropped.'));
    return counters.reduce((sum, [, count]) => sum + (count as number), 0);
  }

  cookieFor(address: Address, random: number): Uint8Array {
    this.network.put(clientHello({ random }), address);
    return cookieOf(this.network.away.last);
  }

  /** A whole cookie exchange, and then nothing. */
  knock(random: number, address: Address = STRANGER): void {
    this.network.put(clientHello({ random, cookie: this.cookieFor(address, random) }), address);
  }

  /** What somebody on the way to the server has seen. */
  seen(): Seen {
    return seenOn(this.network.arrived.map(({ data }) => data));
  }
}

export async function echo({ client, peer }: Pair, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await client.send(Uint8Array.of(1, index));
    expect(await peer.receive({ timeout: 5_000 })).toEqual(Uint8Array.of(1, index));
    await peer.send(Uint8Array.of(2, index));
    expect(await client.receive({ timeout: 5_000 })).toEqual(Uint8Array.of(2, index));
  }
}

export const addressOf = (client: Socket): Address => ({ host: client.localHost(), port: client.localPort() });

/** A fragment of the ClientKeyExchange that would come next. */
export function part(offset: number, length: number, total = 100, messageSeq = 2): Uint8Array {
  return handshake({ type: 16, messageSeq, offset, total, body: new Uint8Array(length) });
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

/** Bytes that are in use after everything that can be freed is. */
export function heap(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const KEY = new Uint8Array(16).fill(0x5a);
const IDENTITY = 'device';
