/**
 * dtls-openssl through the public API against the `openssl` command line, over real loopback sockets.
 */

import type { Socket } from '@avs-net/core';
import { psk, pskServer } from '@avs-net/credentials';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Child } from './child.ts';
import { dtlsStage } from './openssl-dtls.ts';
import { needs, type PeerServer, sClient, sServer } from './peers.ts';

const KEY = '0011223344556677';
const security = psk({ identity: 'cli-device', key: Buffer.from(KEY, 'hex') });

/** Suites that the command line speaks by default or when asked. */
const SUITES = [
  'PSK-AES128-CCM8',
  'PSK-AES128-CCM',
  'PSK-AES128-GCM-SHA256',
  'PSK-CHACHA20-POLY1305',
  'ECDHE-PSK-CHACHA20-POLY1305',
  'PSK-AES256-CCM8',
  'PSK-AES256-GCM-SHA384',
  'PSK-AES128-CBC-SHA256',
  'PSK-AES256-CBC-SHA384',
  'PSK-AES128-CBC-SHA',
  'ECDHE-PSK-AES128-CBC-SHA256',
];

const { keep, socket: client, server } = dtlsStage();
beforeEach((test) => needs(test, 'openssl'));

describe('a client of openssl s_server', () => {
  it.each(SUITES)('speaks %s', async (suite) => {
    const { child, port } = await serve('-cipher', `${suite}:@SECLEVEL=0`);
    const socket = await client({ security });
    await socket.connect('127.0.0.1', port);
    expect(socket.info()).toMatchObject({ version: 'DTLSv1.2', extendedMasterSecret: true, resumed: false });
    await echo(socket, child);
  });

  it.each([
    ['a hint', ['-psk_hint', 'which device?'], 'which device?'],
    ['HelloVerifyRequest', ['-listen'], undefined],
    ['HelloVerifyRequest and a hint', ['-listen', '-psk_hint', 'h'], 'h'],
  ])('copes with %s', async (_what, flags, hint) => {
    const { child, port } = await serve('-cipher', 'PSK-AES128-CCM8:@SECLEVEL=0', ...flags);
    const socket = await client({ security });
    await socket.connect('127.0.0.1', port);
    const { pskIdentityHint } = socket.info() as { pskIdentityHint?: Uint8Array };
    expect(pskIdentityHint === undefined ? undefined : Buffer.from(pskIdentityHint).toString()).toBe(hint);
    await echo(socket, child);
  });

  it.each([
    ['PSK-AES128-CBC-SHA', 'with', [], 1_407],
    ['PSK-AES128-CBC-SHA', 'without', ['-no_etm'], 1_419],
    ['PSK-AES128-CBC-SHA256', 'with', [], 1_407],
    ['PSK-AES128-CBC-SHA256', 'without', ['-no_etm'], 1_407],
    ['PSK-AES128-CCM8', 'without', ['-no_etm'], 1_443],
  ])('knows what fits 1472 bytes of %s %s encrypt-then-MAC', async (suite, etm, flags, expected) => {
    const { port } = await serve('-cipher', `${suite}:@SECLEVEL=0`, ...flags);
    const socket = await client({ security, backendConfiguration: { forcedMtu: 1_500 } });
    await socket.connect('127.0.0.1', port);
    expect(socket.getOption('innerMtu')).toBe(expected);
    expect((socket.info() as { encryptThenMac?: boolean }).encryptThenMac).toBe(
      suite.includes('CBC') ? etm === 'with' : undefined,
    );
    const sent = socket.getOption('bytesSent');
    await socket.send(new Uint8Array(expected));
    const datagram = socket.getOption('bytesSent') - sent;
    expect(datagram).toBeLessThanOrEqual(1_472);
    await socket.send(new Uint8Array(expected + 1)).catch(() => undefined);
    const larger = socket.getOption('bytesSent') - sent - datagram;
    expect(larger === 0 || larger > 1_472).toBe(true);
  });

  it('says what is likely when the key is wrong', async () => {
    const { port } = await serve('-cipher', 'PSK-AES128-CCM8:@SECLEVEL=0');
    const wrong = psk({ identity: 'cli-device', key: Buffer.from('ffff', 'hex') });
    const socket = await client({ security: wrong, dtlsHandshakeTimeouts: { min: 20, max: 80 } });
    await expect(socket.connect('127.0.0.1', port)).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      message: expect.stringContaining('no answer after ClientKeyExchange'),
    });
  });

  it('reports the alert of a server that has no common suite', async () => {
    const { port } = await serve('-cipher', 'PSK-AES128-GCM-SHA256');
    const socket = await client({ security, ciphersuites: [0xc0a8], dtlsHandshakeTimeouts: { min: 100, max: 100 } });
    await expect(socket.connect('127.0.0.1', port)).rejects.toMatchObject({
      code: 'EPROTO',
      alert: { level: 'fatal', description: 40, name: 'handshake_failure', origin: 'peer' },
    });
  });
});

