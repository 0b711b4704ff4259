/**
 * Broken copies of dtls-openssl, the backend whose associations go on elsewhere: one thing changed at the border of the
 * contract, and the case that is there to catch it.
 */

import type { Association, AssociationRequest, Continuation, Plugin, SecureConfiguration } from '@avs-net/core/plugin';
import { connectionIds, listen } from '@avs-net/dtls-endpoint';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import type { CertificateMutant } from './certificate-mutants.ts';
import { overridden } from './mutant.ts';

export const CONTINUATION_MUTANTS: readonly CertificateMutant[] = [
  mutant('shakes hands nevertheless', 'continuation/client', {
    request: ({ continued: _, ...request }) => request,
  }),
  mutant('does not say that it goes on', 'continuation/client', { info: ({ continued: _, ...info }) => info }),
  mutant('forgets whom it goes on with', 'continuation/server', {
    info: ({ pskIdentity, ...info }) =>
      info.continued === true ? info : { ...info, ...(pskIdentity && { pskIdentity }) },
  }),
  mutant('does not wait for the store', 'continuation/numbers', {
    continuation: (sound) => ({
      get left() {
        return sound.left;
      },
      save(reserve) {
        const state = sound.save(reserve === 0 ? 0 : 1_000);
        sound.stored();
        return state;
      },
      stored() {},
    }),
  }),
];

type Info = ReturnType<Association['info']>;

interface Change {
  readonly request?: (request: AssociationRequest) => AssociationRequest;
  readonly info?: (info: Info) => Info;
  readonly continuation?: (sound: Continuation) => Continuation;
}

function mutant(name: string, caughtBy: string, change: Change): CertificateMutant {
  const { request = (same) => same } = change;
  const plugin: Plugin = {
    ...dtlsOpenssl,
    name: 'mutant',
    load: async () => {
      const module = await dtlsOpenssl.load();
      return {
        async context(configuration, host) {
          const sound = await module.context(configuration, host);
          const make = (asked: AssociationRequest): Association => broken(sound.association!(request(asked)), change);
          const { connectionId } = configuration as SecureConfiguration;
          const ids = sound.listen && connectionIds(connectionId, 'server', (init) => host.error(init));
          return {
            sessionScope: sound.sessionScope!,
            association: make,
            ...(sound.listen && {
              listen: (lower, listener) => listen(lower, make, listener, ids),
            }),
            destroy: () => sound.destroy(),
          };
        },
      };
    },
  };
  return { name, caughtBy, plugin };
}

function broken(sound: Association, { info, continuation }: Change): Association {
  return overridden(sound, {
    ...(info && { info: () => info(sound.info()) }),
    get continuation() {
      return sound.continuation && (continuation?.(sound.continuation) ?? sound.continuation);
    },
  });
}
