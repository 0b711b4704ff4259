/**
 * What dtls-openssl and the openssl command line have in common, all of it, in both roles: each ciphersuite, each pair
 * of version ranges, and sessions that were made with certificates.
 */

import { execFileSync } from 'node:child_process';
import { CIPHERSUITES, type Ciphersuite, type Configurations, type Socket, type VersionRange } from '@avs-net/core';
import {
  certificateChainFromBuffer,
  certificateServer,
  certificates,
  privateKeyFromBuffer,
  psk,
  pskServer,
} from '@avs-net/credentials';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { describe, expect, it } from 'vitest';
import type { Child } from './child.ts';
import { dtlsStage } from './openssl-dtls.ts';
import { type PeerServer, sClient, sServer } from './peers.ts';
import type { Authority, Identity } from './pki.ts';
import { pkiStage } from './pki-stage.ts';

const KEY = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const SUITES = commonSuites().map((suite) => [suite.name, suite] as const);

let root: Authority;
let ecdsa: Identity;
let rsa: Identity;

const stage = dtlsStage();
const { keep } = stage;
pkiStage((pki) => {
  root = pki.authority('root');
  [ecdsa, rsa] = [root.issue('server.example'), root.issue('server.example', { key: 'rsa' })];
});

describe('the ciphersuites in common', () => {
  it('are most of those that are claimed', () => {
    expect(SUITES.length).toBeGreaterThan(25);
  });

  it.each(SUITES)('%s: a client', async (name, suite) => {
    const identity = identityFor(suite);
    const { child, port } = await serve(suite.mode === 'psk' ? pskFlags() : shows(identity), '-dtls1_2', suite);
    const socket = await client(suite.mode, { ciphersuites: [suite.id] });
    await socket.connect('127.0.0.1', port);
    expect(socket.info()).toMatchObject({ version: 'DTLSv1.2', ciphersuite: { id: suite.id, name } });
    await socket.send(Buffer.from('over to you\n'));
    await child.line(/over to you/);
  });

  it.each(SUITES)('%s: a server', async (name, suite) => {
    const listener = await server(suite.mode, identityFor(suite), {});
    const child = start(listener, suite.mode === 'psk' ? pskFlags() : [], '-dtls1_2', suite);
    const peer = keep(await listener.accept());
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
    const { port } = await serve(pskFlags(), flag);
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
    const child = start(listener, pskFlags(), flag);
    if (expected === 'nothing') {
      const nobody = expect(listener.accept()).rejects.toMatchObject({ code: 'ECONNABORTED' });
      await child.line(/protocol version|unsupported protocol|wrong (ssl )?version/i);
      await listener.close();
      await nobody;
    } else {
      const peer = keep(await listener.accept());
      expect(peer.info().version).toBe(expected);
    }
  });
});

describe('a session made with certificates', () => {
  it.each([
    ['ticket', []],
    ['session id', ['-no_ticket']],
  ])('is resumed with openssl s_server by %s', async (_how, flags) => {
    const { port } = await serve([...shows(ecdsa), ...flags], '-dtls1_2');
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
      const child = start(listener, [direction, file, ...flags], '-dtls1_2');
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

function client(mode: Ciphersuite['mode'], rest: Partial<Configurations['dtls']>): Promise<Socket> {
  const trustedCerts = certificateChainFromBuffer(root.certificate);
  const security =
    mode === 'psk'
      ? psk({ identity: 'device', key: KEY })
      : certificates({ trustedCerts, ignoreSystemTrustStore: true });
  const named = mode === 'psk' ? {} : { serverNameIndication: 'server.example' };
  return stage.socket({ security, ...named, ...rest });
}

function server(
  mode: Ciphersuite['mode'],
  { chain, key }: Identity,
  rest: Partial<Configurations['dtls']>,
): Promise<Socket> {
  const own = { serverCert: certificateChainFromBuffer(chain), serverKey: privateKeyFromBuffer(key) };
  const security = mode === 'psk' ? pskServer({ identities: new Map([['device', KEY]]) }) : certificateServer(own);
  return stage.server({ security, ...rest });
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

async function serve(flags: readonly string[], version: string, suite?: Ciphersuite): Promise<PeerServer> {
  const own = flags.includes('-cert') ? flags : ['-nocert', ...flags];
  const started = await sServer(version, ...own, ...cipherFlag(suite));
  keep(started.child);
  return started;
}

function start(listener: Socket, flags: readonly string[], version: string, suite?: Ciphersuite): Child {
  const trust = ['-CAfile', root.certificateFile];
  return keep(sClient(listener.localPort(), version, ...trust, ...flags, ...cipherFlag(suite)));
}

/** A hello with a ticket must fit one datagram, or the session is not offered. */
const WIDE = { backendConfiguration: { forcedMtu: 1_500 } };
