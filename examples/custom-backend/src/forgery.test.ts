import { describe, expect, it } from 'vitest';
import { associationPair, CLIENT, type Pair, type PairInit, SERVER } from '../test/association-pair.ts';

/** A record with any header and body. */
const record = (
  type: number,
  epoch: number,
  sequence: number,
  body: Uint8Array | readonly number[],
  version = 0xfefd,
) => {
  const bytes = new Uint8Array(13 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, type);
  view.setUint16(1, version);
  view.setUint16(3, epoch);
  view.setUint32(7, sequence);
  view.setUint16(11, body.length);
  bytes.set(body, 13);
  return bytes;
};
const SECRET = Buffer.from('FORGED');
const handshake = (type: number, sequence: number, body: readonly number[], total = body.length, offset = 0) => [
  ...[type, 0, total >> 8, total & 0xff, 0, sequence, 0, offset >> 8, offset & 0xff, 0, 0, body.length],
  ...body,
];

/** What anybody can send who knows the addresses. */
const FORGERIES: readonly [name: string, make: (pair: Pair) => Uint8Array][] = [
  ['application data in the clear', () => record(23, 0, 50, SECRET)],
  ['application data of the next epoch', () => record(23, 2, 0, SECRET)],
  ['application data of a far epoch', () => record(23, 65_535, 0, SECRET)],
  ['application data of this epoch, in the clear', () => record(23, 1, 900, SECRET)],
  ['application data of this epoch, zeros', () => record(23, 1, 901, new Uint8Array(80))],
  ['a protected record shorter than nonce and tag', () => record(23, 1, 902, new Uint8Array(15))],
  ['a protected record without a body', () => record(23, 1, 903, [])],
  ['a huge record number', () => record(23, 1, 0xffff_ffff, new Uint8Array(40))],
  ['a fatal alert in the clear', () => record(21, 0, 51, [2, 40])],
  ['close_notify in the clear', () => record(21, 0, 52, [1, 0])],
  ['an alert of this epoch', () => record(21, 1, 904, [2, 40])],
  ['a short alert of this epoch', () => record(21, 1, 905, [2])],
  ['change_cipher_spec', () => record(20, 0, 53, [1])],
  ['change_cipher_spec of epoch 2', () => record(20, 2, 0, [1])],
  ['HelloRequest', () => record(22, 0, 54, handshake(0, 0, []))],
  ['HelloVerifyRequest', () => record(22, 0, 55, handshake(3, 0, [254, 255, 2, 1, 2]))],
  ['Finished in the clear', () => record(22, 0, 56, handshake(20, 3, new Array(12).fill(0)))],
  ['a fragment that claims 16 MB', () => record(22, 0, 57, [1, 255, 255, 255, 0, 9, 0, 0, 0, 0, 0, 1, 0])],
  ['fragments that overrun their message', () => record(22, 0, 58, handshake(16, 2, [1, 2, 3], 2))],
  ['half a handshake header', () => record(22, 0, 59, [16, 0, 0])],
  ['an unknown record type', () => record(99, 1, 906, new Uint8Array(40))],
  ['another version', () => record(23, 1, 907, new Uint8Array(40), 0x0303)],
  ['a length beyond the datagram', () => record(23, 1, 908, new Uint8Array(40)).subarray(0, 30)],
  ['half a record header', () => record(23, 1, 909, []).subarray(0, 7)],
  ['an empty datagram', () => new Uint8Array(0)],
  ['random bytes', () => Uint8Array.from({ length: 300 }, (_, index) => (index * 197 + 31) & 0xff)],
  ['a repeated handshake datagram', ({ network }) => network.log[2]!.data],
  ['a repeated message', ({ network }) => network.log.at(-1)!.data],
  ['a repeated message under another number', ({ network }) => renumbered(network.log.at(-1)!.data)],
  ['a repeated message with one flipped bit', ({ network }) => flipped(network.log.at(-1)!.data)],
  ['many records of all kinds', manyRecords],
];

function manyRecords(): Uint8Array {
  const numbers = Array.from({ length: 60 }, (_, index) => index);
  return Buffer.concat(numbers.map((number) => record(20 + (number % 5), number % 3, 910 + number, [2, 40])));
}

function renumbered(data: Uint8Array): Uint8Array {
  const copy = data.slice();
  copy[10]! += 20;
  return copy;
}

function flipped(data: Uint8Array): Uint8Array {
  const copy = data.slice();
  copy[10]! += 21;
  copy[copy.length - 1]! ^= 1;
  return copy;
}

const PAIRS: readonly PairInit[] = [{ clientSuites: [0xc0a8] }, { clientSuites: [0x00a8] }, { wiring: 'filter' }];

