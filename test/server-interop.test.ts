/**
 * One dtls-openssl server for programs that nobody here wrote: OpenSSL's and GnuTLS' command lines and libcoap's client
 * on both libraries, one by one and all at once. The server answers CoAP requests, and sends anything else back.
 */

import type { Socket } from '@avs-net/core';
import { pskServer } from '@avs-net/credentials';
import { describe, expect, it } from 'vitest';
import type { Child } from './child.ts';
import { dtlsStage } from './openssl-dtls.ts';
import { needs, type PeerProgram, startPeer } from './peers.ts';

const KEY = 'secretPSK';
const HEX = Buffer.from(KEY).toString('hex');

interface Client {
  readonly program: PeerProgram;
  readonly args: (port: number, identity: string) => readonly string[];
  /** What it has to print, of an answer to itself. */
  readonly heard: (identity: string) => RegExp;
  /** Typed in once the handshake is done. */
  readonly says?: (identity: string) => string;
}

const CLIENTS: readonly Client[] = [
  {
    program: 'openssl',
    args: (port, identity) => [
      ...['s_client', '-dtls1_2', '-quiet', '-connect', `127.0.0.1:${port}`],
      ...['-psk_identity', identity, '-psk', HEX, '-cipher', 'PSK-AES128-CCM8:@SECLEVEL=0'],
    ],
    says: (identity) => `hello from ${identity}\n`,
    heard: (identity) => new RegExp(`hello from ${identity}`),
  },
  {
    program: 'gnutls-cli',
    args: (port, identity) => [
      ...['--udp', '-p', String(port), '127.0.0.1', '--pskusername', identity, '--pskkey', HEX],
      ...['--priority', 'NORMAL:-VERS-ALL:+VERS-DTLS1.2:-KX-ALL:+PSK:+AES-128-CCM-8'],
    ],
    says: (identity) => `hello from ${identity}\n`,
    heard: (identity) => new RegExp(`^hello from ${identity}`),
  },
  ...(['coap-client-openssl', 'coap-client-gnutls'] as const).map(
    (program): Client => ({
      program,
      args: (port, identity) => ['-B', '10', '-m', 'get', '-u', identity, '-k', KEY, `coaps://127.0.0.1:${port}/who`],
      heard: (identity) => new RegExp(`you are ${identity}`),
    }),
  ),
];

const stage = dtlsStage();
const { keep } = stage;

describe('a server for', () => {
  it.for(CLIENTS)('$program', async (client, test) => {
    needs(test, client.program);
    const { port } = await answering();
    await served(client, port, 'device-1');
  });

  it('all of them at once, in a wrong company', async (test) => {
    for (const { program } of CLIENTS) needs(test, program);
    const { port, server } = await answering();
    const wrong = ['-u', 'device-1', '-k', 'not the key'];
    const stranger = start('coap-client-openssl', ['-B', '2', ...wrong, `coaps://127.0.0.1:${port}/who`]);
    await Promise.all(
      [1, 2, 3].flatMap((round) => CLIENTS.map((client, index) => served(client, port, `device-${round}-${index}`))),
    );
    expect(stranger.output()).not.toMatch(/you are/);
    expect(server.stats()).toMatchObject({ handshakesFinished: 12 });
  });

  it('somebody who wants to negotiate again, which is refused', async (test) => {
    needs(test, 'openssl');
    const { port, server } = await answering();
    const { program, args } = CLIENTS[0]!;
    const client = start(
      program,
      args(port, 'device-1').filter((each) => each !== '-quiet'),
    );
    client.write('hello from device-1\n');
    await client.line(/hello from device-1/);
    client.write('R\n');
    await client.line(/no renegotiation/);
    await served(CLIENTS[0]!, port, 'device-2');
    expect(server.stats()).toMatchObject({ handshakesBegun: 2, handshakesFinished: 2 });
  });
});

async function served({ program, args, says, heard }: Client, port: number, identity: string): Promise<void> {
  const child = start(program, args(port, identity));
  // Written into a pipe that the program reads when it is connected.
  if (says !== undefined) child.write(says(identity));
  await child.line(heard(identity));
}

function start(program: PeerProgram, args: readonly string[]): Child {
  return keep(startPeer(program, args));
}

async function answering(): Promise<{ server: Socket; port: number }> {
  const server = await stage.server({
    security: pskServer({ lookup: async (identity) => (known(identity) ? Buffer.from(KEY) : undefined) }),
  });
  server.on('connection', (peer) => {
    const identity = Buffer.from(peer.info().pskIdentity!).toString();
    peer.on('message', (data) => void peer.send(isCoap(data) ? coapAnswer(data, `you are ${identity}`) : data));
    peer.on('end', () => void peer.dispose());
  });
  return { server, port: server.localPort() };
}

function known(identity: Uint8Array): boolean {
  return /^device-\d/.test(Buffer.from(identity).toString());
}

/** A confirmable request with a token of up to 8 bytes (RFC 7252 §3). */
function isCoap(data: Uint8Array): boolean {
  return data.length >= 4 && data[0]! >> 4 === 4 && data[1]! >> 5 === 0;
}

/** 2.05 Content, piggybacked, as text. */
function coapAnswer(request: Uint8Array, text: string): Uint8Array {
  const token = request[0]! & 15;
  const head = Buffer.from(request.subarray(0, 4 + token));
  head[0] = 0x60 | token;
  head[1] = 0x45;
  return Buffer.concat([head, Buffer.of(0xff), Buffer.from(text)]);
}
