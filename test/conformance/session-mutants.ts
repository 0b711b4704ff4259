/**
 * Broken copies of dtls-openssl, because the reference backend keeps no sessions: one thing changed at the border of
 * the contract, and the case that is there to catch it.
 */

import type { Association, AssociationRequest, SecureConfiguration } from '@avs-net/core/plugin';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { brokenCopy, type Mutant, overridden, withOutput } from './broken-copy.ts';

export const SESSION_MUTANTS: readonly Mutant[] = [
  mutant('binds its sessions to no credential', 'sessions/other-identity', { sessionScope: 'the same for all' }),
  mutant('binds its sessions to no key', 'sessions/other-key', {
    sessionScope: 'the same for all',
    answer: (_, keys) => keys[0],
  }),
  mutant('never offers a session', 'sessions/outlives-socket', { request: ({ session: _, ...request }) => request }),
  mutant('keeps no session', 'claims/resumption', {
    request: (request) => withOutput(request, () => ({ session: () => {} })),
  }),
  mutant('calls every handshake resumed', 'sessions/none-without-store', {
    info: (info) => ({ ...info, resumed: true }),
  }),
  mutant('calls no handshake resumed', 'claims/resumption', { info: (info) => ({ ...info, resumed: false }) }),
  mutant('forgets whom it resumes', 'sessions/server-knows-who', {
    info: ({ pskIdentity, ...info }) =>
      info.resumed === true ? info : { ...info, ...(pskIdentity && { pskIdentity }) },
  }),
  mutant('takes the word of a session for its identity', 'sessions/server-forgets', { answer: (_, keys) => keys[0] }),
  mutant('has ticket keys of its own whatever it is given', 'sessions/ticket-keys', {
    configuration: ({ server: _, ...configuration }) => configuration,
  }),
  mutant('goes on without a protocol in common', 'sessions/alpn-mismatch', {
    configuration: ({ alpn, ...configuration }) =>
      'lookup' in configuration.security ? configuration : { ...configuration, ...(alpn && { alpn }) },
  }),
  mutant('exports the same for everybody', 'sessions/exporter', {
    exporter: (_, length) => new Uint8Array(length).fill(7),
  }),
  mutant('exports without regard to the context', 'sessions/exporter', {
    exporter: (sound, length, label) => sound(label, length),
  }),
];

type Info = ReturnType<Association['info']>;
type Exporter = NonNullable<Association['exportKeyingMaterial']>;

interface Change {
  readonly sessionScope?: string;
  readonly configuration?: (configuration: SecureConfiguration) => SecureConfiguration;
  readonly request?: (request: AssociationRequest) => AssociationRequest;
  readonly info?: (info: Info) => Info;
  /** `keys` are those that were answered before, first ones first. */
  readonly answer?: (answer: Uint8Array | undefined, keys: readonly Uint8Array[]) => Uint8Array | undefined;
  readonly exporter?: (sound: Exporter, length: number, label: string) => Uint8Array;
}

function mutant(name: string, caughtBy: string, change: Change): Mutant {
  const plugin = brokenCopy(dtlsOpenssl, {
    configuration: change.configuration,
    sessionScope: change.sessionScope,
    association(make) {
      const keys: Uint8Array[] = [];
      return (request) => broken(make(change.request?.(request) ?? request), change, keys);
    },
  });
  return { name, caughtBy, plugin };
}

function broken(sound: Association, { info, answer, exporter }: Change, keys: Uint8Array[]): Association {
  return overridden(sound, {
    ...(info && { info: () => info(sound.info()) }),
    ...(answer && {
      answer(id, key, now) {
        const given = answer(key, keys);
        if (key !== undefined) keys.push(key.slice());
        sound.answer?.(id, given ?? key, now);
      },
    }),
    ...(exporter && {
      exportKeyingMaterial: (label, length) => exporter(sound.exportKeyingMaterial!.bind(sound), length, label),
    }),
  });
}
