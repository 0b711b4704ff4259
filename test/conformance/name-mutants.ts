/**
 * Broken copies of dtls-openssl, because the reference backend has neither names nor certificates: one thing changed at
 * the border of the contract, and the case that is there to catch it.
 */

import type { Association, CertificateServerInfo, Output, SecureConfiguration } from '@avs-net/core/plugin';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { brokenCopy, type Mutant, overridden, withOutput } from './broken-copy.ts';

export const NAME_MUTANTS: readonly Mutant[] = [
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

function mutant(name: string, caughtBy: string, change: Change): Mutant {
  const plugin = brokenCopy(dtlsOpenssl, {
    configuration: change.configuration,
    association(make, configuration) {
      const known: Uint8Array[] = [];
      return (asked) => {
        if (asked.role === 'client') return make(asked);
        const request = withOutput(asked, (output) => ({
          ...change.output?.(output),
          ...(change.impatient && {
            need: (id, what) => {
              output.need(id, what);
              if (what.kind === 'sni') queueMicrotask(() => sound.answerName?.(id, undefined, 0));
            },
          }),
        }));
        const sound = make(request);
        return broken(sound, change, configuration, known);
      };
    },
  });
  return { name, caughtBy, plugin };
}

function broken(
  sound: Association,
  { info, answer, answerName }: Change,
  configuration: SecureConfiguration,
  known: Uint8Array[],
): Association {
  return overridden(sound, {
    ...(info && { info: () => info(sound.info()) }),
    ...(answer && {
      answer(id, key, now) {
        if (key !== undefined) known.push(key.slice());
        sound.answer?.(id, answer(key, known), now);
      },
    }),
    ...(answerName && {
      answerName: (id, given, now) => sound.answerName?.(id, answerName(given, configuration), now),
    }),
  });
}

/** The same, for clients that show nothing. */
function unasked({ clientAuthentication: _, ...rest }: CertificateServerInfo): CertificateServerInfo {
  return rest;
}
