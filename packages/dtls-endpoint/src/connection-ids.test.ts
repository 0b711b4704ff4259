import { NetError, type SecureConfiguration } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { connectionIds } from './connection-ids.ts';

const made = (wanted: SecureConfiguration['connectionId'], role: 'client' | 'server' = 'server') =>
  connectionIds(wanted, role, (init) => new NetError({ ...init, operation: 'createSocket', backend: 'fake' }));
const hex = (id: Uint8Array): string => Buffer.from(id).toString('hex');

describe('connection ids', () => {
  it.each<[SecureConfiguration['connectionId'], 'client' | 'server', number | undefined]>([
    [undefined, 'server', undefined],
    [false, 'server', undefined],
    [true, 'server', 8],
    [{}, 'server', 8],
    [true, 'client', 0],
    [{ length: 0 }, 'server', 0],
    [{ length: 20 }, 'client', 20],
    [{ length: 254 }, 'server', 254],
    [{ generate: () => new Uint8Array(5) }, 'server', 5],
    [{ generate: () => new Uint8Array(5), length: 5 }, 'client', 5],
  ])('%j of a %s have the length that it asks for', (wanted, role, length) => {
    const ids = made(wanted, role);
    expect(ids?.length).toBe(length);
    if (length !== undefined) expect(ids!.make()).toHaveLength(length);
  });

  it('differ from each other, over more of them than random bytes are drawn for at once', () => {
    const ids = made({ length: 7 })!;
    expect(new Set(Array.from({ length: 2_000 }, () => hex(ids.make()))).size).toBe(2_000);
    const one = ids.make();
    const kept = hex(one);
    for (let count = 0; count < 2_000; count++) ids.make();
    expect(hex(one)).toBe(kept);
  });

  it('are asked for again while they are taken, and not for ever', () => {
    let count = 0;
    const ids = made({ generate: () => Uint8Array.of(count++) })!;
    expect(ids.make(([byte]) => byte! < 3)).toEqual(Uint8Array.of(3));
    expect(() => ids.make(() => true)).toThrow(
      expect.objectContaining({ code: 'EADDRINUSE', message: expect.stringMatching(/more than 1 bytes/) }),
    );
  });

  it('are copies of what a function gives', () => {
    const shared = Uint8Array.of(1, 2);
    const ids = made({ generate: () => shared })!;
    const [first, second] = [ids.make(), ids.make()];
    shared.fill(9);
    expect([first, second]).toEqual([Uint8Array.of(1, 2), Uint8Array.of(1, 2)]);
  });

  it.each<[string, SecureConfiguration['connectionId'], RegExp]>([
    ['gives no bytes', { generate: () => 'id' as never }, /gave a value of type string/],
    ['gives another length', { length: 4, generate: () => new Uint8Array(3) }, /must give 4 bytes.*gave 3 bytes/],
    ['gives too many', { generate: () => new Uint8Array(255) }, /at most 254/],
    [
      'throws',
      {
        generate: () => {
          throw new Error('no');
        },
      },
      /threw/,
    ],
  ])('are refused at once where the function %s', (_name, wanted, message) => {
    expect(() => made(wanted)).toThrow(
      expect.objectContaining({ code: 'EINVAL', message: expect.stringMatching(message) }),
    );
  });

  it('have one length: a function that changes its mind is refused', () => {
    let length = 4;
    const ids = made({ generate: () => new Uint8Array(length++) })!;
    ids.make();
    expect(() => ids.make()).toThrow(/must give 4 bytes, as many as before; it gave 5/);
  });
});
