/**
 * Broken copies whose fault core would have prevented: refusals, states and what happens after close are decided there.
 * So core is what is changed here, to show that the kit does not take it on trust.
 */

import type { Core } from '@avs-net/conformance';
import * as core from '@avs-net/core';
import type { Claims, Plugin, RoleClaims } from '@avs-net/core/plugin';
import type { Mutant } from './broken-copy.ts';
import { type Change, mutant } from './mutant.ts';

export const CORE_MUTANTS: readonly Mutant[] = [
  undeclared(
    'accepts certificates that it does not declare',
    'claims/refuses-certificates',
    { security: ['psk', 'certificate'] },
    {
      configuration: (configuration) => ({ ...configuration, security: PSK }),
    },
  ),
  undeclared(
    'sends before it refuses',
    'claims/connection-id',
    { connectionId: true },
    {
      association: (sound, { output, error }) => ({
        start(now) {
          sound.start(now);
          output.failed(error({ code: 'ENOTSUP', message: 'no connection ids' }));
        },
      }),
    },
  ),
  undeclared('takes a session store that it does not declare', 'claims/resumption', { resumption: true }, {}),
  withSockets('throws at the second close', 'lifecycle/close-twice', (socket) => {
    const close = socket.close.bind(socket);
    let closed = false;
    socket.close = async () => {
      if (closed) throw new core.NetError({ code: 'EBADF', operation: 'close', message: 'closed already' });
      closed = true;
      await close();
    };
  }),
  withSockets('delivers after close', 'lifecycle/silence-after-close', (socket) => {
    const [on, close] = [socket.on.bind(socket), socket.close.bind(socket)];
    const listeners: ((data: Uint8Array) => void)[] = [];
    socket.on = ((event: 'message', listener: (data: Uint8Array) => void) => {
      if (event === 'message') listeners.push(listener);
      return on(event, listener);
    }) as typeof socket.on;
    socket.close = async () => {
      await close();
      for (const listener of listeners) listener(Uint8Array.of(1));
    };
  }),
  withSockets('is in the wrong state after shutdown', 'lifecycle/shutdown', (socket) => {
    const shutdown = socket.shutdown.bind(socket);
    let over = false;
    socket.shutdown = async (how) => {
      await shutdown(how);
      over = true;
    };
    const { get } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(socket), 'state')!;
    Object.defineProperty(socket, 'state', { get: () => (over ? 'connected' : get!.call(socket)) });
  }),
  withSockets('forgets its receive timeout when it closes', 'options/recv-timeout', (socket) => {
    const close = socket.close.bind(socket);
    socket.close = async () => {
      await close();
      socket.setOption('recvTimeout', 30_000);
    };
  }),
];

/** Declares less than its core thinks: what the kit expects to be refused goes through. */
function undeclared(name: string, caughtBy: string, claimed: Partial<RoleClaims>, change: Change): Mutant {
  const widen = (claims: Claims): Claims => ({ ...claims, client: { ...claims.client!, ...claimed } });
  const made = mutant(name, caughtBy, change);
  const widened: Plugin = { ...made.plugin, claims: widen(made.plugin.claims) };
  return {
    ...made,
    core: {
      ...core,
      createNet: ({ plugins, ...options }) =>
        core.createNet({ ...options, plugins: plugins.map((one) => (one === made.plugin ? widened : one)) }),
    },
  };
}

/** Changes every socket that a net makes. */
function withSockets(name: string, caughtBy: string, change: (socket: core.Socket) => void): Mutant {
  const createNet: Core['createNet'] = (options) => {
    const net = core.createNet(options);
    const createSocket = net.createSocket.bind(net);
    return Object.assign(Object.create(net) as core.Net, {
      createSocket: async (...args: Parameters<core.Net['createSocket']>) => {
        const socket = await createSocket(...args);
        change(socket);
        return socket;
      },
      backends: () => net.backends(),
      decorate: (...args: Parameters<core.Net['decorate']>) => net.decorate(...args),
      close: () => net.close(),
    });
  };
  return { ...mutant(name, caughtBy, {}), core: { ...core, createNet } };
}

const KEY = new Uint8Array(16).fill(7);
const PSK = {
  mode: 'psk',
  key: { type: 'pskKey', source: 'buffer', buffer: KEY },
  identity: { type: 'pskIdentity', source: 'buffer', buffer: KEY },
} as const;
