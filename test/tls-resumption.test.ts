/**
 * Resumption by tls-node: sessions and tickets of `openssl s_server`, tickets of our own server, and when a session
 * must not be used.
 */

import type { Configurations, SessionStore, Socket } from '@avs-net/core';
import { certificates, psk, withoutServerCertValidation } from '@avs-net/credentials';
import { describe, expect, it } from 'vitest';
import { clientIdentity, identityFlags, localhost, text, tlsStage } from './openssl-tls.ts';

const stage = tlsStage();

interface WatchedStore extends SessionStore {
  readonly kept: Map<string, Uint8Array>;
  /** Resolves when there are so many sessions. */
  holds(count: number): Promise<void>;
}

function watchedStore(): WatchedStore {
  const kept = new Map<string, Uint8Array>();
  const wakers = new Set<() => void>();
  return {
    kept,
    get: (key) => kept.get(key),
    delete: (key) => kept.delete(key),
    set(key, session) {
      kept.set(key, session);
      for (const wake of wakers) wake();
    },
    async holds(count) {
      while (kept.size < count) await new Promise<void>((resolve) => wakers.add(resolve));
    },
  };
}

async function connected(configuration: Configurations['tls'], port: number, host = 'localhost'): Promise<Socket> {
  const socket = await stage.socket(configuration);
  await socket.connect(host, port);
  return socket;
}

const serverFlags = (...more: string[]): string[] => [
  ...identityFlags(stage.root.issue('localhost', localhost)),
  ...more,
];

describe('a client of openssl s_server', () => {
  it.each([
    ['a session id of TLS 1.2', ['-tls1_2', '-no_ticket']],
    ['a ticket of TLS 1.2', ['-tls1_2']],
    ['a ticket of TLS 1.3', ['-tls1_3']],
    ['a stateful ticket of TLS 1.3', ['-tls1_3', '-no_ticket']],
  ])('resumes by %s, over sockets', async (_what, flags) => {
    const { port, peer } = await stage.sServer(...serverFlags(...flags));
    const session = watchedStore();
    const configuration = { security: stage.clientSecurity(), session };
    const first = await connected(configuration, port);
    expect(first.getOption('sessionResumed')).toBe(false);
    await session.holds(1);
    await first.close();
    const second = await connected(configuration, port);
    expect(second.getOption('sessionResumed')).toBe(true);
    expect(second.info()).toMatchObject({ resumed: true });
    await second.send(Buffer.from('still here\n'));
    await peer.line(/still here/);
    peer.write('me too\n');
    expect(text(await second.receive())).toBe('me too\n');
    await second.close();
    expect(second.getOption('sessionResumed')).toBe(false);
    await second.connect('localhost', port);
    expect(second.getOption('sessionResumed')).toBe(true);
  });

  it('resumes with a pre-shared key', async () => {
    const key = '000102030405060708090a0b0c0d0e0f';
    const { port } = await stage.sServer('-nocert', '-tls1_2', '-psk', key);
    const session = watchedStore();
    const security = psk({ identity: 'device', key: Buffer.from(key, 'hex') });
    await (await connected({ security, session }, port)).close();
    await session.holds(1);
    const second = await connected({ security, session }, port);
    expect(second.info()).toMatchObject({ resumed: true });
    await second.close();
    const other = psk({ identity: 'device', key: Buffer.from('ff', 'hex') });
    await expect(connected({ security: other, session }, port)).rejects.toMatchObject({ code: 'EPROTO' });
  });

  it('keeps nothing without a store', async () => {
    const { port } = await stage.sServer(...serverFlags());
    const socket = await connected({ security: stage.clientSecurity() }, port);
    await socket.close();
    await socket.connect('localhost', port);
    expect(socket.getOption('sessionResumed')).toBe(false);
  });
});

