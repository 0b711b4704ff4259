/**
 * Every ciphersuite that tls-node claims on the running node, in both roles, against the openssl command line; and
 * those that it does not claim are refused by name.
 */

import { CIPHERSUITES, type Ciphersuite, createNet } from '@avs-net/core';
import { certificateChainFromBuffer, psk, pskServer } from '@avs-net/credentials';
import { tlsNode } from '@avs-net/tls-node';
import { describe, expect, it } from 'vitest';
import { echo, identityFlags, localhost, tlsStage } from './openssl-tls.ts';
import type { Identity } from './pki.ts';

const stage = tlsStage();
const [probed] = (await createNet({ plugins: [tlsNode] }).backends()).filter(({ name }) => name === 'tls-node');
const claimed = new Set(probed?.claims.client?.ciphersuites);
const named = (suites: readonly Ciphersuite[]) => suites.map((suite) => [suite.name, suite] as const);
const ours = named(CIPHERSUITES.filter(({ id }) => claimed.has(id)));
const others = named(CIPHERSUITES.filter(({ id }) => !claimed.has(id)));

const KEY = '000102030405060708090a0b0c0d0e0f';

/** What `openssl` has to be told to speak one suite only. */
function suiteFlags({ mode, opensslName }: Ciphersuite): string[] {
  if (mode === 'any') return ['-tls1_3', '-ciphersuites', opensslName];
  return ['-tls1_2', '-cipher', `${opensslName}:@SECLEVEL=0`];
}

function identityFor({ opensslName }: Ciphersuite): Identity {
  return stage.root.issue('localhost', { ...localhost, key: opensslName.includes('RSA') ? 'rsa' : 'p256' });
}

describe('ciphersuites', () => {
  it('are claimed, most of them everywhere', () => {
    expect(ours.length).toBeGreaterThanOrEqual(31);
    // 64 bits of authentication are below the security level of every OpenSSL that counts them.
    expect(others.every(([name]) => name.endsWith('_CCM_8'))).toBe(true);
  });

  it.each(ours)('a client speaks %s', async (name, suite) => {
    const isPsk = suite.mode === 'psk';
    const credential = isPsk ? ['-nocert', '-psk', KEY] : identityFlags(identityFor(suite));
    const { peer, port } = await stage.sServer(...credential, ...suiteFlags(suite));
    const security = isPsk ? psk({ identity: 'device', key: Buffer.from(KEY, 'hex') }) : stage.clientSecurity();
    const socket = await stage.socket({ security, ciphersuites: [suite.id] });
    await socket.connect('localhost', port);
    expect(socket.info()).toMatchObject({ ciphersuite: { id: suite.id, name } });
    await echo(socket, peer);
  });

  it.each(ours)('a server speaks %s', async (name, suite) => {
    const isPsk = suite.mode === 'psk';
    const security = isPsk
      ? pskServer({ identities: { device: Buffer.from(KEY, 'hex') } })
      : stage.serverSecurity(identityFor(suite));
    const listener = await stage.server({ security, ciphersuites: [suite.name] });
    const accepting = listener.accept();
    const credential = isPsk ? ['-psk_identity', 'device', '-psk', KEY] : [];
    const client = stage.sClient(listener.localPort(), ...credential, ...suiteFlags(suite));
    const peer = await accepting;
    expect(peer.info()).toMatchObject({ ciphersuite: { id: suite.id, name } });
    await echo(peer, client);
  });

  it('of which nothing is common end in handshake_failure', async () => {
    const security = stage.serverSecurity(stage.root.issue('localhost', { ...localhost, key: 'p256' }));
    const listener = await stage.server({ security, ciphersuites: [0xc02b] });
    listener.on('connection', () => {});
    const socket = await stage.socket({ security: stage.clientSecurity(), ciphersuites: [0xc02c] });
    await expect(socket.connect('localhost', listener.localPort())).rejects.toMatchObject({
      alert: { description: 40, origin: 'peer' },
      message: expect.stringMatching(/ciphersuite/),
    });
  });

  it('that are not claimed are refused by name', async () => {
    for (const [name, suite] of others) {
      const isPsk = suite.mode === 'psk';
      const security = isPsk ? psk({ identity: 'device', key: Buffer.from(KEY, 'hex') }) : stage.clientSecurity();
      const creating = stage.socket({ security, ciphersuites: [suite.id] });
      await expect(creating).rejects.toMatchObject({ code: 'ENOTSUP', message: expect.stringContaining(name) });
    }
  });

  it('of the other kind do not count', async () => {
    const trustedCerts = certificateChainFromBuffer(stage.root.certificate);
    const creating = stage.socket({ security: stage.clientSecurity({ trustedCerts }), ciphersuites: [0x00a8] });
    await expect(creating).rejects.toMatchObject({ code: 'EINVAL', message: expect.stringMatching(/ciphersuites/) });
  });
});
