import { describe, expect, it } from 'vitest';
import type { SessionStore } from '../contract/configuration.ts';
import { SessionKeeping } from './session-keeping.ts';

const bonds = ['tls-x', 'credential', 'server.example'];
const session = (): Uint8Array => Uint8Array.of(1, 2, 3, 4);

function keeping(store: SessionStore, change: readonly string[] = bonds): SessionKeeping {
  return new SessionKeeping({ store, bonds: change });
}

describe('a kept session', () => {
  it('comes back, in another object and as often as it is asked for', async () => {
    const store = new Map<string, Uint8Array>();
    keeping(store).save(session());
    await keeping(store).load();
    expect(await keeping(store).load()).toEqual(session());
    expect(await keeping(store).load()).toEqual(session());
  });

  it('is the latest, whatever the store takes for it', async () => {
    const kept = new Map<string, Uint8Array>();
    const delays = [20, 0];
    const store: SessionStore = {
      get: async (key) => kept.get(key),
      delete: (key) => kept.delete(key),
      async set(key, value) {
        for (let turns = delays.shift() ?? 0; turns > 0; turns--) await Promise.resolve();
        kept.set(key, value);
      },
    };
    const subject = keeping(store);
    subject.save(Uint8Array.of(1));
    subject.save(Uint8Array.of(2));
    expect(await subject.load()).toEqual(Uint8Array.of(2));
  });

  it('is wiped where it came from', () => {
    const given = session();
    keeping(new Map()).save(given);
    expect(given).toEqual(new Uint8Array(4));
  });

  it('is gone when it is forgotten', async () => {
    const store = new Map<string, Uint8Array>();
    const subject = keeping(store);
    subject.save(session());
    subject.forget();
    expect(await subject.load()).toBeUndefined();
    expect(store.size).toBe(0);
  });

  it.each([
    ['backend', ['tls-y', 'credential', 'server.example']],
    ['credential', ['tls-x', 'other', 'server.example']],
    ['server name', ['tls-x', 'credential', 'other.example']],
    ['division of the same text', ['tls-x', 'credentials', 'erver.example']],
  ])('is not that of another %s, though the store gave it', async (_what, other) => {
    let slot: Uint8Array | undefined;
    const store: SessionStore = {
      get: () => slot,
      set: (_key, value) => {
        slot = value;
      },
      delete: () => {},
    };
    const subject = keeping(store);
    subject.save(session());
    expect(await subject.load()).toEqual(session());
    expect(keeping(store, other).key).not.toBe(subject.key);
    expect(await keeping(store, other).load()).toBeUndefined();
  });

  it('is not used with a single bit of it changed, cut or extended', async () => {
    const store = new Map<string, Uint8Array>();
    const subject = keeping(store);
    subject.save(session());
    await subject.load();
    const kept = store.get(subject.key)!;
    for (let bit = 0; bit < kept.length * 8; bit += 1) {
      const damaged = Uint8Array.from(kept);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      store.set(subject.key, damaged);
      expect(await subject.load()).toBeUndefined();
    }
    for (const wrong of [kept.subarray(1), kept.subarray(0, -1), kept.subarray(0, 32), new Uint8Array(1024)]) {
      store.set(subject.key, wrong);
      expect(await subject.load()).toBeUndefined();
    }
  });

  it.each([undefined, null, 'text', 7, {}, [1, 2]])('is none if the store gives %j', async (value) => {
    const store = { get: () => value, set: () => {}, delete: () => {} } as unknown as SessionStore;
    expect(await keeping(store).load()).toBeUndefined();
  });

  it.each(['throws', 'rejects'])('costs a trace event and nothing else where the store %s', async (how) => {
    const fail = (): never | Promise<never> => {
      const error = new Error('disk full');
      if (how === 'throws') throw error;
      return Promise.reject(error);
    };
    const events: object[] = [];
    const store: SessionStore = { get: fail, set: fail, delete: fail };
    const subject = new SessionKeeping({ store, bonds, trace: (event) => events.push(event) });
    subject.save(session());
    subject.forget();
    expect(await subject.load()).toBeUndefined();
    expect(events).toEqual(
      ['set', 'delete', 'get'].map((operation) => ({ type: 'sessionStoreFailed', operation, message: 'disk full' })),
    );
  });
});
