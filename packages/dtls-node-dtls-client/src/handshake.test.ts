import { describe, expect, it } from 'vitest';
import { KEY, type Pair, type PairInit, pair } from '../test/pair.ts';

/** Shakes hands, then one message each way. */
function complete(init: PairInit): Pair {
  const made = pair(init);
  made.shake();
  expect(made.client.failed).toBeUndefined();
  made.client.send(Buffer.from('ping'));
  made.server.send(Buffer.from('pong'));
  made.run(() => made.client.messages.length > 0 && made.server.messages.length > 0);
  expect(made.client.messages.map(String)).toEqual(['pong']);
  expect(made.server.messages.map(String)).toEqual(['ping']);
  return made;
}

describe('servers of every kind', () => {
  const hint = Buffer.from('hint of the server');

  it.each<{ name: string; server: NonNullable<PairInit['server']> }>([
    { name: 'with a cookie', server: {} },
    { name: 'without HelloVerifyRequest', server: { cookie: 'none' } },
    { name: 'without HelloVerifyRequest, with a hint', server: { cookie: 'none', hint } },
    { name: 'with a cookie of no bytes', server: { cookie: 'empty' } },
    { name: 'whose first cookie has gone stale', server: { cookie: 'renew' } },
    { name: 'with a hint', server: { hint } },
    { name: 'with an empty hint', server: { hint: Buffer.alloc(0) } },
    { name: 'with an empty block of extensions', server: { extensions: Buffer.alloc(2) } },
    { name: 'with a record in each datagram', server: { hint, packing: 'records' } },
    { name: 'with a flight in one record', server: { hint, packing: 'oneRecord' } },
    { name: 'with fragments of 20 bytes', server: { hint, fragment: 20 } },
    { name: 'with a fragment in each datagram', server: { hint, fragment: 20, packing: 'records' } },
    { name: 'that speaks CCM', server: { ciphersuite: 0xc0a4 } },
    { name: 'that speaks GCM', server: { ciphersuite: 0x00a8 } },
    { name: 'that speaks GCM with SHA-384', server: { ciphersuite: 0x00a9 } },
  ])('connects to one $name', ({ server }) => {
    const { client, clock } = complete({ server });
    const received = client.association.info().pskIdentityHint;
    expect(received && Buffer.from(received)).toEqual(server.hint);
    expect(client.association.info().ciphersuite?.id).toBe(server.ciphersuite ?? 0xc0a8);
    expect(clock.now()).toBeLessThan(150);
  });

  it.each([
    { name: 'one byte', identity: Buffer.of(0) },
    { name: 'every byte', identity: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)) },
    { name: 'UTF-8', identity: Buffer.from('Zażółć gęślą jaźń') },
    { name: 'a name of the object prototype', identity: Buffer.from('__proto__') },
    { name: 'a number', identity: Buffer.from('10') },
    { name: 'the largest', identity: Buffer.alloc(1024, 0xa7) },
  ])('sends an identity as it is: $name', ({ identity }) => {
    expect(complete({ client: { identity } }).server.identity).toEqual(identity);
  });

  it.each([256, 100])('keeps its flights below %i bytes', (lowerMtu) => {
    const identity = Buffer.alloc(1024, 'i');
    const { client, server } = complete({ client: { identity }, request: { lowerMtu }, server: { fragment: 40 } });
    expect(server.identity).toEqual(identity);
    expect(client.sent.filter(({ length }) => length > lowerMtu)).toEqual([]);
  });

  it('offers what it is told, best first, and no extensions', () => {
    const { client } = complete({ client: { ciphersuites: [0xc0a4, 0x00a8, 0xc0a8] }, server: { cookie: 'none' } });
    // Behind record, handshake header, version, random, and empty session id and cookie.
    expect(client.sent[0]!.subarray(13 + 12 + 36).toString('hex')).toBe('0006c0a400a8c0a80100');
  });
});

