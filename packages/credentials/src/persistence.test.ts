import type { SecurityInfo } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { failure } from '../test/failure.ts';
import {
  certificateChainFromArray,
  certificateChainFromBuffer,
  certificateChainFromFile,
  certificateChainFromList,
  certificateChainFromPath,
} from './certificate-chain.ts';
import * as persistence from './persistence.ts';
import { restoreContext, storeContext } from './persistence-context.ts';
import { dataAreaSize } from './persistence-entry.ts';
import { privateKeyFromBuffer, privateKeyFromEngine, privateKeyFromFile } from './private-key.ts';
import { pskIdentityFromBuffer, pskKeyFromBuffer } from './psk-material.ts';
import { certRevocationListFromBuffer, certRevocationListFromFile } from './revocation-list.ts';
import { empty } from './security-info.ts';

/** The format by hand: a number is a big endian 32-bit word, a string its bytes. */
const bytes = (...parts: (number | string)[]): Uint8Array =>
  Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'string') return Buffer.from(part, 'latin1');
      const word = Buffer.alloc(4);
      word.writeUInt32BE(part);
      return word;
    }),
  );
const NONE = 0xffff_ffff;

const CHAIN = [
  certificateChainFromFile('ca.crt'),
  certificateChainFromPath('/trust'),
  certificateChainFromBuffer(Buffer.from('not-a-cert')),
];
const CHAIN_BYTES = bytes(
  3,
  ...['F\0', 7, 'ca.crt\0', 6, NONE],
  ...['P\0', 7, '/trust\0', 6],
  ...['B\0', 10, 'not-a-cert', 10, NONE],
);
const LISTS = [certRevocationListFromFile('ca.crl'), certRevocationListFromBuffer(Buffer.from('no-crl'))];
const LISTS_BYTES = bytes(2, ...['F\0', 7, 'ca.crl\0', 6, NONE], ...['B\0', 6, 'no-crl', 6, NONE]);

/** `equal` looks at the hidden fields too. */
const fields = (info: SecurityInfo): unknown[] => {
  const all = info as unknown as Record<string, unknown>;
  const elements = [...((all['elements'] ?? all['list'] ?? []) as Iterable<SecurityInfo>)];
  const plain = ['type', 'source', 'filename', 'path', 'buffer', 'password', 'query'].map((name) => all[name]);
  return [...plain, elements.map(fields)];
};

describe('collections', () => {
  it('certificate_chain_persist: a list of an array and a buffer is flattened', () => {
    const [file, path, buffer] = CHAIN as [(typeof CHAIN)[0], (typeof CHAIN)[0], (typeof CHAIN)[0]];
    const nested = certificateChainFromList([
      certificateChainFromArray([file, path]),
      empty('certificateChain'),
      buffer,
    ]);
    const context = storeContext();
    persistence.certificateChainPersist(context, nested);
    expect(Buffer.from(context.bytes())).toEqual(Buffer.from(CHAIN_BYTES));
    expect(Buffer.from(persistence.persistSecurityInfo(nested))).toEqual(Buffer.from(CHAIN_BYTES));
  });

  it('cert_revocation_list_persist', () => {
    const context = storeContext();
    persistence.certRevocationListPersist(context, { type: 'certRevocationList', source: 'list', list: LISTS });
    expect(Buffer.from(context.bytes())).toEqual(Buffer.from(LISTS_BYTES));
  });

  it.each([
    ['certificate_chain_array_persistence', persistence.certificateChainArrayPersistence, CHAIN_BYTES, CHAIN],
    ['certificate_chain_list_persistence', persistence.certificateChainListPersistence, CHAIN_BYTES, CHAIN],
    ['cert_revocation_list_array_persistence', persistence.certRevocationListArrayPersistence, LISTS_BYTES, LISTS],
    ['cert_revocation_list_list_persistence', persistence.certRevocationListListPersistence, LISTS_BYTES, LISTS],
  ])('%s: restored right, stored again byte for byte', (_name, transfer, stored, expected) => {
    const both = transfer as (context: unknown, elements?: unknown) => Iterable<SecurityInfo>;
    const restored = [...both(restoreContext(stored))];
    expect(restored.map(fields)).toEqual((expected as SecurityInfo[]).map(fields));
    const context = storeContext();
    expect(both(context, restored)).toBe(restored);
    expect(Buffer.from(context.bytes())).toEqual(Buffer.from(stored));
  });

  it.each([
    ['certificate_chain_persist', () => persistence.certificateChainPersist(restoreContext(CHAIN_BYTES), CHAIN[0]!)],
    [
      'cert_revocation_list_persist',
      () => persistence.certRevocationListPersist(restoreContext(LISTS_BYTES), LISTS[0]!),
    ],
  ])('%s_on_restore_ctx is EINVAL', (_name, run) => {
    expect(failure(run).code).toBe('EINVAL');
  });

  it('array_persistence_truncated and list_persistence_truncated: every cut is EOF', () => {
    for (let size = 0; size < CHAIN_BYTES.byteLength; size += 1) {
      const cut = CHAIN_BYTES.subarray(0, size);
      expect(failure(() => persistence.certificateChainArrayPersistence(restoreContext(cut))).code).toBe('EOF');
      expect(failure(() => persistence.certificateChainListPersistence(restoreContext(cut))).code).toBe('EOF');
    }
  });

  it('a count without entries ends at once', () => {
    expect(failure(() => persistence.restoreSecurityInfo('certificateChain', bytes(NONE))).code).toBe('EOF');
  });
});

