import { describe, expect, it } from 'vitest';
import type { SocketHost } from '../contract/backend.ts';
import type { Claims } from '../contract/claims.ts';
import type { SecureConfiguration } from '../contract/configuration.ts';
import type { CertificateServerInfo, ServerNames } from '../contract/security.ts';
import { answerNeeds } from './look-ups.ts';

const claims: Claims = {
  server: {
    security: ['certificate'],
    versions: [],
    ciphersuites: [],
    sources: ['file'],
    sni: true,
    asyncLookup: true,
  },
};
const certificate: CertificateServerInfo = {
  mode: 'certificate',
  serverCert: { type: 'certificateChain', source: 'file', filename: 'chain.pem' },
  serverKey: { type: 'privateKey', source: 'file', filename: 'key.pem' },
};
const signal = new AbortController().signal;

function asked(names: ServerNames, able = claims) {
  const drops: string[] = [];
  const host = { backend: 'x', dropped: (reason: string) => drops.push(reason) } as unknown as SocketHost;
  const configuration: SecureConfiguration = { security: certificate, server: { names } };
  const answer = answerNeeds({ configuration, claims: able, host })!;
  return { drops, answer: (name: string, gone = signal) => answer({ kind: 'sni', name }, gone) };
}

describe('a credential for a name', () => {
  it('comes out of the table, or there is none', () => {
    const { answer, drops } = asked({ 'A.example': certificate });
    expect([answer('a.example'), answer('b.example')]).toEqual([certificate, undefined]);
    expect(drops).toEqual([]);
  });

  it('is what a function gives, at once or later, the very same object', async () => {
    expect(asked(() => certificate).answer('a')).toBe(certificate);
    expect(await asked(async () => certificate).answer('a')).toBe(certificate);
    expect(await asked(async () => undefined).answer('a')).toBeUndefined();
  });

  it('is asked for with the name and the signal', () => {
    const given: unknown[] = [];
    asked((...of) => void given.push(...of)).answer('a.example');
    expect(given).toEqual(['a.example', signal]);
  });

  it.each<[string, ServerNames]>([
    [
      'throws',
      () => {
        throw new Error('no database');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no database'))],
    ['gives something else', (() => 'a.pem') as unknown as ServerNames],
    ['gives the credential of a key', (() => ({ mode: 'psk', lookup() {} })) as unknown as ServerNames],
    ['gives half of one', (async () => ({ ...certificate, serverKey: undefined })) as unknown as ServerNames],
  ])('does not exist, and is counted, where the function %s', async (_what, names) => {
    const { answer, drops } = asked(names);
    expect(await answer('a')).toBeUndefined();
    expect(drops).toEqual(['lookupFailed']);
  });

  it('is no failure where the function stops because the peer has gone', async () => {
    const { answer, drops } = asked(() => Promise.reject(new Error('aborted')));
    expect(await answer('a', AbortSignal.abort())).toBeUndefined();
    expect(drops).toEqual([]);
  });

  it('is not waited for by a backend that cannot', () => {
    const { answer, drops } = asked(async () => certificate, { server: { ...claims.server!, asyncLookup: false } });
    expect(answer('a')).toBeUndefined();
    expect(drops).toEqual(['asyncLookupUnclaimed']);
  });
});
