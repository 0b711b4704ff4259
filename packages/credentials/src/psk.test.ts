import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { failure, rejection } from '../test/failure.ts';
import { psk } from './psk.ts';
import { pskIdentityFromBuffer, pskIdentityFromEngine, pskKeyFromBuffer, pskKeyFromEngine } from './psk-material.ts';
import { pskServer } from './psk-server.ts';
import { resolvePsk } from './resolve-psk.ts';
import { wipeSecurity } from './wiping.ts';

const KEY = Uint8Array.from({ length: 16 }, (_, index) => index + 1);
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const signal = new AbortController().signal;

describe('psk', () => {
  it.each([
    ['text', 'dev-1'],
    ['bytes', Buffer.from('dev-1')],
    ['a description', pskIdentityFromBuffer('dev-1')],
  ])('takes an identity as %s', async (_what, identity) => {
    const info = psk({ identity, key: KEY });
    const resolved = await resolvePsk(info);
    expect([text(resolved.identity), resolved.key]).toEqual(['dev-1', KEY]);
    expect([Object.isFrozen(info), info.mode]).toEqual([true, 'psk']);
  });

  it('resolves engine sources by the engine, and copies what it says', async () => {
    const info = psk({ identity: pskIdentityFromEngine('id'), key: pskKeyFromEngine('key') });
    const kept = Uint8Array.from(KEY);
    const engine = { pskIdentity: (query: string) => Buffer.from(query), pskKey: async () => kept };
    const resolved = await resolvePsk(info, { engine });
    expect([text(resolved.identity), resolved.key]).toEqual(['id', KEY]);
    expect(resolved.key).not.toBe(kept);
  });

  it.each([
    [undefined, 'ENOTSUP', 'identity (engine id): the source is an engine, but no KeyEngine was given'],
    [{}, 'ENOTSUP', 'this KeyEngine has no pskIdentity()'],
    [{ pskIdentity: () => 'text' as never }, 'EINVAL', 'expected a Uint8Array from the engine'],
    [{ pskIdentity: () => Promise.reject(new Error('no card')) }, 'EIO', 'the key engine failed'],
    [{ pskIdentity: () => new Uint8Array(0) }, 'EINVAL', 'identity: expected at least 1 byte'],
  ])('engine %j', async (engine, code, message) => {
    const info = psk({ identity: pskIdentityFromEngine('id'), key: KEY });
    const error = await rejection(() => resolvePsk(info, { engine }));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
  });

  it.each<[string, unknown, string]>([
    ['no argument', undefined, 'psk: expected an object, received undefined'],
    ['an unknown field', { identity: 'a', key: KEY, hint: '' }, "unknown field 'hint'; known are identity, key"],
    ['no identity', { key: KEY }, 'identity: expected a text or a Uint8Array, received undefined'],
    ['no key', { identity: 'a' }, 'key: expected a Uint8Array, received undefined'],
    ['an empty identity', { identity: '', key: KEY }, 'identity: expected at least 1 byte, received 0'],
    ['an empty key', { identity: 'a', key: new Uint8Array(0) }, 'key: expected at least 1 byte, received 0'],
    ['a long identity', { identity: 'a'.repeat(65_536), key: KEY }, 'at most 65535 bytes, received 65536'],
    ['a long key', { identity: 'a', key: new Uint8Array(65_536) }, 'key: expected at most 65535 bytes'],
    [
      'a key as text',
      { identity: 'a', key: 'sesame' },
      'key: expected a Uint8Array, received a string of 6 characters',
    ],
    ['a number', { identity: 7, key: KEY }, 'identity: expected a text or a Uint8Array, received a number'],
    ['key and identity swapped', { identity: pskKeyFromBuffer(KEY), key: KEY }, "expected 'pskIdentity'"],
    ...(['empty', 'file', 'path', 'array', 'list'] as const).flatMap((source): [string, unknown, string][] => [
      [`a key from ${source}`, { identity: 'a', key: describeSource('pskKey', source) }, 'key.source:'],
      [`an identity from ${source}`, { identity: describeSource('pskIdentity', source), key: KEY }, 'identity.source:'],
    ]),
  ])('refuses %s', (_what, options, message) => {
    const error = failure(() => psk(options as never));
    expect([error.code, error.message]).toEqual(['EINVAL', expect.stringContaining(message)]);
    expect(error.message).not.toContain('sesame');
  });

  it.each(['empty', 'file', 'path'] as const)('a hand-made %s key is refused when it is resolved', async (source) => {
    const info = { mode: 'psk', identity: pskIdentityFromBuffer('a'), key: describeSource('pskKey', source) } as never;
    expect((await rejection(() => resolvePsk(info))).message).toContain("key.source: expected 'buffer' or 'engine'");
  });
});

