/** Records that somebody has changed, cut, made up, or that nobody should have sent: refused, and nothing else. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, NativeLayer, NO_ID, options, otherEnd, SUITES } from '../test/record-layers.ts';
import { RecordTwin } from '../test/record-twin.ts';

const MESSAGE = bytesOf('message', 21);
const LAST = 2 ** 48 - 1;

describe.each([
  ['without an id', NO_ID],
  ['with an id', bytesOf('id', 8)],
])('a record %s', (_what, peerId) => {
  const client = options({ peerId });

  it.each(SUITES)('of $name is refused with any bit of it flipped, and opened after that', (suite) => {
    using native = NativeLayer.create(suite, otherEnd(client));
    const sender = new RecordTwin(suite, client);
    for (const message of [MESSAGE, bytesOf('empty', 0)]) {
      const record = sender.seal(23, message);
      for (let bit = 0; bit < 8 * record.length; bit++) {
        const damaged = Buffer.from(record);
        damaged[bit >> 3]! ^= 1 << (bit & 7);
        expect([bit, native.open(damaged, 0).verdict]).not.toEqual([bit, 'opened']);
      }
      expect(native.open(record, 0)).toMatchObject({ verdict: 'opened', content: message, newest: true });
    }
  });

  it.each(SUITES)('of $name is refused at any shorter length, told or true', (suite) => {
    using native = NativeLayer.create(suite, otherEnd(client));
    const record = new RecordTwin(suite, client).seal(23, MESSAGE);
    for (let size = 0; size < record.length; size++) {
      expect(native.open(record.subarray(0, size), 0)).toMatchObject({ verdict: 'malformed', next: size });
    }
    const header = 13 + peerId.length;
    for (let body = 0; body < record.length - header; body++) {
      const short = Buffer.from(record.subarray(0, header + body));
      short.writeUInt16BE(body, header - 2);
      const overhead = (suite.cipher === 'chacha20-poly1305' ? 0 : 8) + suite.tag;
      expect(native.open(short, 0).verdict).toBe(body < overhead ? 'malformed' : 'forged');
    }
    expect(native.open(record, 0)).toMatchObject({ verdict: 'opened', content: MESSAGE });
  });
});

describe.each(SUITES)('a record layer of $name', (suite) => {
  const client = options({ peerId: bytesOf('id', 8) });

  it('wipes what it decrypted of a forged record', () => {
    using native = NativeLayer.create(suite, otherEnd(client));
    const forged = new RecordTwin(suite, client).seal(23, MESSAGE);
    forged[forged.length - 1]! ^= 1;
    const room = native.openInto(forged);
    expect(room.subarray(0, MESSAGE.length + 1)).toEqual(Buffer.alloc(MESSAGE.length + 1));
  });

  it('refuses plain records where it gave an id, ids where it gave none, and ids of others', () => {
    using withId = NativeLayer.create(suite, otherEnd(client));
    using plain = NativeLayer.create(suite, otherEnd(options()));
    const sender = (peerId: Uint8Array) => new RecordTwin(suite, options({ peerId }));
    expect(withId.open(sender(NO_ID).seal(23, MESSAGE), 0).verdict).toBe('wrong-id');
    expect(withId.open(sender(bytesOf('other', 8)).seal(23, MESSAGE), 0).verdict).toBe('wrong-id');
    expect(plain.open(sender(bytesOf('id', 8)).seal(23, MESSAGE), 0).verdict).toBe('wrong-id');
  });

  it('refuses authentic records with nothing but zeros inside, or with more than 2^14 bytes', () => {
    using withId = NativeLayer.create(suite, otherEnd(client));
    using plain = NativeLayer.create(suite, otherEnd(options()));
    const sender = new RecordTwin(suite, client);
    const long = bytesOf('long', 2 ** 14 + 1);
    expect(withId.open(sender.seal(0, NO_ID, 30), 0).verdict).toBe('malformed');
    expect(withId.open(sender.seal(23, long), 0).verdict).toBe('malformed');
    expect(plain.open(new RecordTwin(suite, options()).seal(23, long), 0).verdict).toBe('malformed');
    expect(withId.open(sender.seal(23, long.subarray(1)), 0).verdict).toBe('opened');
    const tooLong = sender.seal(23, bytesOf('too long', 2 ** 14 + 2_048));
    expect(withId.open(tooLong, 0)).toMatchObject({ verdict: 'malformed', newest: false, next: tooLong.length });
  });

  it('seals nothing without room, beyond 2^14 bytes, of type tls12_cid, and with the last number', () => {
    using native = NativeLayer.create(suite, client);
    expect(native.seal(25, MESSAGE)).toHaveLength(0);
    expect(native.seal(23, bytesOf('long', 2 ** 14 + 1))).toHaveLength(0);
    const size = native.seal(23, MESSAGE).length;
    expect(native.seal(23, MESSAGE, 0, size - 1)).toHaveLength(0);
    expect(native.setLimit(LAST), 'what was not sealed took no number').toBe(1);
    using last = NativeLayer.continue(native.state(LAST - 1))!;
    last.setLimit(LAST);
    expect(last.seal(23, MESSAGE, 0, size).readUIntBE(5, 6)).toBe(LAST - 1);
    expect(last.seal(23, MESSAGE)).toHaveLength(0);
  });

  it('survives random bytes, whole or behind a good header', () => {
    using native = NativeLayer.create(suite, otherEnd(client));
    const record = new RecordTwin(suite, client).seal(23, MESSAGE);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(record.length), fc.nat(250), (noise, kept, at) => {
        const datagram = Buffer.concat([record.subarray(0, kept), noise]);
        const whole = datagram.length >= record.length && datagram.subarray(0, record.length).equals(record);
        const { verdict, next } = native.open(datagram, at);
        if (at > 0 || !whole) expect(verdict).not.toBe('opened');
        expect(next).toBeLessThanOrEqual(Math.max(at, datagram.length));
      }),
      { numRuns: 1_000 },
    );
  });
});