describe.each(PAIRS)('against an established association, %j', (init) => {
  it.each(FORGERIES)('%s: nothing is delivered, nothing ends, nothing is sent', async (_, make) => {
    const pair = await associationPair(init);
    expect(pair.run()).toBe(true);
    pair.client.say('before');
    pair.server.say('before');
    pair.wait(0);
    const sent = pair.network.log.filter(({ by }) => by !== 'injection').length;
    const forged = make(pair);
    pair.network.inject({ from: CLIENT, to: SERVER, data: forged });
    pair.network.inject({ from: SERVER, to: CLIENT, data: forged });
    pair.wait(300_000);
    expect(pair.network.log.filter(({ by }) => by !== 'injection').length).toBe(sent);
    for (let echo = 0; echo < 5; echo += 1) {
      pair.client.say(`echo ${echo}`);
      pair.server.say(`echo ${echo}`);
    }
    pair.wait(0);
    const expected = ['before', 'echo 0', 'echo 1', 'echo 2', 'echo 3', 'echo 4'];
    expect(pair.server.messages).toEqual(expected);
    expect(pair.client.messages).toEqual(expected);
    expect(pair.client.events).toEqual(['established']);
    expect(pair.server.events).toEqual(['established']);
  });
});

describe('during the handshake', () => {
  it('no forged application data is ever delivered, whenever it comes', async () => {
    for (let step = 0; step < 6; step += 1) {
      const pair = await associationPair();
      for (let turn = 0; turn < step; turn += 1) pair.clock.step();
      for (const [, make] of FORGERIES.slice(0, 8)) {
        pair.client.hear(make(pair));
        pair.server.hear(make(pair));
      }
      expect(pair.run()).toBe(true);
      pair.wait(1_000);
      expect([...pair.client.messages, ...pair.server.messages]).toEqual([]);
    }
  });

  it('an alert in the clear is advice: who answers properly within the wait is believed', async () => {
    const pair = await associationPair();
    pair.client.hear(record(21, 0, 7, [2, 40]));
    expect(pair.client.association.phase).toBe('handshake');
    expect(pair.run()).toBe(true);
    const silent = await associationPair();
    silent.network.rule(() => 'drop');
    silent.client.hear(record(21, 0, 7, [2, 40]));
    silent.run();
    expect(silent.clock.now()).toBe(1_000);
    expect(silent.client.failure?.alert?.name).toBe('handshake_failure');
  });

  it.each([
    ['a ciphersuite that was not offered', [254, 253, ...new Array(32).fill(1), 0, 0xc0, 0x30, 0], 47],
    ['an older version', [254, 255, ...new Array(32).fill(1), 0, 0, 0xa8, 0], 70],
    ['compression', [254, 253, ...new Array(32).fill(1), 0, 0, 0xa8, 1], 47],
    ['an extension that was not sent', [254, 253, ...new Array(32).fill(1), 0, 0, 0xa8, 0, 0, 4, 0, 16, 0, 0], 110],
    [
      'renegotiation_info with something in it',
      [254, 253, ...new Array(32).fill(1), 0, 0, 0xa8, 0, 0, 6, 255, 1, 0, 2, 1, 7],
      47,
    ],
  ])('a ServerHello with %s does not keep the true one out', async (_, body, description) => {
    const forged = record(22, 0, 0, handshake(2, 0, body));
    const pair = await associationPair();
    pair.client.hear(forged);
    expect(pair.run()).toBe(true);
    const alone = await associationPair();
    alone.network.rule(() => 'drop');
    alone.client.hear(forged);
    alone.run();
    expect(alone.client.failure?.alert).toMatchObject({ description, origin: 'local' });
    expect(alone.client.failure?.code).toBe('EPROTO');
    const last = alone.network.log.at(-1)!.data;
    expect([...last.subarray(13)]).toEqual([2, description]);
  });

  it('advice is forgotten when the true peer goes on', async () => {
    const pair = await associationPair();
    pair.network.rule((_, index, way) => (way === 'forth' && index === 1 ? 'drop' : undefined));
    pair.client.hear(record(21, 0, 7, [2, 40]));
    expect(pair.run()).toBe(true);
    expect(pair.clock.now()).toBe(1_000);
  });

  it('Finished counts only when it is protected, and nothing else does then', async () => {
    const pair = await associationPair();
    const finished = record(22, 0, 9, handshake(20, 0, new Array(12).fill(0)));
    pair.server.hear(finished);
    expect(pair.server.drops).toEqual(['wrongEpoch']);
    expect(pair.run()).toBe(true);
    pair.wait(5_000);
    // The client has said nothing yet, so that a Finished that comes again would be answered with the last flight.
    const sent = pair.network.log.length;
    pair.server.hear(finished);
    pair.server.hear(record(22, 1, 9, handshake(20, 0, new Array(12).fill(0))));
    expect(pair.network.log.length).toBe(sent);
  });

  it('a flood of repeated hellos makes the server repeat itself once in a wait', async () => {
    const pair = await associationPair();
    pair.network.rule((_, __, way) => (way === 'back' ? 'drop' : undefined));
    pair.wait(0);
    const hello = pair.network.log[0]!.data;
    for (let copy = 0; copy < 100; copy += 1) pair.server.hear(hello);
    expect(pair.network.log.filter(({ direction }) => direction === 'back').length).toBe(2);
    expect(pair.network.log.length).toBe(3);
  });

  it('what is held for later is bounded', async () => {
    const pair = await associationPair({ lookup: () => new Promise(() => {}) });
    pair.wait(0);
    for (let copy = 0; copy < 1_000; copy += 1) pair.server.hear(record(23, 1, copy, new Uint8Array(1_000)));
    // Finished is held already, and 4 KiB are allowed.
    expect(pair.server.drops.filter((reason) => reason === 'heldRecords').length).toBe(997);
  });
});