describe('servers that cannot be accepted', () => {
  it.each([
    { name: 'DTLS 1.0', server: { version: 0xfeff }, alert: 'protocol_version', words: /chose DTLS 1\.0/ },
    { name: 'another version', server: { version: 0xfefc }, alert: 'protocol_version', words: /version 0xfefc/ },
    {
      name: 'a suite that was not offered',
      server: { ciphersuite: 0x00a9 },
      alert: 'illegal_parameter',
      words: /ciphersuite 0x00a9, which was not offered/,
    },
    {
      name: 'an extension',
      server: { extensions: Buffer.from('0005ff01000100', 'hex') },
      alert: 'unsupported_extension',
      words: /extensions although none was offered/,
    },
  ])('refuses $name, after a doubt', ({ server, alert, words }) => {
    const { client, server: peer, clock, run } = pair({ server, client: { ciphersuites: [0xc0a8] } });
    run(() => client.failed !== undefined);
    expect(client.failed).toMatchObject({ code: 'EPROTO', alert: { name: alert, level: 'fatal', origin: 'local' } });
    expect(client.failed!.message).toMatch(words);
    expect(clock.now()).toBeLessThan(600);
    run(() => peer.alerts.length > 0);
    expect(peer.alerts).toEqual([[2, client.failed!.alert!.description]]);
  });

  it('forgets an unacceptable proposal when the server goes on', () => {
    const { client, run, shake } = pair({ server: { cookie: 'none' } });
    const forged = pair({ server: { cookie: 'none', version: 0xfeff } });
    forged.run(() => forged.client.drops.length > 0 || forged.network.log.length > 1);
    client.receive(Buffer.from(forged.network.log[1]!.data));
    shake();
    expect(client.established).toBe(true);
    run();
    expect(client.failed).toBeUndefined();
  });
});

describe('a handshake that comes to nothing', () => {
  it.each([
    {
      name: 'nobody answers',
      lost: 0,
      words: /no answer to ClientHello \(sent 5 times in 12000 ms\): is a DTLS server/,
    },
    { name: 'the cookie is not answered', lost: 1, words: /no answer to ClientHello with cookie .*ciphersuite/ },
    { name: 'Finished is not answered', lost: 2, words: /no answer after ClientKeyExchange .*key or identity/ },
  ])('says what may be wrong: $name', ({ lost, words }) => {
    const { client, network, run } = pair({ request: { handshakeTimeouts: { min: 500, max: 4500 } } });
    network.rule((_datagram, index, direction) => (direction === 'back' && index >= lost ? 'drop' : undefined));
    run(() => client.failed !== undefined);
    expect(client.failed).toMatchObject({ code: 'ETIMEDOUT' });
    expect(client.failed!.message).toMatch(words);
    expect(client.flights.slice(-5).map(({ attempt, waitMs }) => [attempt, waitMs])).toEqual([
      [1, 500],
      [2, 1000],
      [3, 2000],
      [4, 4000],
      [5, 4500],
    ]);
    expect(client.association.deadline).toBeUndefined();
  });

  it('says so when the flight of the server stays incomplete', () => {
    const { client, network, run } = pair({ server: { packing: 'records' } });
    network.rule(({ data }) => (data[0] === 22 && data[13] === 14 ? 'drop' : undefined));
    run(() => client.failed !== undefined);
    expect(client.failed!.message).toMatch(/stayed incomplete/);
  });

  it('takes the alert of the server for the reason', () => {
    const { client, server, run } = pair({ server: { key: Buffer.from('another key') } });
    run(() => server.identity !== undefined);
    client.receive(server.plain(21, Buffer.of(2, 115)));
    run(() => client.failed !== undefined);
    expect(client.failed).toMatchObject({ code: 'EPROTO', alert: { name: 'unknown_psk_identity', origin: 'peer' } });
  });

  it('is refused by a Finished that does not match', () => {
    const { client, server, network, run } = pair({ server: { cookie: 'none' } });
    network.rule((_datagram, index, direction) => (direction === 'back' && index === 1 ? 'drop' : undefined));
    run(() => server.established);
    client.receive(server.plain(20, Buffer.of(1)));
    const finished = Buffer.from('1400000c000200000000000c000000000000000000000000', 'hex');
    client.receive(server.sealed(finished, { type: 22 }));
    expect(client.failed).toMatchObject({ code: 'EPROTO', alert: { name: 'decrypt_error', origin: 'local' } });
    run();
    expect(server.alerts).toEqual([[2, 51]]);
  });

  it('does not need the key to fail early', () => {
    const { client, run } = pair({ client: { key: Buffer.from(KEY).fill(1) } });
    run(() => client.failed !== undefined);
    expect(client.failed!.message).toMatch(/key or identity may be wrong/);
  });
});