describe('single items', () => {
  it.each<[string, SecurityInfo, Uint8Array]>([
    ['private_key_empty', empty('privateKey'), bytes('\0\0')],
    ['private_key_engine', privateKeyFromEngine('pkcs11:id=%01'), bytes('E\0', 14, 'pkcs11:id=%01\0', 13)],
    ['private_key_file', privateKeyFromFile('my.key', Buffer.from('pass')), bytes('F\0', 12, 'my.key\0pass\0', 6, 4)],
    ['private_key_file without password', privateKeyFromFile('my.key'), bytes('F\0', 7, 'my.key\0', 6, NONE)],
    [
      'private_key_buffer',
      privateKeyFromBuffer(Buffer.from('k\0y'), Buffer.from('p')),
      bytes('B\0', 5, 'k\0yp\0', 3, 1),
    ],
    ['an empty password', privateKeyFromBuffer(Buffer.from('k'), new Uint8Array(0)), bytes('B\0', 2, 'k\0', 1, 0)],
    ['psk_key', pskKeyFromBuffer(Buffer.from('\xff\0', 'latin1')), bytes('B\0', 2, '\xff\0', 2, NONE)],
    ['psk_identity', pskIdentityFromBuffer('dev-1'), bytes('B\0', 5, 'dev-1', 5, NONE)],
    ['a name beyond ASCII', privateKeyFromFile('é'), bytes('F\0', 3, '\xc3\xa9\0', 2, NONE)],
  ])('%s_persistence in both directions', (_name, info, stored) => {
    expect(Buffer.from(persistence.persistSecurityInfo(info))).toEqual(Buffer.from(stored));
    expect(fields(persistence.restoreSecurityInfo(info.type, stored))).toEqual(fields(info));
  });

  it('follow one another in one context', () => {
    const context = storeContext();
    persistence.pskIdentityPersistence(context, pskIdentityFromBuffer('a'));
    persistence.pskKeyPersistence(context, pskKeyFromBuffer(Uint8Array.of(1)));
    persistence.privateKeyPersistence(context, empty('privateKey'));
    const back = restoreContext(context.bytes());
    expect(persistence.pskIdentityPersistence(back).type).toBe('pskIdentity');
    expect(persistence.pskKeyPersistence(back)).toMatchObject({ type: 'pskKey', buffer: Uint8Array.of(1) });
    expect(persistence.privateKeyPersistence(back)).toEqual(empty('privateKey'));
    expect(back.remaining).toBe(0);
    context.wipe();
    expect(context.bytes()).toEqual(new Uint8Array(0));
  });
});

