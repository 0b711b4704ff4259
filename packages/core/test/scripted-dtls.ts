/**
 * A dtls backend of scripted associations, with a listener that lets everybody in who says `H`.
 */

import type { AssociationRequest } from '../src/contract/association.ts';
import type { Context, Listener, ListenerHost, LowerSocket, PeerRun, Plugin } from '../src/contract/backend.ts';
import type { Claims, RoleClaims } from '../src/contract/claims.ts';
import type { Configuration } from '../src/contract/configuration.ts';
import type { Address, LowerSink } from '../src/plugin.ts';
import { type ScriptedAssociation, scriptedAssociation } from './scripted-association.ts';

export interface ScriptedDtls {
  readonly plugin: Plugin;
  readonly associations: ScriptedAssociation[];
  readonly configurations: Configuration[];
  /** Contexts that are not destroyed. */
  contexts: number;
  /** Awaited by `context()`. */
  gate: Promise<void> | undefined;
  waits: readonly number[];
  change: Partial<Context>;
}

const role: RoleClaims = {
  security: ['psk'],
  versions: ['DTLSv1.2'],
  ciphersuites: [0xc0a8],
  sources: ['buffer'],
  sni: true,
  handshakeTimers: true,
  decorate: true,
};

export function scriptedDtls(
  name: string = 'dtls-scripted',
  claims: Claims = { client: role, server: role },
  provides: 'dtls' | 'tls' = 'dtls',
): ScriptedDtls {
  const backend: ScriptedDtls = {
    associations: [],
    configurations: [],
    contexts: 0,
    gate: undefined,
    waits: [100, 200],
    change: {},
    plugin: {
      contract: 1,
      name,
      provides,
      claims,
      load: () => ({
        async context(configuration) {
          await backend.gate;
          backend.contexts += 1;
          backend.configurations.push(configuration);
          return {
            association: make,
            listen: (lower: LowerSocket, host: ListenerHost) => listen(lower, host),
            destroy() {
              backend.contexts -= 1;
            },
            ...backend.change,
          };
        },
      }),
    },
  };
  const make = (request: AssociationRequest): ScriptedAssociation => {
    const association = scriptedAssociation(request, backend.waits);
    backend.associations.push(association);
    return association;
  };

  function listen(lower: LowerSocket, host: ListenerHost): Listener {
    const peers = new Map<string, { sink: LowerSink | undefined; run?: PeerRun }>();
    const forget = (key: string) => () => void peers.delete(key);
    const view = (peer: { sink: LowerSink | undefined }, key: string, from: Address): LowerSocket => ({
      kind: 'datagram',
      start(sink) {
        peer.sink = sink;
      },
      send: (data) => (key === '' ? lower.send(data) : lower.sendTo!(data, from)),
      pause() {},
      resume() {},
      innerMtu: () => lower.innerMtu(),
    });
    const begin = (hello: Uint8Array, from: Address, key: string): void => {
      const peer: { sink: LowerSink | undefined; run?: PeerRun } = { sink: undefined };
      peers.set(key, peer);
      peer.run = host.open({
        lower: view(peer, key, from),
        opening: { hello, from, cookieVerified: true },
        association: make,
        established() {},
        closed: forget(key),
      });
      peer.sink?.receive(hello);
    };
    lower.start({
      receive(data, from) {
        const key = from === undefined ? '' : `${from.port}`;
        const peer = peers.get(key);
        if (peer !== undefined) peer.sink?.receive(data);
        else if (data[0] !== 0x48) host.dropped('noAssociation');
        else {
          try {
            begin(data, from ?? { host: '', port: 0 }, key);
          } catch {
            peers.delete(key);
            host.dropped('openFailed');
          }
        }
      },
      end() {
        for (const peer of [...peers.values()]) peer.sink?.end();
      },
      softError() {},
      failed(error) {
        for (const peer of [...peers.values()]) peer.sink?.failed(error);
      },
    });
    return {
      close() {
        for (const peer of [...peers.values()]) peer.run?.close();
      },
      pause() {},
      resume() {},
      stats: () => ({ peers: peers.size }),
      restore(continued, from) {
        const key = `${from.port}`;
        if (peers.has(key)) throw host.error({ code: 'EADDRINUSE', message: 'the connection id is in use' });
        const peer: { sink: LowerSink | undefined; run?: PeerRun } = { sink: undefined };
        peers.set(key, peer);
        try {
          peer.run = host.resume!({
            from,
            lower: view(peer, key, from),
            association: (request) => make({ ...request, continued }),
            established() {},
            closed: forget(key),
          });
        } catch (error) {
          peers.delete(key);
          throw error;
        }
      },
    };
  }

  return backend;
}

export const key: { readonly type: 'pskKey'; readonly source: 'buffer'; readonly buffer: Uint8Array } = {
  type: 'pskKey',
  source: 'buffer',
  buffer: Uint8Array.of(1, 2, 3, 4),
};
export const identity: { readonly type: 'pskIdentity'; readonly source: 'buffer'; readonly buffer: Uint8Array } = {
  type: 'pskIdentity',
  source: 'buffer',
  buffer: Uint8Array.from(Buffer.from('device')),
};
