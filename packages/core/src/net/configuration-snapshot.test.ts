import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { SecureConfiguration } from '../contract/configuration.ts';
import { snapshotConfiguration, wipeSnapshot } from './configuration-snapshot.ts';

const snapshot = <T>(value: T): T => snapshotConfiguration(value, 'createSocket');
const credential = (type: string, buffer: Uint8Array) => ({ type, source: 'buffer', buffer });

describe('a snapshot', () => {
  it('holds what was configured and follows no later change', () => {
    const key = Uint8Array.of(1, 2, 3);
    const ciphersuites = [0xc0a8];
    const original = { security: { mode: 'psk', key: credential('pskKey', key) }, ciphersuites };
    const copy = snapshot(original);
    key.fill(9);
    ciphersuites.push(1);
    original.security.mode = 'certificate';
    expect(copy.security.mode).toBe('psk');
    expect(copy.security.key.buffer).toEqual(Uint8Array.of(1, 2, 3));
    expect(copy.ciphersuites).toEqual([0xc0a8]);
    expect(Object.isFrozen(copy.security)).toBe(true);
  });

  it('keeps bytes out of the shared Buffer pool and out of sight', () => {
    const copy = snapshot({ key: credential('pskKey', Buffer.from('hunter2')) });
    expect(copy.key.buffer.buffer.byteLength).toBe(7);
    expect(inspect(copy, { depth: 9 }) + JSON.stringify(copy)).not.toMatch(/hunter2|104|buffer"?:/);
  });

  it('reads properties that are not enumerable, and their getters once', () => {
    let reads = 0;
    const info = { type: 'pskKey', source: 'buffer' };
    Object.defineProperty(info, 'buffer', {
      get() {
        reads += 1;
        return Uint8Array.of(5);
      },
    });
    expect((snapshot(info) as unknown as { buffer: Uint8Array }).buffer).toEqual(Uint8Array.of(5));
    expect(reads).toBe(1);
  });

  it('walks an iterable once', () => {
    function* chain(): Generator<object> {
      yield credential('certificateChain', Uint8Array.of(1));
      yield credential('certificateChain', Uint8Array.of(2));
    }
    const copy = snapshot({ source: 'list', list: chain() }) as unknown as { list: { buffer: Uint8Array }[] };
    expect(copy.list.map(({ buffer }) => buffer[0])).toEqual([1, 2]);
    expect([...copy.list]).toHaveLength(2);
  });

  it('shares what is meant to be shared', () => {
    const shared = {
      backendConfiguration: { preferredEndpoint: {} },
      session: { get() {}, set() {}, delete() {} },
      keylog: () => {},
    };
    const copy = snapshot(shared);
    expect(copy.backendConfiguration.preferredEndpoint).toBe(shared.backendConfiguration.preferredEndpoint);
    expect(copy.session).toBe(shared.session);
    expect(copy.keylog).toBe(shared.keylog);
  });

  it('copies and wipes the credentials of hosts, whatever these are called', () => {
    const named = () => ({ serverCert: {}, serverKey: credential('privateKey', Uint8Array.of(1, 2)) });
    const names = { session: named(), buffer: named(), 'a.example': named() };
    const copy = snapshot({ server: { names } }).server.names;
    expect(Object.keys(copy)).toEqual(Object.keys(names));
    const keys = Object.values(copy).map(({ serverKey }) => serverKey.buffer);
    expect(keys).toEqual(Array(3).fill(Uint8Array.of(1, 2)));
    wipeSnapshot(copy);
    expect(keys).toEqual(Array(3).fill(new Uint8Array(2)));
    expect(names.session.serverKey.buffer).toEqual(Uint8Array.of(1, 2));
  });

  it('keeps brands', () => {
    const brand = Symbol.for('@avs-net/credentials/withoutServerCertValidation');
    expect((snapshot({ [brand]: true }) as Record<symbol, unknown>)[brand]).toBe(true);
  });

  it('wipes every byte that it copied and nothing that is shared', () => {
    const stored = Uint8Array.of(7);
    const original = {
      security: { key: credential('pskKey', Uint8Array.of(1, 2)), password: Uint8Array.of(3) },
      trusted: [{ list: new Set([credential('certificateChain', Uint8Array.of(4))]) }],
      session: { stored },
    };
    const copy = snapshot(original);
    const [element] = copy.trusted[0]!.list as unknown as { buffer: Uint8Array }[];
    wipeSnapshot(copy);
    expect(copy.security.key.buffer).toEqual(new Uint8Array(2));
    expect(copy.security.password).toEqual(new Uint8Array(1));
    expect(element!.buffer).toEqual(new Uint8Array(1));
    expect(stored).toEqual(Uint8Array.of(7));
    expect(original.security.key.buffer).toEqual(Uint8Array.of(1, 2));
  });

  const detached = (): Uint8Array => {
    const bytes = Uint8Array.of(1, 2, 3);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    return bytes;
  };
  const loop: unknown[] = [];
  loop.push(loop);
  const wiped = Object.defineProperty({ source: 'buffer' }, 'buffer', {
    get() {
      throw new Error('this credential was wiped');
    },
  });
  function* endless(): Generator<number> {
    for (;;) yield 1;
  }

  it.each<[string, () => unknown, RegExp]>([
    ['detached bytes', () => ({ security: { key: { buffer: detached() } } }), /security\.key\.buffer is detached/],
    ['a wiped credential', () => ({ security: { key: wiped } }), /security\.key\.buffer cannot be read: .*wiped/],
    ['a loop', () => ({ alpn: loop }), /nested deeper/],
    ['an endless list', () => ({ a: { list: endless() } }), /a\.list has more than/],
  ])('refuses %s', (_, make, message) => {
    expect(() => snapshot(make() as SecureConfiguration)).toThrow(
      expect.objectContaining({ code: 'EINVAL', operation: 'createSocket', message: expect.stringMatching(message) }),
    );
  });

  it('takes bytes of no length', () => {
    expect(snapshot({ hint: new Uint8Array(0) })).toEqual({ hint: new Uint8Array(0) });
  });
});
