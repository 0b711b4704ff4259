import { describe, expect, it } from 'vitest';
import { driven } from '../../test/driven.ts';
import { kept } from '../../test/scripted-association.ts';
import type { DriverHost } from './driver-host.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

describe('a question to the application', () => {
  const key = Uint8Array.from(Buffer.from('secret'));
  const cases: [string, DriverHost['answer'], string | undefined][] = [
    ['at once', () => key, 'secret'],
    ['later', () => Promise.resolve(key), 'secret'],
    ['with nothing', () => undefined, undefined],
    [
      'by throwing',
      () => {
        throw new Error('no database');
      },
      undefined,
    ],
    ['by rejecting', () => Promise.reject(new Error('no database')), undefined],
    ['with a text', () => 'secret' as never, undefined],
    ['by nobody', undefined, undefined],
  ];
  it.each(cases)('is answered %s', async (_, answer, expected) => {
    const { lower, association } = driven({ answer });
    kept.length = 0;
    lower.deliver('Nidentity');
    await new Promise(setImmediate);
    expect(association.answers).toEqual([expected]);
    expect(kept.map(text)).toEqual(expected === undefined ? [] : ['\0'.repeat(6)]);
    expect(text(key)).toBe('secret');
  });

  it('keeps the identity that was asked for', () => {
    const identities: string[] = [];
    const { lower } = driven({
      answer: async (what) => {
        await undefined;
        if (what.kind === 'psk') identities.push(text(what.identity));
        return undefined;
      },
    });
    lower.deliver('None');
    lower.deliver('Ntwo');
    return new Promise(setImmediate).then(() => expect(identities).toEqual(['one', 'two']));
  });

  it('is taken back when the association is over, and a late answer goes nowhere', async () => {
    let signal!: AbortSignal;
    let resolve!: (key: Uint8Array) => void;
    const { lower, driver, association } = driven({
      answer(_, aborted) {
        signal = aborted;
        return new Promise((done) => {
          resolve = done;
        });
      },
    });
    lower.deliver('Nx');
    expect(signal.aborted).toBe(false);
    driver.destroy();
    expect(signal.aborted).toBe(true);
    resolve(key);
    await new Promise(setImmediate);
    expect(association.answers).toEqual([]);
  });
});
