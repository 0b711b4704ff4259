/**
 * A server of tls-node through the public API for `openssl s_client`: keys, versions, pre-shared keys, and which
 * clients it lets in.
 */

import type { Socket } from '@avs-net/core';
import { certificateChainFromBuffer, certRevocationListFromBuffer, psk, pskServer } from '@avs-net/credentials';
import { describe, expect, it } from 'vitest';
import { derOf, echo, identityFlags, localhost, tlsStage } from './openssl-tls.ts';

const stage = tlsStage();

const KEYS = ['rsa', 'p256', 'p384', 'ed25519'] as const;
const PSK_KEY = '000102030405060708090a0b0c0d0e0f';
const PSK_FLAGS = ['-tls1_2', '-psk_identity', 'device', '-psk', PSK_KEY];

describe('a server for openssl s_client', () => {
  it.each(KEYS)('shows a certificate of %s and wants one', async (key) => {
    const { root, middle } = stage;
    const security = stage.serverSecurity(middle.issue('localhost', { ...localhost, key }), {
      clientAuthentication: 'required',
      trustedCerts: certificateChainFromBuffer(root.certificate),
    });
    const listener = await stage.server({ security });
    const accepting = listener.accept();
    const device = middle.issue('device', { key });
    const trust = ['-CAfile', root.certificateFile, '-verify_return_error', '-verify_hostname', 'localhost'];
    const client = stage.sClient(listener.localPort(), ...identityFlags(device), ...trust);
    const peer = await accepting;
    await echo(peer, client);
    const { peerCertificates } = peer.info();
    expect(Buffer.from(peerCertificates![0]!)).toEqual(derOf(device.certificate));
    await peer.close();
    await client.line(/closed|DONE/);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('speaks %s, extended master secret and all', async (version) => {
    const security = stage.serverSecurity(stage.root.issue('localhost', localhost));
    const listener = await stage.server({ security, version: { min: version, max: version } });
    const accepting = listener.accept();
    const client = stage.sClient(listener.localPort(), '-servername', 'localhost');
    const peer = await accepting;
    expect(peer.info()).toMatchObject({ version, serverName: 'localhost' });
    if (version === 'TLSv1.2') await client.line(/Extended master secret: yes/);
    await echo(peer, client);
    client.write('Q\n');
    expect(await peer.receive()).toBeNull();
  });

  it('does not negotiate again', async () => {
    const security = stage.serverSecurity(stage.root.issue('localhost', localhost));
    const listener = await stage.server({ security });
    const accepting = listener.accept();
    const client = stage.sClient(listener.localPort(), '-tls1_2');
    const peer = await accepting;
    await echo(peer, client);
    client.write('R\n');
    await client.line(/no renegotiation/);
    await expect(peer.receive()).rejects.toMatchObject({ alert: { name: 'handshake_failure', origin: 'peer' } });
  });

  it('serves pre-shared keys', async () => {
    const security = pskServer({ identities: { device: Buffer.from(PSK_KEY, 'hex') }, identityHint: 'which?' });
    const listener = await stage.server({ security });
    const accepting = listener.accept();
    const client = stage.sClient(listener.localPort(), ...PSK_FLAGS);
    const peer = await accepting;
    await client.line(/PSK identity hint: which\?/);
    await echo(peer, client);
  });

  it.each(['bind', 'decorate'])('looks keys up while it serves others, behind %s', async (how) => {
    const key = Buffer.from(PSK_KEY, 'hex');
    const answers: ((found: Uint8Array) => void)[] = [];
    let ask = (): void => {};
    const asked = new Promise<void>((resolve) => {
      ask = resolve;
    });
    const lookup = (identity: Uint8Array): Uint8Array | Promise<Uint8Array> => {
      if (Buffer.from(identity).toString() !== 'slow') return key;
      ask();
      return new Promise((resolve) => answers.push(resolve));
    };
    const security = pskServer({ lookup });
    const listener = how === 'bind' ? await stage.server({ security }) : await stage.net.createSocket('tcp');
    if (how === 'decorate') await listener.bind('127.0.0.1', 0);
    const accept = async (): Promise<Socket> => {
      const peer = await listener.accept();
      return how === 'bind' ? peer : stage.net.decorate('tls', peer, { security });
    };
    const first = accept();
    const slow = await stage.socket({ security: psk({ identity: 'slow', key }) });
    const connecting = slow.connect('127.0.0.1', listener.localPort());
    await asked;
    const second = how === 'bind' ? first : accept();
    const quick = await stage.socket({ security: psk({ identity: 'quick', key }) });
    await quick.connect('127.0.0.1', listener.localPort());
    expect((await second).remotePort()).toBe(quick.localPort());
    answers[0]!(key);
    await connecting;
    expect((await (how === 'bind' ? accept() : first)).remotePort()).toBe(slow.localPort());
  });

  it.each([
    ['no certificate', () => [], 'certificate_required'],
    ['a certificate of a stranger', () => identityFlags(stage.pki.selfSigned('device')), 'unknown_ca'],
    ['an expired one', () => identityFlags(stage.root.issue('device', { validity: 'expired' })), 'certificate_expired'],
    [
      'one for servers',
      () => identityFlags(stage.root.issue('d', { purposes: ['serverAuth'] })),
      'unsupported_certificate',
    ],
    ['a revoked one', () => identityFlags(revoked()), 'certificate_revoked'],
  ])('refuses %s', async (_what, flags, name) => {
    const given = flags();
    const security = stage.serverSecurity(stage.root.issue('localhost', localhost), {
      clientAuthentication: 'required',
      trustedCerts: certificateChainFromBuffer(stage.root.certificate),
      certRevocationLists: certRevocationListFromBuffer(stage.root.revocationList(revokedOnes).pem),
    });
    const tcp = await stage.net.createSocket('tcp');
    await tcp.bind('127.0.0.1', 0);
    const accepting = tcp.accept();
    const client = stage.sClient(tcp.localPort(), ...given);
    const plain = await accepting;
    const decorating = stage.net.decorate('tls', plain, { security });
    await expect(decorating).rejects.toMatchObject({
      code: 'EPROTO',
      alert: { level: 'fatal', name, origin: 'local' },
    });
    // It is the caller's again.
    await plain.dispose();
    await client.ended;
  });

  it.each([
    ['nothing', () => [], true],
    ['what is good', () => identityFlags(stage.root.issue('device')), true],
    ['what is not', () => identityFlags(stage.pki.selfSigned('device')), false],
  ])('that only asks takes %s for an answer: %s', async (_what, flags, isTaken) => {
    const given = flags();
    const security = stage.serverSecurity(stage.root.issue('localhost', localhost), {
      clientAuthentication: 'optional',
      trustedCerts: certificateChainFromBuffer(stage.root.certificate),
    });
    const listener = await stage.server({ security });
    const accepting = listener.accept();
    const client = stage.sClient(listener.localPort(), ...given);
    if (isTaken) await echo(await accepting, client);
    else {
      const refused = expect(accepting).rejects.toMatchObject({ code: 'ECONNABORTED' });
      await client.ended;
      expect(listener.stats().dropped).toMatchObject({ handshakeFailed: 1 });
      await listener.close();
      await refused;
    }
  });
});

const revokedOnes: ReturnType<typeof stage.root.issue>[] = [];
const revoked = () => {
  const identity = stage.root.issue('device');
  revokedOnes.push(identity);
  return identity;
};