describe('a session is not used', () => {
  it.each<[string, () => Configurations['tls']['security'], string]>([
    ['for another server name', () => stage.clientSecurity(), '127.0.0.1'],
    [
      'with another own certificate',
      () => stage.clientSecurity(clientIdentity(stage.root.issue('device'))),
      'localhost',
    ],
    ['with other authorities', () => stage.clientSecurity({ ignoreSystemTrustStore: false }), 'localhost'],
    ['where nobody was checked before', () => withoutServerCertValidation(certificates({})), 'localhost'],
  ])('%s', async (_what, security, host) => {
    const { port } = await stage.sServer(...serverFlags());
    const session = watchedStore();
    const first = await connected({ security: stage.clientSecurity(), session }, port);
    await session.holds(1);
    await first.close();
    const other = await connected({ security: security(), session }, port, host);
    expect(other.getOption('sessionResumed')).toBe(false);
    await session.holds(2);
  });

  it('that was made without validation, where there is validation', async () => {
    const stranger = stage.pki.selfSigned('localhost', localhost);
    const { port } = await stage.sServer(...identityFlags(stranger));
    const session = watchedStore();
    // A store with a single place, such as a file.
    const single: SessionStore = {
      get: () => [...session.kept.values()][0],
      set: (_key, value) => session.set('', value),
      delete: () => session.kept.clear(),
    };
    const careless = await connected(
      { security: withoutServerCertValidation(certificates({})), session: single },
      port,
    );
    await session.holds(1);
    await careless.close();
    const careful = connected({ security: stage.clientSecurity(), session: single }, port);
    await expect(careful).rejects.toMatchObject({ library: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } });
  });

  it('if it is damaged, cut, foreign or no session: the handshake is a full one', async () => {
    const { port } = await stage.sServer(...serverFlags());
    const session = watchedStore();
    const configuration = { security: stage.clientSecurity(), session };
    const first = await connected(configuration, port);
    await session.holds(1);
    await first.close();
    const [[key, good]] = [...session.kept] as [[string, Uint8Array]];
    const damages = [
      good.map((byte, index) => (index === 60 ? byte ^ 1 : byte)),
      good.subarray(0, -1),
      new Uint8Array(1024),
      Uint8Array.of(1),
      new Uint8Array(),
    ];
    for (const damaged of damages) {
      session.kept.set(key, damaged);
      const socket = await connected(configuration, port);
      expect(socket.getOption('sessionResumed')).toBe(false);
      await socket.close();
    }
    session.kept.set(key, good);
    expect((await connected(configuration, port)).getOption('sessionResumed')).toBe(true);
  });

  it('when the server has forgotten it', async () => {
    const flags = serverFlags();
    const before = await stage.sServer(...flags);
    const session = watchedStore();
    const configuration = { security: stage.clientSecurity(), session };
    await connected(configuration, before.port);
    await session.holds(1);
    const after = await stage.sServer(...flags);
    expect((await connected(configuration, after.port)).getOption('sessionResumed')).toBe(false);
  });
});

describe('a server of our own', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('resumes by tickets of %s, whoever is served meanwhile', async (version) => {
    const security = stage.serverSecurity(stage.root.issue('localhost', localhost));
    const listener = await stage.server({ security, version: { min: version, max: version } });
    const session = watchedStore();
    const configuration = { security: stage.clientSecurity(), session };
    const first = listener.accept();
    await connected(configuration, listener.localPort());
    expect((await first).info()).toMatchObject({ resumed: false });
    await session.holds(1);
    const many = Array.from({ length: 4 }, () => connected(configuration, listener.localPort()));
    for (const socket of await Promise.all(many)) {
      expect(socket.getOption('sessionResumed')).toBe(true);
      expect((await listener.accept()).info()).toMatchObject({ resumed: true });
    }
  });

  it('does not claim to keep sessions', async () => {
    const security = stage.serverSecurity(stage.root.issue('localhost', localhost));
    await expect(stage.server({ security, session: new Map() })).rejects.toMatchObject({ code: 'ENOTSUP' });
  });
});
