/**
 * DTLS servers that nobody here wrote, with a pre-shared key, behind one face: what differs is how they are started,
 * how their port is found, and how one talks to them. Ports that a program cannot choose itself are picked free
 * beforehand.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Socket } from '@avs-net/core';
import { generate, parse } from 'coap-packet';
import { afterAll } from 'vitest';
import { type Child, startChild } from './child.ts';
import { endUnavailable, needs, sServer } from './peers.ts';

export interface PskPeer {
  readonly name: string;
  /** The only one that it takes. */
  readonly ciphersuite?: number;
  /** Ends with its first peer: after `-listen` openssl leaves its socket connected to it. */
  readonly servesOnce?: boolean;
  /** Skips the test, or fails it where peers are required, if it is not installed. */
  needed(context: { skip(note?: string): void }): void;
  start(): Promise<PskPeerServer>;
}

export interface PskPeerServer extends AsyncDisposable {
  readonly port: number;
  /** Sends something and checks the answer. */
  talk(socket: Socket, number: number): Promise<void>;
}

export const IDENTITY = 'interop-device';
/** Text, because libcoap takes it so. */
export const KEY: Uint8Array = new TextEncoder().encode('sixteen bytes ok');
const HEX = Buffer.from(KEY).toString('hex');

export const PSK_PEERS: readonly PskPeer[] = [
  ...Object.entries({
    'PSK-AES128-CCM8': 0xc0a8,
    'PSK-AES128-GCM-SHA256': 0x00a8,
    'PSK-AES128-CBC-SHA256': 0x00ae,
  }).map(
    ([suite, ciphersuite]): PskPeer => ({
      name: `openssl s_server with ${suite}`,
      ciphersuite,
      servesOnce: true,
      needed: (context) => needs(context, 'openssl'),
      async start() {
        const cipher = ['-cipher', `${suite}:@SECLEVEL=0`];
        const { child, port } = await sServer('-dtls1_2', '-nocert', '-listen', '-psk', HEX, ...cipher);
        return { ...server(child, port), talk: (socket, number) => typed(child, socket, number) };
      },
    }),
  ),
  {
    name: 'gnutls-serv --udp',
    needed: (context) => needs(context, 'gnutls-serv'),
    async start() {
      const folder = mkdtempSync(join(tmpdir(), 'avs-net-gnutls-'));
      const keys = join(folder, 'keys');
      writeFileSync(keys, `${IDENTITY}:${HEX}\n`);
      const port = await freePort();
      const priority = 'NORMAL:-VERS-ALL:+VERS-DTLS1.2:-KX-ALL:+PSK:+AES-128-CCM-8:+AES-128-CCM:+AES-128-CBC';
      const child = startChild('gnutls-serv', [
        ...['--udp', '--echo', '-p', String(port), '--priority', priority],
        ...['--pskpasswd', keys, '--disable-client-cert'],
      ]);
      await child.line(/listening on IPv4 .*\.\.\.done/);
      const end = (): Promise<void> => rm(folder, { recursive: true });
      return { ...server(child, port, end), talk: echoed };
    },
  },
  ...(['openssl', 'gnutls'] as const).map(
    (library): PskPeer => ({
      name: `libcoap's coap-server on ${library}`,
      needed: (context) => needs(context, `coap-server-${library}`),
      async start() {
        const port = await freePort('with the one below');
        const child = startChild(`coap-server-${library}`, [
          ...['-A', '127.0.0.1', '-p', String(port - 1), '-k', Buffer.from(KEY).toString(), '-v', '7'],
        ]);
        await child.line(/created DTLS endpoint/);
        return { ...server(child, port), talk: asked };
      },
    }),
  ),
  ...['cookies', 'no cookies'].map(
    (cookies): PskPeer => ({
      name: `Mbed TLS with ${cookies}`,
      needed: mbedtlsNeeded,
      async start() {
        const child = startChild(mbedtlsServer(), [IDENTITY, HEX, ...(cookies === 'cookies' ? [cookies] : [])]);
        const [, port] = await child.line(/^PORT (\d+)/);
        return { ...server(child, Number(port)), talk: echoed };
      },
    }),
  ),
];

function server(child: Child, port: number, end?: () => Promise<void>): Omit<PskPeerServer, 'talk'> {
  return {
    port,
    async [Symbol.asyncDispose]() {
      await child[Symbol.asyncDispose]();
      await end?.();
    },
  };
}

/** The command line of openssl prints what it gets and sends what is typed. */
async function typed(child: Child, socket: Socket, number: number): Promise<void> {
  await socket.send(Buffer.from(`question ${number}\n`));
  await child.line(new RegExp(`question ${number}$`));
  child.write(`answer ${number}\n`);
  expectText(await socket.receive({ timeout: PATIENCE }), `answer ${number}\n`);
}

async function echoed(socket: Socket, number: number): Promise<void> {
  const text = `there and back, ${number}\n`;
  await socket.send(Buffer.from(text));
  expectText(await socket.receive({ timeout: PATIENCE }), text);
}

/** CoAP (RFC 7252): GET /, which libcoap answers with a text about itself. */
async function asked(socket: Socket, number: number): Promise<void> {
  const token = Buffer.from([number, 1]);
  await socket.send(
    generate({ code: 'GET', messageId: number, token, options: [{ name: 'Uri-Path', value: Buffer.of() }] }),
  );
  const received = await socket.receive({ timeout: PATIENCE });
  const response = parse(Buffer.from(received ?? []));
  if (response.code !== '2.05' || !response.token.equals(token)) {
    throw new Error(`expected 2.05 for token ${token.toString('hex')}, received ${response.code}`);
  }
}

function expectText(received: Uint8Array | null, expected: string): void {
  const text = received === null ? 'the end' : Buffer.from(received).toString();
  if (text !== expected) throw new Error(`expected ${JSON.stringify(expected)}, received ${JSON.stringify(text)}`);
}

/** A UDP port that nobody holds; others may take it before it is used, which on loopback nobody does. */
async function freePort(extra?: 'with the one below'): Promise<number> {
  for (;;) {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address() as AddressInfo;
    const below = extra === undefined || (await isFree(port - 1));
    await closed(socket);
    if (below) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const socket = createSocket('udp4').bind(port, '127.0.0.1');
  const free = await once(socket, 'listening').then(
    () => true,
    () => false,
  );
  await closed(socket);
  return free;
}

async function closed(socket: DatagramSocket): Promise<void> {
  const end = once(socket, 'close');
  socket.close();
  await end;
}

function mbedtlsNeeded(context: { skip(note?: string): void }): void {
  const absent = ['/usr/include/mbedtls/ssl.h'].filter((file) => !existsSync(file));
  if (absent.length === 0 && spawnSync('cc', ['--version']).status === 0) return;
  const reason = 'unavailable: Mbed TLS or a C compiler is not installed (Debian packages libmbedtls-dev, gcc)';
  endUnavailable(context, reason);
}

let compiled: string | undefined;
let folder: string | undefined;

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

/** Our own few lines on Debian's library, compiled when they are needed. */
function mbedtlsServer(): string {
  if (compiled !== undefined) return compiled;
  folder = mkdtempSync(join(tmpdir(), 'avs-net-mbedtls-'));
  const program = join(folder, 'mbedtls-echo-server');
  const source = fileURLToPath(new URL('peers/mbedtls-echo-server.c', import.meta.url));
  execFileSync('cc', ['-O1', '-Wall', '-o', program, source, '-lmbedtls', '-lmbedx509', '-lmbedcrypto']);
  compiled = program;
  return program;
}

const PATIENCE = 10_000;
