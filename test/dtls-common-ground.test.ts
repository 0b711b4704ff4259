/**
 * What dtls-openssl and the openssl command line have in common, all of it, in both roles: each ciphersuite, each pair
 * of version ranges, and sessions that were made with certificates.
 */

import { execFileSync } from 'node:child_process';
import {
  CIPHERSUITES,
  type Ciphersuite,
  type Configurations,
  createNet,
  type Net,
  type Socket,
  type VersionRange,
} from '@avs-net/core';
import {
  certificateChainFromBuffer,
  certificateServer,
  certificates,
  privateKeyFromBuffer,
  psk,
  pskServer,
} from '@avs-net/credentials';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { udp } from '@avs-net/udp';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Child } from './child.ts';
import { needs, startPeer } from './peers.ts';
import { type Authority, createPki, type Identity, type Pki } from './pki.ts';

const KEY = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const SUITES = commonSuites().map((suite) => [suite.name, suite] as const);

let pki: Pki;
let root: Authority;
let ecdsa: Identity;
let rsa: Identity;
let net: Net;
const open: AsyncDisposable[] = [];

beforeEach((test) => {
  needs(test, 'openssl');
  net = createNet({ plugins: [udp, dtlsOpenssl] });
  if (pki !== undefined) return;
  pki = createPki();
  root = pki.authority('root');
  [ecdsa, rsa] = [root.issue('server.example'), root.issue('server.example', { key: 'rsa' })];
});
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
  await net.close();
});
afterAll(() => pki?.[Symbol.dispose]());

describe('the ciphersuites in common', () => {
  it('are most of those that are claimed', () => {
    expect(SUITES.length).toBeGreaterThan(25);
  });

  it.each(SUITES)('%s: a client', async (name, suite) => {
    const identity = identityFor(suite);
    const { child, port } = await sServer(suite.mode === 'psk' ? pskFlags() : shows(identity), '-dtls1_2', suite);
    const socket = await client(suite.mode, { ciphersuites: [suite.id] });
    await socket.connect('127.0.0.1', port);
    expect(socket.info()).toMatchObject({ version: 'DTLSv1.2', ciphersuite: { id: suite.id, name } });
    await socket.send(Buffer.from('over to you\n'));
    await child.line(/over to you/);
  });

  it.each(SUITES)('%s: a server', async (name, suite) => {
    const listener = await server(suite.mode, identityFor(suite), {});
    const child = sClient(listener, suite.mode === 'psk' ? pskFlags() : [], '-dtls1_2', suite);
    const peer = await listener.accept();
    open.push(peer);
    expect(peer.info()).toMatchObject({ version: 'DTLSv1.2', ciphersuite: { id: suite.id, name } });
    child.write('over to you\n');
    expect(Buffer.from((await peer.receive({ timeout: 5_000 }))!).toString()).toBe('over to you\n');
  });
});

describe('the versions', () => {
  const PAIRS: readonly (readonly [string, VersionRange, string, string])[] = [
    ['1.0 alone', { min: 'DTLSv1.0', max: 'DTLSv1.0' }, '-dtls1', 'DTLSv1.0'],
    ['1.0 alone', { min: 'DTLSv1.0', max: 'DTLSv1.0' }, '-dtls', 'DTLSv1.0'],
    ['1.0 alone', { min: 'DTLSv1.0', max: 'DTLSv1.0' }, '-dtls1_2', 'nothing'],
    ['1.0 and 1.2', { min: 'DTLSv1.0' }, '-dtls1', 'DTLSv1.0'],
    ['1.0 and 1.2', { min: 'DTLSv1.0' }, '-dtls', 'DTLSv1.2'],
    ['1.0 and 1.2', { min: 'DTLSv1.0' }, '-dtls1_2', 'DTLSv1.2'],
    ['1.2 alone', {}, '-dtls1', 'nothing'],
    ['1.2 alone', {}, '-dtls', 'DTLSv1.2'],
    ['1.2 alone', {}, '-dtls1_2', 'DTLSv1.2'],
  ];

  it.each(PAIRS)('%s (%j) of a client and %s of openssl make %s', async (_what, version, flag, expected) => {
    const { port } = await sServer(pskFlags(), flag);
    const socket = await client('psk', { version, dtlsHandshakeTimeouts: { min: 100, max: 200 } });
    const connecting = socket.connect('127.0.0.1', port);
    if (expected === 'nothing') {
      await expect(connecting).rejects.toMatchObject({ code: 'EPROTO', alert: { name: 'protocol_version' } });
    } else {
      await connecting;
      expect(socket.info().version).toBe(expected);
    }
  });

  it.each(PAIRS)('%s (%j) of a server and %s of openssl make %s', async (_what, version, flag, expected) => {
    const listener = await server('psk', ecdsa, { version });
    const child = sClient(listener, pskFlags(), flag);
    if (expected === 'nothing') {
      const nobody = expect(listener.accept()).rejects.toMatchObject({ code: 'ECONNABORTED' });
      await child.line(/protocol version|unsupported protocol|wrong (ssl )?version/i);
      await listener.close();
      await nobody;
    } else {
      const peer = await listener.accept();
      open.push(peer);
      expect(peer.info().version).toBe(expected);
    }
  });
});