describe('pskServer', () => {
  it.each([
    ['an object', { 'dev-1': KEY }],
    ['a Map of texts', new Map([['dev-1', KEY]])],
    ['a Map of bytes', new Map([[Buffer.from('dev-1'), KEY]])],
  ])('looks identities up in %s', async (_what, identities) => {
    const { lookup } = pskServer({ identities });
    expect(await lookup(Buffer.from('dev-1'), signal)).toEqual(KEY);
    expect(await lookup(Buffer.from('dev-2'), signal)).toBeUndefined();
  });

  it('knows nothing but what was given', async () => {
    const { lookup } = pskServer({ identities: { 'dev-1': KEY } });
    for (const name of ['__proto__', 'toString', '']) expect(await lookup(Buffer.from(name), signal)).toBeUndefined();
  });

  it('copies keys, so later changes have no effect', async () => {
    const identities = new Map([['a', Uint8Array.from(KEY)]]);
    const { lookup } = pskServer({ identities });
    identities.get('a')?.fill(0);
    identities.clear();
    expect(await lookup(Buffer.from('a'), signal)).toEqual(KEY);
  });

  it('keeps a function, a hint and the way to treat strangers', () => {
    const lookup = () => KEY;
    const info = pskServer({ lookup, identityHint: '', unknownIdentity: 'alert' });
    expect(info).toEqual({ mode: 'psk', lookup, identityHint: new Uint8Array(0), unknownIdentity: 'alert' });
    expect(Object.keys(pskServer({ lookup }))).toEqual(['mode', 'lookup']);
  });

  it.each<[string, object, string]>([
    ['neither', {}, 'expected either lookup or identities, received neither'],
    ['both', { lookup: () => KEY, identities: { a: KEY } }, 'received both'],
    ['no function', { lookup: KEY }, 'lookup: expected a function, received 16 bytes'],
    ['no table', { identities: 'a' }, 'identities: expected a Map or an object'],
    ['an array', { identities: [['a', KEY]] }, 'identities: expected a Map or an object'],
    ['an empty table', { identities: {} }, 'identities: expected at least one identity'],
    ['an empty identity', { identities: { '': KEY } }, 'identities[0].identity: expected at least 1 byte'],
    ['an empty key', { identities: { a: KEY, b: new Uint8Array(0) } }, 'identities[1].key: expected at least 1 byte'],
    ['a key as text', { identities: { a: 'sesame' } }, 'identities[0].key: expected a Uint8Array, received a string'],
    [
      'one identity twice',
      {
        identities: new Map<unknown, Uint8Array>([
          ['a', KEY],
          [Buffer.from('a'), KEY],
        ]),
      },
      'twice',
    ],
    ['a long hint', { identities: { a: KEY }, identityHint: 'x'.repeat(65_536) }, 'identityHint: expected at most'],
    ['another treatment', { identities: { a: KEY }, unknownIdentity: 'warn' }, "expected 'conceal' or 'alert'"],
    ['an unknown field', { identities: { a: KEY }, key: KEY }, "unknown field 'key'"],
  ])('refuses %s', (_what, options, message) => {
    const error = failure(() => pskServer(options as never));
    expect([error.code, error.message]).toEqual(['EINVAL', expect.stringContaining(message)]);
    expect(error.message).not.toContain('sesame');
  });

  it('shows no key and forgets them when wiped', () => {
    const info = pskServer({ identities: { a: Buffer.from('marked-key') } });
    const shown = inspect(info, { showHidden: true, depth: 9 }) + JSON.stringify(info);
    expect(shown).not.toContain('marked');
    wipeSecurity({ ...info });
    expect(failure(() => info.lookup(Buffer.from('a'), signal)).message).toContain('wiped');
  });
});

function describeSource(type: string, source: 'empty' | 'file' | 'path' | 'array' | 'list'): object {
  return { type, source, filename: 'f', path: 'p', elements: [], list: [] };
}
