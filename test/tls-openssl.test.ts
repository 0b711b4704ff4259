/**
 * A client of tls-node through the public API against `openssl s_server`: keys, versions, pre-shared keys, names,
 * protocols, alerts, ends. What it refuses is in tls-refusals, resumption in tls-resumption, suites in tls-suites.
 */

import type { Configurations } from '@avs-net/core';
import { psk } from '@avs-net/credentials';
import { describe, expect, it } from 'vitest';
import { clientIdentity, derOf, echo, identityFlags, localhost, text, tlsStage } from './openssl-tls.ts';

const stage = tlsStage();

const KEYS = ['rsa', 'p256', 'p384', 'ed25519'] as const;
const PSK_KEY = '000102030405060708090a0b0c0d0e0f';
const pskSecurity = () => psk({ identity: 'device', key: Buffer.from(PSK_KEY, 'hex') });
const PSK_FLAGS = ['-tls1_2', '-psk_identity', 'device', '-psk', PSK_KEY];

describe('a client of openssl s_server', () => {
  it.each(KEYS)('shakes hands where both show a certificate of %s', async (key) => {
    const { root, middle } = stage;
    const identity = middle.issue('localhost', { ...localhost, key });
    const required = ['-Verify', '5', '-verify_return_error', '-CAfile', root.certificateFile];
    const { peer, port } = await stage.sServer(...identityFlags(identity), ...required);
    const security = stage.clientSecurity(clientIdentity(middle.issue('device', { key })));
    const socket = await stage.socket({ security });
    await socket.connect('localhost', port);
    await echo(socket, peer);
    const { peerCertificates } = socket.info();
    expect(peerCertificates).toHaveLength(3);
    expect(Buffer.from(peerCertificates![0]!)).toEqual(derOf(identity.certificate));
  });

  it.each([
    ['TLSv1.2', ['-tls1_2']],
    ['TLSv1.3', ['-tls1_3']],
    ['TLSv1.3', []],
  ] as const)('speaks %s with %j', async (version, flags) => {
    const { peer, port } = await stage.sServer(...identityFlags(stage.root.issue('localhost', localhost)), ...flags);
    const socket = await stage.socket({ security: stage.clientSecurity() });
    await socket.connect('localhost', port);
    expect(socket.info()).toMatchObject({ version });
    await echo(socket, peer);
  });

  it.each<[Configurations['tls']['version'], string]>([
    [{ max: 'TLSv1.2' }, '-tls1_3'],
    [{ min: 'TLSv1.3' }, '-tls1_2'],
  ])('of version %j and %s have nothing in common', async (version, flag) => {
    const { port } = await stage.sServer(...identityFlags(stage.root.issue('localhost', localhost)), flag);
    const socket = await stage.socket({ security: stage.clientSecurity(), ...(version && { version }) });
    await expect(socket.connect('localhost', port)).rejects.toMatchObject({
      code: 'EPROTO',
      alert: { level: 'fatal', description: 70, name: 'protocol_version', origin: 'peer' },
    });
  });

  it('offers ciphersuites in the order of the caller', async () => {
    const flags = [...identityFlags(stage.root.issue('localhost', localhost)), '-tls1_2'];
    const { port } = await stage.sServer(...flags);
    for (const ciphersuites of [
      [0xc02c, 0xcca9, 0xc02b],
      [0xcca9, 0xc02b, 0xc02c],
    ]) {
      const socket = await stage.socket({ security: stage.clientSecurity(), ciphersuites });
      await socket.connect('localhost', port);
      expect(socket.info()).toMatchObject({ ciphersuite: { id: ciphersuites[0] } });
      await socket.close();
    }
  });

  it('knows what a pre-shared key is for', async () => {
    const { peer, port } = await stage.sServer('-nocert', ...PSK_FLAGS, '-psk_hint', 'which?');
    const socket = await stage.socket({ security: pskSecurity() });
    await socket.connect('127.0.0.1', port);
    const { pskIdentityHint } = socket.info() as { pskIdentityHint?: Uint8Array };
    expect(text(pskIdentityHint!)).toBe('which?');
    await echo(socket, peer);
  });

  it('never takes a certificate for a pre-shared key', async () => {
    const trusted = stage.root.issue('localhost', localhost);
    for (const flags of [[], ['-tls1_2']]) {
      const { port } = await stage.sServer(...identityFlags(trusted), ...flags);
      const socket = await stage.socket({ security: pskSecurity() });
      await expect(socket.connect('localhost', port)).rejects.toMatchObject({
        code: 'EPROTO',
        alert: { origin: 'peer' },
      });
    }
  });

  it('reports a wrong key by the alert of the server', async () => {
    const { port } = await stage.sServer('-nocert', ...PSK_FLAGS);
    const socket = await stage.socket({ security: psk({ identity: 'device', key: Buffer.from('ff', 'hex') }) });
    await expect(socket.connect('127.0.0.1', port)).rejects.toMatchObject({
      alert: { level: 'fatal', origin: 'peer', name: expect.stringMatching(/bad_record_mac|decrypt_error/) },
      message: expect.stringMatching(/is key and identity/),
    });
  });

  it('names the server, but never by its address', async () => {
    const identity = stage.root.issue('localhost', localhost);
    const second = ['-servername', 'localhost', '-cert2', identity.certificateFile, '-key2', identity.keyFile];
    const { peer, port } = await stage.sServer(...identityFlags(identity), ...second, '-tlsextdebug');
    const socket = await stage.socket({ security: stage.clientSecurity() });
    await socket.connect('127.0.0.1', port);
    await socket.send(Buffer.from('no name\n'));
    await peer.line(/no name/);
    expect(peer.output()).not.toMatch(/server name/i);
    await socket.close();
    await socket.connect('localhost', port);
    await peer.line(/Hostname in TLS extension: "localhost"/);
  });

  it.each([
    [['coap', 'h2'], 'h2'],
    [['other'], undefined],
  ])('agrees on a protocol: %j', async (alpn, expected) => {
    const identity = stage.root.issue('localhost', localhost);
    const { port } = await stage.sServer(...identityFlags(identity), '-alpn', 'h2,http/1.1');
    const socket = await stage.socket({ security: stage.clientSecurity(), alpn });
    const connecting = socket.connect('localhost', port);
    if (expected === undefined) {
      await expect(connecting).rejects.toMatchObject({ alert: { name: 'no_application_protocol', origin: 'peer' } });
    } else {
      await connecting;
      expect(socket.info()).toMatchObject({ alpn: expected });
    }
  });

  it('hears that a certificate is wanted', async () => {
    const identity = stage.root.issue('localhost', localhost);
    const required = ['-Verify', '5', '-verify_return_error', '-CAfile', stage.root.certificateFile];
    const { port } = await stage.sServer(...identityFlags(identity), ...required);
    for (const [version, name] of [
      ['TLSv1.2', 'handshake_failure'],
      ['TLSv1.3', 'certificate_required'],
    ] as const) {
      const socket = await stage.socket({ security: stage.clientSecurity(), version: { min: version, max: version } });
      // With TLS 1.3 a client is done before the server has looked.
      const refused = socket.connect('localhost', port).then(() => socket.receive());
      await expect(refused).rejects.toMatchObject({ code: 'EPROTO', alert: { name, origin: 'peer' } });
    }
  });

  it('ends in order, and knows when it was cut off', async () => {
    const identity = stage.root.issue('localhost', localhost);
    const { peer, port } = await stage.sServer(...identityFlags(identity));
    const socket = await stage.socket({ security: stage.clientSecurity() });
    await socket.connect('localhost', port);
    await echo(socket, peer);
    await socket.close();
    await peer.line(/DONE|CONNECTION CLOSED/);
    await socket.connect('localhost', port);
    await echo(socket, peer);
    // This program goes without a word, as somebody would who cuts the line.
    peer.write('Q\n');
    await expect(socket.receive()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it.each(['-tls1_2', '-tls1_3'])('exports the same keying material with %s', async (flag) => {
    const exporting = ['-keymatexport', 'EXPERIMENTAL avs-net', '-keymatexportlen', '32'];
    const identity = stage.root.issue('localhost', localhost);
    const { peer, port } = await stage.sServer(...identityFlags(identity), flag, ...exporting);
    const socket = await stage.socket({ security: stage.clientSecurity() });
    await socket.connect('localhost', port);
    const [, theirs] = await peer.line(/Keying material: ([0-9A-F]+)/);
    expect(Buffer.from(socket.exportKeyingMaterial('EXPERIMENTAL avs-net', 32)).toString('hex')).toBe(
      theirs!.toLowerCase(),
    );
  });

  it('takes close_notify for the end', async () => {
    const { port } = await stage.sServer(...identityFlags(stage.root.issue('localhost', localhost)), '-www');
    const socket = await stage.socket({ security: stage.clientSecurity() });
    await socket.connect('localhost', port);
    await socket.send(Buffer.from('GET / HTTP/1.0\r\n\r\n'));
    let page = '';
    for await (const piece of socket) page += Buffer.from(piece).toString();
    expect(page).toMatch(/<\/html>/i);
  });
});
