/**
 * Sessions of dtls-openssl with programs that nobody here wrote, over real loopback sockets: by ticket and by session
 * id, in both roles, and out of stores that outlive socket, net and process.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bufferSessionStore,
  type Configurations,
  fileSessionStore,
  memorySessionStore,
  type SessionStore,
  type Socket,
} from '@avs-net/core';
import { psk, pskServer } from '@avs-net/credentials';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Child } from './child.ts';
import { dtlsStage } from './openssl-dtls.ts';
import { needs, type PeerServer, sClient, sServer, startPeer } from './peers.ts';
import { PSK_PEERS } from './psk-peers.ts';

const IDENTITY = 'interop-device';
const KEY = Buffer.from('sixteen bytes ok');
const SUITE = 'PSK-AES128-GCM-SHA256';
const security = psk({ identity: IDENTITY, key: KEY });

let folder: string;

afterEach(() => rmSync(folder, { recursive: true }));
const stage = dtlsStage();
const { keep, socket: createSocket } = stage;
beforeEach((test) => {
  needs(test, 'openssl');
  folder = mkdtempSync(join(tmpdir(), 'avs-net-resumption-'));
});

/** Each gives the store of one socket after the other; what keeps nothing itself is made anew every time. */
const STORES: Readonly<Record<string, () => () => SessionStore>> = {
  memory() {
    const store = memorySessionStore();
    return () => store;
  },
  'a Map'() {
    const store = new Map<string, Uint8Array>();
    return () => store;
  },
  'a buffer of 1024 bytes'() {
    const buffer = new Uint8Array(1_024);
    return () => bufferSessionStore(buffer);
  },
  'a file': () => () => fileSessionStore(join(folder, 'sessions')),
};

describe('a client of openssl s_server', () => {
  it.each(
    Object.entries(STORES).flatMap(([name, store]) => [
      [name, 'ticket', [], store] as const,
      [name, 'session id', ['-no_ticket'], store] as const,
    ]),
  )('resumes out of %s by %s', async (_store, _how, flags, stores) => {
    const { port, child } = await serve(...flags);
    const store = stores();
    for (const resumed of [false, true, true]) {
      await using socket = await createSocket({ security, session: store() });
      await socket.connect('127.0.0.1', port);
      expect(socket.getOption('sessionResumed')).toBe(resumed);
      expect(socket.info()).toMatchObject({ resumed, extendedMasterSecret: true });
      await talk(socket, child, `resumed ${resumed}`);
    }
  });

  it.each([
    ['is full of zeros', new Uint8Array(1_024)],
    ['is full of noise', new Uint8Array(1_024).fill(0xa5)],
    ['is too small for any session', new Uint8Array(64)],
  ])('shakes hands in full with a buffer that %s', async (_what, buffer) => {
    const { port, child } = await serve();
    for (let count = 0; count < 2; count++) {
      await using socket = await createSocket({ security, session: bufferSessionStore(buffer) });
      await socket.connect('127.0.0.1', port);
      expect(socket.getOption('sessionResumed')).toBe(count === 1 && buffer.length > 64);
      await talk(socket, child, `hello ${count}`);
    }
  });

  it('shakes hands in full with a server that has forgotten the session', async () => {
    const session = memorySessionStore();
    for (const flags of [[], [], ['-no_ticket'], ['-no_ticket']]) {
      const { port, child } = await serve(...flags);
      await using socket = await createSocket({ security, session });
      await socket.connect('127.0.0.1', port);
      expect(socket.getOption('sessionResumed')).toBe(false);
      await talk(socket, child, 'hello');
    }
  });

  it('never resumes without a store, nor for another identity or key', async () => {
    const { port } = await serve();
    const buffer = new Uint8Array(1_024);
    const session = bufferSessionStore(buffer);
    const first = await createSocket({ security, session });
    await first.connect('127.0.0.1', port);
    await first.dispose();
    const other = psk({ identity: 'somebody-else', key: KEY });
    for (const configuration of [{ security }, { security: other, session }]) {
      await using socket = await createSocket(configuration);
      await socket.connect('127.0.0.1', port);
      expect(socket.getOption('sessionResumed')).toBe(false);
    }
    const fresh = psk({ identity: IDENTITY, key: Buffer.from('not the same key') });
    const dtlsHandshakeTimeouts = { min: 20, max: 40 };
    await using socket = await createSocket({ security: fresh, session, dtlsHandshakeTimeouts });
    await expect(socket.connect('127.0.0.1', port)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });
});

describe('a client of other servers', () => {
  it.for(PSK_PEERS.filter(({ servesOnce }) => servesOnce !== true))(
    '$name: resumes, or shakes hands in full where it keeps no sessions',
    async (peer, context) => {
      peer.needed(context);
      const server = keep(await peer.start());
      const session = memorySessionStore();
      const resumed: boolean[] = [];
      for (let count = 0; count < 3; count++) {
        // Tickets of GnuTLS do not fit the 548 bytes that every path carries.
        const backendConfiguration = { forcedMtu: 1_500 };
        await using socket = await createSocket({ security, session, backendConfiguration });
        await socket.connect('127.0.0.1', server.port);
        resumed.push(socket.getOption('sessionResumed'));
        await server.talk(socket, count);
        await socket.close();
      }
      const resumes = RESUMING.includes(peer.name);
      expect(resumed).toEqual([false, resumes, resumes]);
    },
  );
});

describe('a server', () => {
  it.each([
    ['ticket', []],
    ['session id', ['-no_ticket']],
  ])('resumes with openssl s_client by %s, and knows who it is', async (_how, flags) => {
    const asked: string[] = [];
    const lookup = (identity: Uint8Array): Uint8Array | undefined => {
      asked.push(Buffer.from(identity).toString());
      return KEY;
    };
    const listener = await listening({ security: { mode: 'psk', lookup } });
    const file = join(folder, 'session.pem');
    for (const [direction, resumed] of [
      ['-sess_out', false],
      ['-sess_in', true],
      ['-sess_in', true],
    ] as const) {
      const client = start(listener, direction, file, ...flags);
      await meet(listener, client, resumed);
    }
    expect(asked).toEqual([IDENTITY, IDENTITY, IDENTITY]);
  });

  it.for([
    ['ticket', []],
    ['session id', ['--noticket']],
  ] as const)('resumes with gnutls-cli by %s', async ([, flags], context) => {
    needs(context, 'gnutls-cli');
    const listener = await listening({ security: pskServer({ identities: new Map([[IDENTITY, KEY]]) }) });
    const client = gnutls(listener, ...flags);
    const first = keep(await listener.accept());
    expect(first.info().resumed).toBe(false);
    const second = keep(await listener.accept());
    expect(second.info()).toMatchObject({ resumed: true });
    expect(Buffer.from(second.info().pskIdentity!).toString()).toBe(IDENTITY);
    client.write('hello\n');
    expect(Buffer.from((await second.receive())!).toString()).toBe('hello\n');
  });

  it.each([
    ['forgotten the identity', undefined],
    ['given the identity another key', Buffer.from('not the same key')],
  ])('does not resume once it has %s', async (_what, after) => {
    let key: Uint8Array | undefined = KEY;
    const asked: string[] = [];
    const thrice = new Promise<void>((resolve) => {
      asked.push = (identity) => {
        if (Array.prototype.push.call(asked, identity) === 3) resolve();
        return asked.length;
      };
    });
    const lookup = async (identity: Uint8Array): Promise<Uint8Array | undefined> => {
      asked.push(Buffer.from(identity).toString());
      return key;
    };
    const listener = await listening({ security: { mode: 'psk', lookup } });
    const file = join(folder, 'session.pem');
    await meet(listener, start(listener, '-sess_out', file), false);
    key = after;
    const nobody = expect(listener.accept()).rejects.toMatchObject({ code: 'ECONNABORTED' });
    const cli = start(listener, '-sess_in', file);
    // For the session, and, since that was refused, for the full handshake.
    await thrice;
    await listener.close();
    await nobody;
    expect(cli.output()).not.toMatch(/^Reused, /m);
  });

  it('resumes what another process has begun, if they share ticket keys', async () => {
    const keys = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)] as const;
    const of = (...ticketKeys: readonly Uint8Array[]) => ({
      security: pskServer({ identities: new Map([[IDENTITY, KEY]]) }),
      server: { ticketKeys },
    });
    const file = join(folder, 'session.pem');
    const first = await listening(of(keys[0]));
    await meet(first, start(first, '-sess_out', file), false);
    for (const [listener, resumed] of [
      [await listening(of(keys[1], keys[0])), true],
      [await listening(of(Buffer.alloc(32, 3))), false],
    ] as const) {
      await meet(listener, start(listener, '-sess_in', file), resumed);
    }
  });
});

