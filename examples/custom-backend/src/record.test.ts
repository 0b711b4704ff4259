import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CIPHERSUITES } from './ciphersuite.ts';
import { APPLICATION_DATA, type DtlsRecord, overhead, readRecord, sealRecord } from './record.ts';
import { RecordLayer } from './record-layer.ts';
import { ReplayWindow } from './replay-window.ts';

const direction = () => ({ key: new Uint8Array(randomBytes(16)), iv: new Uint8Array(randomBytes(4)) });
const payload = Buffer.from('twenty bytes payload');

describe.each(CIPHERSUITES)('records of $name', (suite) => {
  const layers = () => {
    const [one, other] = [direction(), direction()];
    const [left, right] = [new RecordLayer(), new RecordLayer()];
    const copy = (keys: typeof one) => ({ key: keys.key.slice(), iv: keys.iv.slice() });
    left.protect(suite, { write: copy(one), read: copy(other) });
    right.protect(suite, { write: copy(other), read: copy(one) });
    return { left, right };
  };
  const parsed = (bytes: Uint8Array): DtlsRecord => readRecord(bytes, 0)!;

  it('open to what was sealed, cost what they say, and carry their number as nonce', () => {
    const { left, right } = layers();
    const sealed = left.write(APPLICATION_DATA, 1, payload);
    expect(sealed.length).toBe(payload.length + overhead(suite));
    expect(parsed(sealed)).toMatchObject({ type: 23, version: 0xfefd, epoch: 1, sequence: 0 });
    expect([...sealed.subarray(13, 21)]).toEqual([...sealed.subarray(3, 11)]);
    expect(Buffer.from(right.read(parsed(sealed)) as Uint8Array).toString()).toBe(payload.toString());
    expect(right.read(parsed(sealed))).toBe('replayed');
  });

  it('do not open with any single bit changed, and the true one still does', () => {
    const { left, right } = layers();
    const sealed = left.write(APPLICATION_DATA, 1, payload);
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const forged = sealed.slice();
      forged[bit >> 3]! ^= 1 << (bit & 7);
      const record = readRecord(forged, 0);
      if (record !== undefined) expect(right.read(record), `bit ${bit}`).toBe('badRecordMac');
    }
    expect(typeof right.read(parsed(sealed))).not.toBe('string');
  });

  it('keep the number of a huge record from moving the window', () => {
    const { left, right } = layers();
    const keys = direction();
    const huge = sealRecord(suite, keys, { type: 23, epoch: 1, sequence: 2 ** 48 - 1 }, payload);
    expect(parsed(huge).sequence).toBe(2 ** 48 - 1);
    expect(right.read(parsed(huge))).toBe('badRecordMac');
    expect(typeof right.read(parsed(left.write(APPLICATION_DATA, 1, payload)))).not.toBe('string');
  });

  it('wipe their keys and read nothing afterwards', () => {
    const keys = { write: direction(), read: direction() };
    const layer = new RecordLayer();
    layer.protect(suite, keys);
    layer.destroy();
    for (const { key, iv } of Object.values(keys)) expect([...key, ...iv].every((byte) => byte === 0)).toBe(true);
    expect(() => layer.write(APPLICATION_DATA, 1, payload)).toThrow(/no keys/);
  });
});

describe('the replay window', () => {
  /** Record numbers in the order of arrival, and whether each is fresh. */
  it.each<[name: string, steps: [sequence: number, fresh: boolean][]]>([
    [
      'in order',
      [
        [0, true],
        [1, true],
        [2, true],
      ],
    ],
    [
      'repeated',
      [
        [0, true],
        [0, false],
        [1, true],
        [1, false],
        [0, false],
      ],
    ],
    [
      'out of order',
      [
        [5, true],
        [3, true],
        [4, true],
        [3, false],
        [5, false],
      ],
    ],
    [
      'the edge of 64',
      [
        [64, true],
        [1, true],
        [0, false],
        [65, true],
        [1, false],
        [2, true],
      ],
    ],
    [
      'a jump beyond the window',
      [
        [1, true],
        [1_000, true],
        [1, false],
        [936, false],
        [937, true],
      ],
    ],
    [
      'numbers with the same slot',
      [
        [0, true],
        [64, true],
        [0, false],
        [128, true],
        [64, false],
      ],
    ],
    [
      'beyond 32 bits',
      [
        [2 ** 32, true],
        [2 ** 32 - 1, true],
        [2 ** 32, false],
        [2 ** 48 - 1, true],
        [2 ** 32 + 1, false],
      ],
    ],
  ])('%s', (_, steps) => {
    const window = new ReplayWindow();
    for (const [sequence, fresh] of steps) {
      expect(window.isFresh(sequence), `${sequence}`).toBe(fresh);
      if (fresh) window.accept(sequence);
    }
  });
});
