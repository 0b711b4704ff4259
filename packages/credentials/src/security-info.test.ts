import type { SecurityInfo, SecurityInfoType } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { failure } from '../test/failure.ts';
import {
  certificateChainCopyAsArray,
  certificateChainCopyAsList,
  certificateChainFromArray,
  certificateChainFromBuffer,
  certificateChainFromEngine,
  certificateChainFromFile,
  certificateChainFromList,
  certificateChainFromPath,
} from './certificate-chain.ts';
import { privateKeyCopy, privateKeyFromBuffer, privateKeyFromEngine, privateKeyFromFile } from './private-key.ts';
import {
  pskIdentityCopy,
  pskIdentityFromBuffer,
  pskIdentityFromEngine,
  pskKeyCopy,
  pskKeyFromBuffer,
  pskKeyFromEngine,
} from './psk-material.ts';
import {
  certRevocationListCopyAsArray,
  certRevocationListCopyAsList,
  certRevocationListFromArray,
  certRevocationListFromBuffer,
  certRevocationListFromEngine,
  certRevocationListFromFile,
  certRevocationListFromList,
} from './revocation-list.ts';
import { empty } from './security-info.ts';

const BYTES = Uint8Array.of(1, 2, 3);

describe('constructors', () => {
  it.each<[SecurityInfo, SecurityInfoType, string, string, unknown]>([
    [certificateChainFromFile('a.pem'), 'certificateChain', 'file', 'filename', 'a.pem'],
    [certificateChainFromPath('/certs'), 'certificateChain', 'path', 'path', '/certs'],
    [certificateChainFromBuffer(BYTES), 'certificateChain', 'buffer', 'buffer', BYTES],
    [certificateChainFromArray([]), 'certificateChain', 'array', 'elements', []],
    [certificateChainFromList(new Set<never>()), 'certificateChain', 'list', 'list', []],
    [certificateChainFromEngine('pkcs11:id=1'), 'certificateChain', 'engine', 'query', 'pkcs11:id=1'],
    [certRevocationListFromFile('a.crl'), 'certRevocationList', 'file', 'filename', 'a.crl'],
    [certRevocationListFromBuffer(BYTES), 'certRevocationList', 'buffer', 'buffer', BYTES],
    [certRevocationListFromArray([]), 'certRevocationList', 'array', 'elements', []],
    [certRevocationListFromList([]), 'certRevocationList', 'list', 'list', []],
    [certRevocationListFromEngine('q'), 'certRevocationList', 'engine', 'query', 'q'],
    [privateKeyFromFile('k.pem'), 'privateKey', 'file', 'filename', 'k.pem'],
    [privateKeyFromFile('k.pem', BYTES), 'privateKey', 'file', 'password', BYTES],
    [privateKeyFromBuffer(BYTES), 'privateKey', 'buffer', 'buffer', BYTES],
    [privateKeyFromBuffer(BYTES, BYTES), 'privateKey', 'buffer', 'password', BYTES],
    [privateKeyFromEngine('q'), 'privateKey', 'engine', 'query', 'q'],
    [pskKeyFromBuffer(BYTES), 'pskKey', 'buffer', 'buffer', BYTES],
    [pskKeyFromEngine('q'), 'pskKey', 'engine', 'query', 'q'],
    [pskIdentityFromBuffer(BYTES), 'pskIdentity', 'buffer', 'buffer', BYTES],
    [pskIdentityFromBuffer('dev-é'), 'pskIdentity', 'buffer', 'buffer', new TextEncoder().encode('dev-é')],
    [pskIdentityFromEngine('q'), 'pskIdentity', 'engine', 'query', 'q'],
  ])('%j', (info, type, source, field, value) => {
    expect([info.type, info.source]).toEqual([type, source]);
    expect((info as unknown as Record<string, unknown>)[field]).toEqual(value);
    expect(Object.isFrozen(info)).toBe(true);
  });

  it.each(['certificateChain', 'privateKey', 'certRevocationList', 'pskIdentity', 'pskKey'] as const)(
    'empty %s',
    (type) => {
      expect(empty(type)).toEqual({ type, source: 'empty' });
    },
  );

  it('copy bytes into memory of their own, outside the pool and the heap of V8', () => {
    const given = Buffer.from('0123456789abcdef');
    const info = pskKeyFromBuffer(given) as { buffer: Uint8Array };
    given.fill(0);
    expect(Buffer.from(info.buffer).toString()).toBe('0123456789abcdef');
    expect(info.buffer.buffer.byteLength).toBe(16);
  });

  it('walk an iterable once, when called', () => {
    const elements = [certificateChainFromFile('a'), certificateChainFromFile('b')];
    const info = certificateChainFromList(elements.values());
    elements.length = 0;
    for (const _ of [1, 2]) expect([...(info as { list: Iterable<unknown> }).list]).toHaveLength(2);
  });
});

