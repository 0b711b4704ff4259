import { describe, expect, it } from 'vitest';
import { nearestName, unknownName } from './nearest-name.ts';

const KNOWN = ['ciphersuites', 'security', 'session', 'serverNameIndication'];

describe('a mistyped name', () => {
  it.each([
    ['ciphersuits', 'ciphersuites'],
    ['cipherSuites', 'ciphersuites'],
    ['secruity', 'security'],
    ['serverName', 'serverNameIndication'],
    ['sesion', 'session'],
    ['', undefined],
    ['x', undefined],
    ['keylog', undefined],
  ])('%j may mean %j', (name, meant) => {
    expect(nearestName(name, KNOWN)).toBe(meant);
  });

  it('is answered with the list where nothing is near, and cut where it is endless', () => {
    expect(unknownName('keylog', ['a', 'b'])).toBe('"keylog" is unknown; known: a, b');
    expect(unknownName('x'.repeat(1_000_000), []).length).toBeLessThan(100);
  });
});
