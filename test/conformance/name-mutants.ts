/**
 * Broken copies of dtls-openssl, because the reference backend has neither names nor certificates: one thing changed at
 * the border of the contract, and the case that is there to catch it.
 */

import type {
  Association,
  AssociationRequest,
  CertificateServerInfo,
  Configuration,
  Output,
  Plugin,
  SecureConfiguration,
} from '@avs-net/core/plugin';
import { listen } from '@avs-net/dtls-endpoint';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import type { CertificateMutant } from './certificate-mutants.ts';
import { withOutput } from './mutant.ts';

export const NAME_MUTANTS: readonly CertificateMutant[] = [
  mutant('serves names that it has not with its own credential', 'names/unknown', {
    answerName: (given, { security }) => given ?? (security as CertificateServerInfo),
  }),
  mutant('serves every name with the same credential', 'names/table', {
    answerName: (given, { server }) => given && (Object.values(server?.names ?? {})[0] ?? given),
  }),
  mutant('asks for names as they were sent', 'names/table', {
    output: (output) => ({
      need: (id, what) => output.need(id, what.kind === 'sni' ? { ...what, name: what.name.toUpperCase() } : what),
    }),
  }),
  mutant('hides which name was asked for', 'names/table', { info: ({ serverName: _, ...info }) => info }),
  mutant('serves whoever asks for no name with the first name', 'names/none', {
    configuration: ({ security, server, ...rest }) => ({
      ...rest,
      security: (typeof server?.names === 'object' && Object.values(server.names)[0]) || security,
      ...(server && { server }),
    }),
  }),
  mutant('cuts names down to their domain', 'names/wildcard', {
    output: (output) => ({
      need: (id, what) =>
        output.need(id, what.kind === 'sni' ? { ...what, name: what.name.split('.').slice(-3).join('.') } : what),
    }),
  }),
  mutant('does not wait for a function', 'names/function', { impatient: true }),
  mutant('takes a failing function for its own credential', 'names/failing-function', {
    answerName: (given, { security }) => given ?? (security as CertificateServerInfo),
  }),
  mutant('forgets what a name asks of its clients', 'names/client-authentication', {
    answerName: (given) => given && unasked(given),
  }),
  mutant('knows no clients with keys', 'mixed/both-kinds', {
    configuration: (same) => (same.security.mode === 'mixed' ? { ...same, security: same.security.certificate } : same),
  }),
  mutant('looks up a key for everybody', 'mixed/both-kinds', {
    output: (output) => ({
      established() {
        output.need(1, { kind: 'psk', identity: Buffer.from('everybody') });
        output.established();
      },
    }),
  }),
  mutant('hides the identity of its clients', 'mixed/both-kinds', { info: ({ pskIdentity: _, ...info }) => info }),
  mutant('asks nobody for a certificate', 'mixed/certificate-required', {
    configuration: (same) =>
      same.security.mode === 'mixed'
        ? { ...same, security: { ...same.security, certificate: unasked(same.security.certificate) } }
        : same,
  }),
  mutant('takes any identity for one that it knows', 'mixed/wrong-key', {
    answer: (given, known) => given ?? known[0],
  }),
];

type Info = ReturnType<Association['info']>;

interface Change {
  readonly configuration?: (configuration: SecureConfiguration) => SecureConfiguration;
  readonly output?: (output: Output) => Partial<Output>;
  readonly info?: (info: Info) => Info;
  /** `known` are the keys that were answered before. */
  readonly answer?: (given: Uint8Array | undefined, known: readonly Uint8Array[]) => Uint8Array | undefined;
  readonly answerName?: (
    given: CertificateServerInfo | undefined,
    configuration: SecureConfiguration,
  ) => CertificateServerInfo | undefined;
  /** Answers its own question about a name with nothing. */
  readonly impatient?: boolean;
}

function mutant(name: string, caughtBy: string, change: Change): CertificateMutant {
  const plugin: Plugin = {
    ...dtlsOpenssl,
    name: 'mutant',
    load: async () => {
      const module = await dtlsOpenssl.load();
      return {
        async context(given: Configuration, host) {
          const configuration = given as SecureConfiguration;
          const sound = await module.context(change.configuration?.(configuration) ?? configuration, host);
          const known: Uint8Array[] = [];
          const make = (asked: AssociationRequest): Association => {
            if (asked.role === 'client') return sound.association!(asked);
            const request = withOutput(asked, (output) => ({
              ...change.output?.(output),
              ...(change.impatient && {
                need: (id, what) => {
                  output.need(id, what);
                  if (what.kind === 'sni') queueMicrotask(() => association.answerName?.(id, undefined, 0));
                },
              }),
            }));
            const association = sound.association!(request);
            return broken(association, change, configuration, known);
          };
          return {
            ...(sound.sessionScope !== undefined && { sessionScope: sound.sessionScope }),
            association: make,
            ...(sound.listen && { listen: (lower, listener) => listen(lower, make, listener) }),
            destroy: () => sound.destroy(),
          };
        },
      };
    },
  };
  return { name, caughtBy, plugin };
}

/** Changes the operations of `sound` in place; the rest stays what it is. */
function broken(
  sound: Association,
  { info, answer, answerName }: Change,
  configuration: SecureConfiguration,
  known: Uint8Array[],
): Association {
  const [infoOf, answerOf, nameOf] = [sound.info.bind(sound), sound.answer?.bind(sound), sound.answerName?.bind(sound)];
  if (info !== undefined) sound.info = () => info(infoOf());
  if (answer !== undefined) {
    sound.answer = (id, key, now) => {
      if (key !== undefined) known.push(key.slice());
      answerOf?.(id, answer(key, known), now);
    };
  }
  if (answerName !== undefined) {
    sound.answerName = (id, given, now) => nameOf?.(id, answerName(given, configuration), now);
  }
  return sound;
}

/** The same, for clients that show nothing. */
function unasked({ clientAuthentication: _, ...rest }: CertificateServerInfo): CertificateServerInfo {
  return rest;
}