describe('a session made with certificates', () => {
  it.each([
    ['ticket', []],
    ['session id', ['-no_ticket']],
  ])('is resumed with openssl s_server by %s', async (_how, flags) => {
    const { port } = await sServer([...shows(ecdsa), ...flags], '-dtls1_2');
    const session = new Map<string, Uint8Array>();
    for (const resumed of [false, true, true]) {
      const socket = await client('certificate', { session, ...WIDE });
      await socket.connect('127.0.0.1', port);
      expect(socket.info()).toMatchObject({ resumed });
      await socket.dispose();
    }
  });

  it.each([
    ['ticket', []],
    ['session id', ['-no_ticket']],
  ])('is resumed with openssl s_client by %s', async (_how, flags) => {
    const listener = await server('certificate', ecdsa, { session: new Map(), ...WIDE });
    const file = `${ecdsa.chainFile}.session`;
    for (const [direction, resumed] of [
      ['-sess_out', false],
      ['-sess_in', true],
    ] as const) {
      const child = sClient(listener, [direction, file, ...flags], '-dtls1_2');
      const peer = await listener.accept();
      await child.line(resumed ? /Reused, / : /New, /);
      expect(peer.info().resumed).toBe(resumed);
      child.write('Q\n');
      expect(await peer.receive()).toBeNull();
      await child.ended;
      await peer.dispose();
    }
  });
});

/** Every suite that we claim and the openssl of this machine has. */
function commonSuites(): Ciphersuite[] {
  let theirs: readonly string[];
  try {
    theirs = execFileSync('openssl', ['ciphers', 'ALL:COMPLEMENTOFALL:@SECLEVEL=0']).toString().trim().split(':');
  } catch {
    // Then every test is unavailable, by name.
    theirs = CIPHERSUITES.map(({ opensslName }) => opensslName);
  }
  const claimed = dtlsOpenssl.claims.client!.ciphersuites;
  return CIPHERSUITES.filter(({ id, opensslName }) => claimed.includes(id) && theirs.includes(opensslName));
}

function identityFor({ name }: Ciphersuite): Identity {
  return name.includes('_ECDSA_') ? ecdsa : rsa;
}

async function client(mode: Ciphersuite['mode'], rest: Partial<Configurations['dtls']>): Promise<Socket> {
  const trustedCerts = certificateChainFromBuffer(root.certificate);
  const security =
    mode === 'psk'
      ? psk({ identity: 'device', key: KEY })
      : certificates({ trustedCerts, ignoreSystemTrustStore: true });
  const named = mode === 'psk' ? {} : { serverNameIndication: 'server.example' };
  const socket = await net.createSocket('dtls', { security, ...named, ...rest });
  open.push(socket);
  return socket;
}

async function server(
  mode: Ciphersuite['mode'],
  { chain, key }: Identity,
  rest: Partial<Configurations['dtls']>,
): Promise<Socket> {
  const own = { serverCert: certificateChainFromBuffer(chain), serverKey: privateKeyFromBuffer(key) };
  const security = mode === 'psk' ? pskServer({ identities: new Map([['device', KEY]]) }) : certificateServer(own);
  const socket = await net.createSocket('dtls', { security, ...rest });
  open.push(socket);
  await socket.bind('127.0.0.1', 0);
  return socket;
}

function pskFlags(): string[] {
  return ['-psk_identity', 'device', '-psk', KEY.toString('hex')];
}

function shows({ certificateFile, keyFile }: Identity): string[] {
  return ['-cert', certificateFile, '-key', keyFile];
}

function cipherFlag(suite: Ciphersuite | undefined): string[] {
  return ['-cipher', `${suite?.opensslName ?? 'ALL'}:@SECLEVEL=0`];
}

async function sServer(
  flags: readonly string[],
  version: string,
  suite?: Ciphersuite,
): Promise<{ child: Child; port: number }> {
  const own = flags.includes('-cert') ? flags : ['-nocert', ...flags];
  const child = startPeer('openssl', ['s_server', version, '-accept', '127.0.0.1:0', ...own, ...cipherFlag(suite)]);
  open.push(child);
  const [, port] = await child.line(/ACCEPT 127\.0\.0\.1:(\d+)/);
  return { child, port: Number(port) };
}

function sClient(listener: Socket, flags: readonly string[], version: string, suite?: Ciphersuite): Child {
  const where = ['-connect', `127.0.0.1:${listener.localPort()}`, '-CAfile', root.certificateFile];
  const child = startPeer('openssl', ['s_client', version, ...where, ...flags, ...cipherFlag(suite)]);
  open.push(child);
  return child;
}

/** A hello with a ticket must fit one datagram, or the session is not offered. */
const WIDE = { backendConfiguration: { forcedMtu: 1_500 } };
