import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFragments, writeFragment } from './handshake-message.ts';
import * as hello from './hello.ts';
import { readPskExchange } from './psk-exchange.ts';
import { readRecord } from './record.ts';

const CLIENT_HELLO: hello.ClientHello = {
  version: 0xfefd,
  random: new Uint8Array(randomBytes(32)),
  cookie: Uint8Array.of(1, 2, 3),
  ciphersuites: [0xc0a8, 0x00a8],
  extensions: new Map([
    [hello.EXTENDED_MASTER_SECRET, new Uint8Array(0)],
    [hello.SERVER_NAME, hello.writeServerName('server.test')],
  ]),
};

describe('hellos', () => {
  it('read as they were written', () => {
    expect(hello.readClientHello(hello.writeClientHello(CLIENT_HELLO))).toEqual(CLIENT_HELLO);
    const { version, random, extensions } = CLIENT_HELLO;
    for (const map of [extensions, new Map<number, Uint8Array>()]) {
      const server = { version, random, ciphersuite: 0xc0a8, compression: 0, extensions: map };
      expect(hello.readServerHello(hello.writeServerHello(server))).toEqual(server);
    }
    expect(hello.readServerName(hello.writeServerName('server.test'))).toBe('server.test');
  });

  it('cut anywhere are malformed, except before their extensions', () => {
    const whole = hello.writeClientHello(CLIENT_HELLO);
    const bare = whole.length - 2 - 4 - 4 - hello.writeServerName('server.test').length;
    for (let size = 0; size < whole.length; size += 1) {
      expect(hello.readClientHello(whole.subarray(0, size)) === undefined, `${size}`).toBe(size !== bare);
    }
    expect(hello.readClientHello(Uint8Array.of(...whole, 0))).toBeUndefined();
  });

  it('with the same extension twice are malformed', () => {
    const whole = hello.writeClientHello({ ...CLIENT_HELLO, extensions: new Map([[23, new Uint8Array(0)]]) });
    const twice = Uint8Array.of(...whole.subarray(0, whole.length - 6), 0, 8, 0, 23, 0, 0, 0, 23, 0, 0);
    expect(hello.readClientHello(twice)).toBeUndefined();
  });

  it.each([
    [[254, 255, 0], 0],
    [[254, 253, 3, 1, 2, 3], 3],
    [[254, 253, 3, 1, 2], undefined],
    [[254, 253, 1, 1, 2], undefined],
    [[254], undefined],
  ])('HelloVerifyRequest %j: cookie of %s bytes', (bytes, length) => {
    expect(hello.readHelloVerifyRequest(Uint8Array.from(bytes))?.length).toBe(length);
  });
});

describe('parsers', () => {
  it('never throw on bytes that nobody vouches for', () => {
    const readers = [
      hello.readClientHello,
      hello.readServerHello,
      hello.readHelloVerifyRequest,
      hello.readServerName,
      readPskExchange,
      readFragments,
      (bytes: Uint8Array) => readRecord(bytes, 0),
    ];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void readers.map((read) => read(bytes))),
      {
        seed: 1,
        numRuns: 2_000,
      },
    );
  });

  it('give back every fragment of a message, wherever it is cut', () => {
    const body = new Uint8Array(randomBytes(40));
    const cut = fc.tuple(fc.nat(40), fc.nat(40));
    fc.assert(
      fc.property(cut, ([offset, end]) => {
        const size = Math.max(0, end - offset);
        const [fragment] = readFragments(writeFragment({ type: 16, sequence: 3, body }, offset, size))!;
        expect(fragment).toMatchObject({ type: 16, sequence: 3, length: 40, offset });
        expect([...fragment!.body]).toEqual([...body.subarray(offset, offset + size)]);
      }),
      { seed: 1 },
    );
  });
});