describe('errors while storing', () => {
  it.each([
    ['an unknown source', { type: 'privateKey', source: 'cloud' }],
    ['an array', { type: 'privateKey', source: 'array', elements: [] }],
    ['a list', { type: 'privateKey', source: 'list', list: [] }],
    ['another type', pskKeyFromBuffer(Uint8Array.of(1))],
    ['nothing', undefined],
  ])('invalid_data_source: %s is EINVAL and writes nothing', (_what, info) => {
    const context = storeContext();
    expect(failure(() => persistence.privateKeyPersistence(context, info as never)).code).toBe('EINVAL');
    expect(context.position).toBe(0);
  });

  it('version_, size_ and buffer_persist_error: every output that is too small is EMSGSIZE and stays empty', () => {
    for (const info of [
      privateKeyFromFile('1'),
      privateKeyFromBuffer(Buffer.from('1')),
      privateKeyFromFile('longer.der'),
    ]) {
      const { byteLength } = persistence.persistSecurityInfo(info);
      for (let limit = 0; limit < byteLength; limit += 1) {
        const context = storeContext({ limit });
        const error = failure(() => persistence.privateKeyPersistence(context, info));
        expect([error.code, context.position]).toEqual(['EMSGSIZE', 0]);
      }
      const context = storeContext({ limit: byteLength });
      persistence.privateKeyPersistence(context, info);
      expect(context.position).toBe(byteLength);
    }
  });

  it('excessive_size_error: what needs more than 32 bits is E2BIG', () => {
    const element = (byteLength: number) => ({ text: false, bytes: { byteLength } });
    expect(dataAreaSize([element(NONE - 1)], 'x')).toBe(NONE - 1);
    for (const elements of [[element(NONE)], [element(2 ** 33)], [element(NONE - 1), element(2)]]) {
      expect(failure(() => dataAreaSize(elements, 'x')).code).toBe('E2BIG');
    }
    expect(failure(() => storeContext().writeUint32(2 ** 32, 'x')).code).toBe('E2BIG');
  });

  it('bad arguments of a context', () => {
    expect(failure(() => storeContext({ limit: -1 })).message).toContain('limit: expected a number of bytes');
    expect(failure(() => restoreContext('text' as never)).message).toContain('bytes: expected a Uint8Array');
  });
});

describe('errors while restoring', () => {
  it.each<[string, string, Uint8Array]>([
    ['empty input', 'EOF', bytes()],
    ['an unknown source byte', 'EIO', bytes('\xff')],
    ['a source byte without version', 'EOF', bytes('F')],
    ['another version', 'EBADMSG', bytes('F\x01', 7, 'my.key\0', 6, NONE)],
    ['buffer_restore_error: a cut data area', 'EOF', bytes('B\0', 18, 'not-whole')],
    ['a data area larger than memory', 'EOF', bytes('B\0', NONE)],
    ['invalid_offsets: a string longer than its area', 'EINVAL', bytes('F\0', 7, 'my.key\0', 7, NONE)],
    ['invalid_offsets: a string shorter than its area', 'EINVAL', bytes('F\0', 7, 'my.key\0', 5, NONE)],
    ['invalid_offsets: no NUL after a string', 'EINVAL', bytes('F\0', 7, 'my.keys', 6, NONE)],
    ['invalid_offsets: a NUL inside a string', 'EINVAL', bytes('F\0', 7, 'my\0key\0', 6, NONE)],
    ['invalid_offsets: more data than elements', 'EINVAL', bytes('F\0', 9, 'my.key\0xy', 6, NONE)],
    ['invalid_offsets: a password outside of the area', 'EINVAL', bytes('F\0', 7, 'my.key\0', 6, 0)],
    ['invalid_offsets: a buffer longer than its area', 'EINVAL', bytes('B\0', 3, 'key', 4, NONE)],
    ['invalid_offsets: a buffer shorter than its area', 'EINVAL', bytes('B\0', 3, 'key', 2, NONE)],
    ['invalid_offsets: no NUL after a password', 'EINVAL', bytes('B\0', 4, 'keyp', 3, 1)],
    ['an absent file name', 'EINVAL', bytes('F\0', 0, NONE, NONE)],
    ['an absent buffer', 'EINVAL', bytes('B\0', 0, NONE, NONE)],
    ['a name that is not UTF-8', 'EINVAL', bytes('F\0', 2, '\xff\0', 1, NONE)],
    ['bytes after the entry', 'EINVAL', bytes('\0\0', 'x')],
  ])('%s is %s', (_what, code, stored) => {
    const error = failure(() => persistence.restoreSecurityInfo('privateKey', stored));
    expect(error.code).toBe(code);
    expect(error.message).not.toMatch(/not-whole|my\.key/);
  });
});
