import { describe, expect, it } from 'vitest';
import { bytesOf, NativeLayer, NO_ID, options, otherEnd, SUITES } from '../test/record-layers.ts';
import { RecordTwin, type TwinRecord } from '../test/record-twin.ts';

const ID_LENGTHS = [0, 1, 2, 7, 8, 16, 20, 254, 255];
const CONTENTS = [0, 1, 15, 16, 17, 64, 1_024, 16_384].map((length) => bytesOf(`content ${length}`, length));

/** Text compares faster than bytes one by one. */
const readable = (record: TwinRecord) => ({ ...record, content: Buffer.from(record.content).toString('hex') });

describe.each(SUITES)('records of $name', (suite) => {
  it.each(ID_LENGTHS)('with an id of %i bytes are those of the twin, both ways', (length) => {
    const client = options({ peerId: bytesOf('id', length) });
    using native = NativeLayer.create(suite, client);
    using peer = NativeLayer.create(suite, otherEnd(client));
    const twin = new RecordTwin(suite, client);
    const other = new RecordTwin(suite, otherEnd(client));
    for (const content of CONTENTS) {
      const record = native.seal(23, content);
      expect(record.equals(twin.seal(23, content))).toBe(true);
      const expected = { verdict: 'opened', type: 23, content: content.toString('hex'), newest: true };
      expect(readable(peer.open(record, 0))).toEqual({ ...expected, next: record.length });
      expect(readable(other.open(record, 0))).toEqual({ ...expected, next: record.length });
      const answer = peer.seal(22, content);
      expect(answer.equals(other.seal(22, content))).toBe(true);
      expect(readable(native.open(answer, 0))).toEqual({ ...expected, type: 22, next: answer.length });
    }
  });

  it('hide the size of what they carry behind zeros, if there is an id', () => {
    const client = options({ peerId: bytesOf('id', 8) });
    using native = NativeLayer.create(suite, client);
    using peer = NativeLayer.create(suite, otherEnd(client));
    const twin = new RecordTwin(suite, client);
    for (const padding of [1, 15, 255, 16_384 - 20]) {
      const content = Buffer.concat([bytesOf('content', 10), new Uint8Array(10)]);
      const record = native.seal(23, content, padding);
      expect(record.equals(twin.seal(23, content, padding))).toBe(true);
      const expected = { verdict: 'opened', type: 23, content: content.toString('hex') };
      expect(readable(peer.open(record, 0))).toMatchObject(expected);
    }
    expect(native.seal(23, bytesOf('content', 20), 16_384 - 19)).toHaveLength(0);
    using plain = NativeLayer.create(suite, options({ ownId: NO_ID }));
    expect(plain.seal(23, bytesOf('content', 20), 1)).toHaveLength(0);
  });
});
