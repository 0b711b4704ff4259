import { describe, expect, it } from 'vitest';
import { bufferSessionStore, memorySessionStore } from './session-store.ts';

const session = (length = 4, fill = 7): Uint8Array => new Uint8Array(length).fill(fill);

describe('a store in memory', () => {
  it('keeps what it is given as a copy of its own, until it is deleted', () => {
    const store = memorySessionStore();
    const given = session();
    store.set('a', given);
    given.fill(0);
    expect(store.get('a')).toEqual(session());
    store.delete('a');
    expect(store.get('a')).toBeUndefined();
    store.delete('a');
  });

  it('lets the oldest go beyond its capacity', () => {
    const store = memorySessionStore({ capacity: 2 });
    for (const key of ['a', 'b', 'a', 'c']) store.set(key, session());
    expect(['a', 'b', 'c'].map((key) => store.get(key) !== undefined)).toEqual([true, false, true]);
  });

  it.each(['replaced', 'deleted', 'crowded out'])('overwrites what is %s', async (how) => {
    const store = memorySessionStore({ capacity: 1 });
    store.set('a', session());
    const held = await store.get('a');
    if (how === 'replaced') store.set('a', session(4, 9));
    else if (how === 'deleted') store.delete('a');
    else store.set('b', session(4, 9));
    expect(held).toEqual(new Uint8Array(4));
  });

  it.each([0, -1, 0.5, Number.NaN])('has no capacity of %s', (capacity) => {
    expect(() => memorySessionStore({ capacity })).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });
});

describe("a store in the caller's buffer", () => {
  it('gives what was written, also out of a copy of the buffer', () => {
    const buffer = new Uint8Array(64);
    bufferSessionStore(buffer).set('a', session());
    expect(bufferSessionStore(buffer.slice()).get('whatever key')).toEqual(session());
  });

  it('fills the rest with zeros', () => {
    const buffer = new Uint8Array(64).fill(0xff);
    const store = bufferSessionStore(buffer);
    store.set('a', session(40));
    store.set('a', session(4));
    expect(buffer.subarray(8)).toEqual(new Uint8Array(56));
  });

  it.each([
    ['does not fit', 61],
    ['is far too large', 4_096],
  ])('holds zeros after a session that %s', (_what, length) => {
    const buffer = new Uint8Array(64);
    const store = bufferSessionStore(buffer);
    store.set('a', session());
    store.set('a', session(length));
    expect(buffer).toEqual(new Uint8Array(64));
    expect(store.get('a')).toBeUndefined();
  });

  it('takes a session that just fits', () => {
    const buffer = new Uint8Array(64);
    const store = bufferSessionStore(buffer);
    store.set('a', session(60));
    expect(store.get('a')).toEqual(session(60));
  });

  it('is zeros when its session is deleted', () => {
    const buffer = new Uint8Array(64);
    const store = bufferSessionStore(buffer);
    store.set('a', session());
    store.delete('a');
    expect(buffer).toEqual(new Uint8Array(64));
  });

  it('writes into a part of larger memory and nowhere else', () => {
    const memory = new Uint8Array(96).fill(0xee);
    const store = bufferSessionStore(memory.subarray(16, 80));
    store.set('a', session());
    expect(store.get('a')).toEqual(session());
    expect([...memory.subarray(0, 16), ...memory.subarray(80)].every((byte) => byte === 0xee)).toBe(true);
  });

  it.each([0x00, 0x55, 0xff])('holds nothing while it is full of 0x%s', (fill) => {
    expect(bufferSessionStore(new Uint8Array(64).fill(fill)).get('a')).toBeUndefined();
  });

  it.each([undefined, 'text', new Uint8Array(4), new Uint16Array(9)])('cannot be %s', (buffer) => {
    expect(() => bufferSessionStore(buffer as Uint8Array)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });
});
