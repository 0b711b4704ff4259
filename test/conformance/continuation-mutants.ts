/**
 * Broken copies of dtls-openssl, the backend whose associations go on elsewhere: one thing changed at the border of the
 * contract, and the case that is there to catch it.
 */

import type { Association, AssociationRequest, Continuation } from '@avs-net/core/plugin';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { brokenCopy, type Mutant, overridden } from './broken-copy.ts';

export const CONTINUATION_MUTANTS: readonly Mutant[] = [
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

function mutant(name: string, caughtBy: string, { request, info, continuation }: Change): Mutant {
  const plugin = brokenCopy(dtlsOpenssl, {
    association: (make) => (asked) => {
      const sound = make(request?.(asked) ?? asked);
      return overridden(sound, {
        ...(info && { info: () => info(sound.info()) }),
        get continuation() {
          return sound.continuation && (continuation?.(sound.continuation) ?? sound.continuation);
        },
      });
    },
  });
  return { name, caughtBy, plugin };
}