describe('copies', () => {
  const leaf = certificateChainFromBuffer(BYTES);
  const tree = certificateChainFromArray([
    certificateChainFromList([certificateChainFromFile('a'), empty('certificateChain')]),
    certificateChainFromArray([certificateChainFromArray([]), certificateChainFromPath('/p')]),
    leaf,
  ]);

  it('flatten a tree to an array or a list without empty leaves', () => {
    const sources = ['file', 'path', 'buffer'];
    const array = certificateChainCopyAsArray(tree) as { elements: readonly SecurityInfo[] };
    const list = certificateChainCopyAsList(tree) as { list: Iterable<SecurityInfo> };
    expect(array).toMatchObject({ type: 'certificateChain', source: 'array' });
    expect(list).toMatchObject({ type: 'certificateChain', source: 'list' });
    expect(array.elements.map(({ source }) => source)).toEqual(sources);
    expect([...list.list].map(({ source }) => source)).toEqual(sources);
  });

  it('share no memory with the original', () => {
    const { elements } = certificateChainCopyAsArray(leaf) as unknown as { elements: [{ buffer: Uint8Array }] };
    expect(elements[0].buffer).toEqual(BYTES);
    expect(elements[0].buffer).not.toBe((leaf as { buffer: Uint8Array }).buffer);
  });

  it('of nothing are empty', () => {
    expect(certificateChainCopyAsArray(empty('certificateChain'))).toMatchObject({ elements: [] });
    expect(certRevocationListCopyAsArray(empty('certRevocationList'))).toMatchObject({ elements: [] });
    expect(certRevocationListCopyAsList(certRevocationListFromArray([]))).toMatchObject({ list: [] });
  });

  it('of single items keep their source; a bare empty description takes the expected type', () => {
    expect(privateKeyCopy(privateKeyFromFile('k', BYTES))).toMatchObject({ filename: 'k', password: BYTES });
    expect(pskKeyCopy(pskKeyFromEngine('q'))).toEqual({ type: 'pskKey', source: 'engine', query: 'q' });
    expect(pskIdentityCopy({ source: 'empty' } as never)).toEqual({ type: 'pskIdentity', source: 'empty' });
  });
});

describe('bad input is EINVAL and named', () => {
  const chain = certificateChainFromFile('a');
  const itself: { type: 'certificateChain'; source: 'array'; elements: SecurityInfo<'certificateChain'>[] } = {
    type: 'certificateChain',
    source: 'array',
    elements: [],
  };
  itself.elements.push(itself);
  const doubled = Array.from({ length: 20 }).reduce<SecurityInfo<'certificateChain'>>(
    (inner) => ({ type: 'certificateChain', source: 'array', elements: [inner, inner] }),
    { type: 'certificateChain', source: 'empty' },
  );

  it.each<[string, () => unknown, string]>([
    [
      'no file name',
      () => certificateChainFromFile(undefined as never),
      'filename: expected a string, received undefined',
    ],
    ['an empty file name', () => privateKeyFromFile(''), 'filename: expected a non-empty string'],
    ['a NUL in a path', () => certificateChainFromPath('/a\0b'), 'path: the string holds a NUL'],
    ['half a surrogate pair', () => pskIdentityFromBuffer('\uD800'), 'identity: the string holds half a surrogate'],
    ['text as key', () => pskKeyFromBuffer('0011' as never), 'received a string of 4 characters; use Buffer.from'],
    ['text as password', () => privateKeyFromFile('k', 'sesame' as never), 'password: expected a Uint8Array'],
    ['a NUL in a password', () => privateKeyFromFile('k', new Uint8Array(1)), 'password: the password holds a NUL'],
    ['an ArrayBuffer', () => pskKeyFromBuffer(new ArrayBuffer(2) as never), 'received an object of ArrayBuffer'],
    ['a detached buffer', () => pskKeyFromBuffer(detached()), 'detached'],
    ['null', () => pskKeyCopy(null as never), "info: expected a credential of type 'pskKey', received null"],
    ['no source', () => pskKeyCopy({ type: 'pskKey' } as never), 'info.source: expected one of empty, file'],
    [
      'another type',
      () => privateKeyCopy(chain as never),
      "info.type: expected 'privateKey', received 'certificateChain'",
    ],
    [
      'another type inside',
      () => certificateChainFromArray([chain, privateKeyFromFile('k') as never]),
      "elements[1].type: expected 'certificateChain', received 'privateKey'",
    ],
    [
      'a compound key',
      () => privateKeyCopy({ type: 'privateKey', source: 'array', elements: [] }),
      "info.source: 'array' is not possible for a privateKey",
    ],
    [
      'a compound identity',
      () => pskIdentityCopy({ type: 'pskIdentity', source: 'list', list: [] }),
      "'list' is not possible for a pskIdentity",
    ],
    [
      'no elements',
      () => certificateChainFromArray(undefined as never),
      'elements: expected an iterable of credentials',
    ],
    ['bytes as elements', () => certificateChainFromList(BYTES as never), 'list: expected an iterable of credentials'],
    ['a tree that contains itself', () => certificateChainFromArray([itself]), 'nested deeper than 32'],
    ['a tree that unfolds without end', () => certificateChainFromArray([doubled]), 'more than 100000 elements'],
    ['an unknown type', () => empty('password' as never), 'type: expected one of certificateChain'],
  ])('%s', (_what, run, text) => {
    const error = failure(run);
    expect(error.code).toBe('EINVAL');
    expect(error.message).toContain(text);
  });

  it('an endless list', () => {
    function* endless(): Generator<SecurityInfo<'certificateChain'>> {
      for (;;) yield { type: 'certificateChain', source: 'empty' };
    }
    expect(failure(() => certificateChainFromList(endless())).message).toContain('more than 100000 elements');
  });
});

function detached(): Uint8Array {
  const bytes = new Uint8Array(8);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}
