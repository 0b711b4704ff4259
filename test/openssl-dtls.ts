/**
 * A stage for dtls-openssl against programs that nobody here wrote: a net over udp on loopback, and sockets and
 * programs that are gone after each test, with everything that the addon made for them.
 */

import { type Configurations, createNet, type Net, type Socket } from '@avs-net/core';
import { dtlsOpenssl, liveObjects } from '@avs-net/dtls-openssl';
import { udp } from '@avs-net/udp';
import { afterEach, beforeEach, expect } from 'vitest';

export interface DtlsStage {
  readonly net: Net;
  /** Disposed after the test, the latest first. */
  keep<Kept extends AsyncDisposable>(each: Kept): Kept;
  socket(configuration: Configurations['dtls']): Promise<Socket>;
  /** Bound to loopback. */
  server(configuration: Configurations['dtls']): Promise<Socket>;
}

/** Registers hooks: call it once at the top of a file. */
export function dtlsStage(): DtlsStage {
  const kept: AsyncDisposable[] = [];
  let net: Net;
  beforeEach(() => {
    net = createNet({ plugins: [udp, dtlsOpenssl] });
  });
  afterEach(async () => {
    for (const each of kept.splice(0).reverse()) await each[Symbol.asyncDispose]();
    await net.close();
    expect(liveObjects()).toEqual({ contexts: 0, connections: 0, bios: 0, associations: 0 });
  });
  const stage: DtlsStage = {
    get net() {
      return net;
    },
    keep(each) {
      kept.push(each);
      return each;
    },
    socket: async (configuration) => stage.keep(await net.createSocket('dtls', configuration)),
    async server(configuration) {
      const socket = await stage.socket(configuration);
      await socket.bind('127.0.0.1', 0);
      return socket;
    },
  };
  return stage;
}
