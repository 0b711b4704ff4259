import { findCiphersuite } from '@avs-net/core/plugin';
import { dtls } from 'node-dtls-client';
import { afterEach, describe, expect, it } from 'vitest';
import { type Driven, driven } from '../test/driven.ts';
import { type DgramLower, dgramLower, realClock, type SServer, sServer } from '../test/s-server.ts';
import type { AssociationInit } from './association.ts';
import { CLAIMS } from './claims.ts';
import { filteredAssociation } from './context.ts';

const KEY = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
const SUITES = CLAIMS.client!.ciphersuites;

const open: { server?: SServer; client?: Driven; lower?: DgramLower } = {};

afterEach(async () => {
  open.client?.destroy();
  await open.lower?.close();
  await open.server?.stop();
});

async function connect(args: readonly string[], init: Partial<AssociationInit> = {}): Promise<Driven> {
  const key = Buffer.from(init.key ?? KEY).toString('hex');
  const server = await sServer(['-psk', key, '-cipher', 'PSK:@SECLEVEL=0', ...args]);
  const lower = await dgramLower(server.port);
  const full = { library: dtls, identity: Buffer.from('dev'), key: KEY, ciphersuites: SUITES, retransmission: true };
  const client = driven({
    make: (request) => filteredAssociation({ ...full, ...init }, request),
    lower,
    clock: realClock,
    request: { lowerMtu: 1472, handshakeTimeouts: { min: 100, max: 800 } },
  });
  Object.assign(open, { server, lower, client });
  await until(client, () => client.established || client.failed !== undefined);
  return client;
}

function until(client: Driven, done: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    client.changed = () => {
      if (done()) resolve();
    };
    client.changed();
  });
}

async function echo(client: Driven): Promise<void> {
  client.send(Buffer.from('up the line\n'));
  await open.server!.printed('up the line');
  open.server!.write('down the line\n');
  await until(client, () => client.messages.length > 0 || client.failed !== undefined);
  expect(client.messages.map(String)).toEqual(['down the line\n']);
}

describe('against openssl s_server', () => {
  it.each([
    { name: 'cookie on accept, no hint', args: [] },
    { name: 'cookie on accept, hint', args: ['-psk_hint', 'who are you'] },
    { name: 'cookie by DTLSv1_listen, no hint', args: ['-listen'] },
    { name: 'cookie by DTLSv1_listen, hint', args: ['-listen', '-psk_hint', 'who are you'] },
    { name: 'small fragments', args: ['-mtu', '256', '-psk_hint', 'h'.repeat(128)] },
  ])('connects and exchanges: $name', async ({ args }) => {
    const client = await connect(args);
    expect(client.failed).toBeUndefined();
    await echo(client);
    const hint = args.includes('-psk_hint') ? Buffer.from(args.at(-1)!) : undefined;
    const { pskIdentityHint, ...info } = client.association.info();
    expect(pskIdentityHint && Buffer.from(pskIdentityHint)).toEqual(hint);
    expect(info).toEqual({
      version: 'DTLSv1.2',
      ciphersuite: { id: 0xc0a8, name: 'TLS_PSK_WITH_AES_128_CCM_8' },
      resumed: false,
      extendedMasterSecret: false,
      encryptThenMac: false,
    });
  });

  it.each(SUITES.map((id) => findCiphersuite(id)!.name))('%s, with an exact limit', async (name) => {
    const { id, opensslName } = findCiphersuite(name)!;
    const client = await connect(['-cipher', `${opensslName}:@SECLEVEL=0`], { ciphersuites: [id] });
    expect(client.failed).toBeUndefined();
    expect(client.association.info().ciphersuite).toEqual({ id, name });
    await echo(client);
    for (let limit = 100; limit < 140; limit++) {
      const largest = client.association.maxMessage(limit);
      for (const size of [largest, largest + 1]) {
        client.send(Buffer.alloc(size, 0x2e));
        expect(client.sent.at(-1)!.length <= limit).toBe(size === largest);
      }
    }
    client.send(Buffer.from('all of them\n'));
    await open.server!.printed('all of them');
  });

  it('carries the largest message and refuses a larger one', async () => {
    const client = await connect([]);
    client.send(Buffer.concat([Buffer.alloc(16_380, 0x2e), Buffer.from('end\n')]));
    await open.server!.printed('.end\n');
    expect(() => client.send(Buffer.alloc(16_385))).toThrow(/EMSGSIZE/);
    expect(client.association.phase).toBe('established');
  });

  it('carries keys of 512 bytes and identities of 256', async () => {
    const identity = Buffer.alloc(256, 'identity');
    const client = await connect(['-psk_identity', identity.toString()], { identity, key: Buffer.alloc(512, 7) });
    expect(client.failed).toBeUndefined();
    await echo(client);
    expect(open.server!.output()).not.toContain('PSK warning');
  });

  it('ends with close_notify', async () => {
    const client = await connect([]);
    client.shutdown();
    await open.server!.printed('DONE');
    expect(client.closed).toEqual({ alert: undefined });
    client.shutdown();
    expect(client.association.phase).toBe('closed');
  });

  it('ignores a request to renegotiate', async () => {
    const client = await connect([]);
    open.server!.write('r\n');
    await until(client, () => client.drops.length > 0);
    expect(client.drops).toEqual(['renegotiation']);
    await echo(client);
  });

  it('reports no ciphersuite in common with its alert', async () => {
    const client = await connect(['-cipher', 'PSK-CHACHA20-POLY1305'], { ciphersuites: [0xc0a8] });
    expect(client.failed).toMatchObject({ code: 'EPROTO', alert: { name: 'handshake_failure', origin: 'peer' } });
  });

  it('says what is likely when the key is wrong', async () => {
    const client = await connect(['-psk', 'ffff']);
    expect(client.failed).toMatchObject({ code: 'ETIMEDOUT' });
    expect(client.failed!.message).toMatch(/no answer after ClientKeyExchange .*key or identity may be wrong/);
    expect(client.flights.map(({ waitMs }) => waitMs).slice(-4)).toEqual([100, 200, 400, 800]);
  });
});