/** The others keep no sessions as they are started here. */
const RESUMING = ['gnutls-serv --udp', "libcoap's coap-server on openssl"];

async function meet(listener: Socket, client: Child, resumed: boolean): Promise<void> {
  await using peer = await listener.accept();
  expect(peer.info()).toMatchObject({ resumed });
  expect(Buffer.from(peer.info().pskIdentity!).toString()).toBe(IDENTITY);
  await client.line(resumed ? /^Reused, / : /^New, /);
  client.write('hello\n');
  expect(Buffer.from((await peer.receive())!).toString()).toBe('hello\n');
  client.write('Q\n');
  expect(await peer.receive()).toBeNull();
  await client.ended;
}

function listening(configuration: Configurations['dtls']): Promise<Socket> {
  return stage.server({ ...configuration, dtlsHandshakeTimeouts: { min: 100, max: 400 } });
}

async function serve(...flags: string[]): Promise<PeerServer> {
  const started = await sServer('-dtls1_2', '-nocert', '-psk', KEY.toString('hex'), '-cipher', SUITE, ...flags);
  keep(started.child);
  return started;
}

/** Connects, ends, and connects again with the session. */
function gnutls(listener: Socket, ...flags: readonly string[]): Child {
  const priority = 'NORMAL:-VERS-ALL:+VERS-DTLS1.2:-KX-ALL:+PSK:+AES-128-GCM';
  const who = ['--pskusername', IDENTITY, '--pskkey', KEY.toString('hex'), '--priority', priority];
  const where = ['--udp', '-p', `${listener.localPort()}`, '127.0.0.1', '--resume', '--no-ca-verification'];
  return keep(startPeer('gnutls-cli', [...who, ...where, ...flags]));
}

function start(listener: Socket, ...flags: string[]): Child {
  const who = ['-psk_identity', IDENTITY, '-psk', KEY.toString('hex'), '-cipher', SUITE];
  return keep(sClient(listener.localPort(), '-dtls1_2', ...who, ...flags));
}

/** There and back; the server prints what it gets and sends what is typed. */
async function talk(socket: Socket, server: Child, text: string): Promise<void> {
  await socket.send(Buffer.from(`${text}\n`));
  await server.line(new RegExp(`${text}$`));
  server.write('to the client\n');
  expect(Buffer.from((await socket.receive({ timeout: 5_000 }))!).toString()).toBe('to the client\n');
}