describe('a server for openssl s_client', () => {
  const keys = new Map([
    ['dev-1', Buffer.from('01', 'hex')],
    ['dev-2', Buffer.from('02'.repeat(16), 'hex')],
    ['dev-3', Buffer.from('03'.repeat(64), 'hex')],
  ]);

  it('serves several at once, each with its own identity', async () => {
    const listener = await server({ security: pskServer({ identities: keys, identityHint: 'avs-net' }) });
    const clients = [...keys].map(([identity, key]) => start(listener.localPort(), identity, key.toString('hex')));
    const seen = new Map<string, string>();
    for (let count = 0; count < keys.size; count++) {
      const peer = keep(await listener.accept());
      const { pskIdentity } = peer.info() as { pskIdentity?: Uint8Array };
      const identity = Buffer.from(pskIdentity!).toString();
      const cli = clients[[...keys.keys()].indexOf(identity)]!;
      cli.write(`hello from ${identity}\n`);
      seen.set(identity, Buffer.from((await peer.receive())!).toString());
      await peer.send(Buffer.from(`welcome ${identity}\n`));
      await cli.line(new RegExp(`welcome ${identity}`));
    }
    expect([...seen].sort()).toEqual([...keys.keys()].map((identity) => [identity, `hello from ${identity}\n`]));
  });

  it.each(SUITES)('speaks %s', async (suite) => {
    const listener = await server({ security: pskServer({ identities: keys }) });
    const cli = start(listener.localPort(), 'dev-2', '02'.repeat(16), '-cipher', `${suite}:@SECLEVEL=0`);
    const peer = keep(await listener.accept());
    cli.write('ping\n');
    expect(Buffer.from((await peer.receive())!).toString()).toBe('ping\n');
    await peer.shutdown();
    await cli.line(/closed|DONE/);
  });

  it('is told by close_notify that the client ended', async () => {
    const listener = await server({ security: pskServer({ identities: keys }) });
    const cli = start(listener.localPort(), 'dev-1', '01');
    const peer = keep(await listener.accept());
    cli.write('Q\n');
    expect(await peer.receive()).toBeNull();
  });

  it('answers an unknown identity by alert where that is configured', async () => {
    const listener = await server({ security: pskServer({ identities: keys, unknownIdentity: 'alert' }) });
    const nobody = expect(listener.accept()).rejects.toMatchObject({ code: 'ECONNABORTED' });
    const cli = start(listener.localPort(), 'nobody', '01');
    await cli.line(/alert number 115/);
    await listener.close();
    await nobody;
  });
});

async function serve(...flags: string[]): Promise<PeerServer> {
  const started = await sServer('-dtls1_2', '-nocert', '-psk', KEY, ...flags);
  keep(started.child);
  return started;
}

function start(port: number, identity: string, key: string, ...flags: string[]): Child {
  return keep(sClient(port, '-dtls1_2', '-psk_identity', identity, '-psk', key, ...flags));
}

/** There and back; the server prints what it gets and sends what is typed. */
async function echo(socket: Socket, peer: Child): Promise<void> {
  await socket.send(Buffer.from('to the server\n'));
  await peer.line(/to the server/);
  peer.write('to the client\n');
  expect(Buffer.from((await socket.receive({ timeout: 5_000 }))!).toString()).toBe('to the client\n');
}
