import { describe, expect, it } from 'vitest';
import type { CertificateServerInfo } from './security.ts';
import { canonicalEntry, canonicalName, disguisedAddress, isAddressLiteral, nameTable } from './server-name.ts';

const LABEL = 'x'.repeat(63);

describe('a name as it comes from the network', () => {
  it.each([
    ['a.example', 'a.example'],
    ['A.Example', 'a.example'],
    ['localhost', 'localhost'],
    ['xn--mnchen-3ya.example', 'xn--mnchen-3ya.example'],
    ['_coap.a-b.example', '_coap.a-b.example'],
    [`${LABEL}.${LABEL}.${LABEL}.${LABEL}`, `${LABEL}.${LABEL}.${LABEL}.${LABEL}`],
  ])('is %s', (name, canonical) => {
    expect(canonicalName(name)).toBe(canonical);
  });

  it.each([
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    '*.example',
    'a b',
    'a\0.example',
    'a/../b',
    "a'; drop",
    'münchen.example',
    '192.0.2.1',
    '::1',
    `${LABEL}x.example`,
    `a.${LABEL}.${LABEL}.${LABEL}.${LABEL}`,
  ])('is not %j', (name) => {
    expect(canonicalName(name)).toBeUndefined();
  });

  it.each([
    ['192.0.2.1', true],
    ['2001:db8::1', true],
    ['[2001:db8::1]', true],
    ['192.0.2', false],
    ['a.example', false],
  ])('is an address: %s', (name, address) => {
    expect(isAddressLiteral(name)).toBe(address);
  });

  it.each([
    ['127.1', '127.0.0.1'],
    ['192.0.2.0115', '192.0.2.77'],
    ['0xc000024d', '192.0.2.77'],
    ['3221226061', '192.0.2.77'],
    ['\uff11\uff19\uff12\u30020\u30022\u300277', '192.0.2.77'],
    ['192.0.2.77', undefined],
    ['::1', undefined],
    ['[::ffff:192.0.2.77]', undefined],
    ['fe80::1%lo', undefined],
    ['192.0.2.77.example', undefined],
    ['a.example', undefined],
    ['m\u00fcnchen.example', undefined],
    ['a b', undefined],
    ['', undefined],
  ])('may be an address in disguise: %s', (name, address) => {
    expect(disguisedAddress(name)).toBe(address);
  });
});

describe('a table of names', () => {
  const credential = (mark: string) => ({ mode: 'certificate', mark }) as unknown as CertificateServerInfo;
  const [exact, wild, unicode] = ['exact', 'wild', 'unicode'].map(credential);
  const table = nameTable({ 'A.example': exact!, '*.example': wild!, 'münchen.example': unicode! });

  it.each([
    ['a.example', exact],
    ['b.example', wild],
    ['xn--mnchen-3ya.example', unicode],
    ['example', undefined],
    ['b.a.example', undefined],
    ['a.example.org', undefined],
    ['__proto__', undefined],
    ['constructor', undefined],
  ])('finds %s', (name, found) => {
    expect(table(name)).toBe(found);
  });

  it('takes no wildcard but a whole leftmost label', () => {
    expect(['*', '*.', 'a*.example', '*.*.example', 'a.*.example', '*.192.0.2.1'].map(canonicalEntry)).toEqual(
      Array(6).fill(undefined),
    );
    expect(canonicalEntry('*.Example')).toBe('*.example');
  });
});
