import { expect, it } from 'vitest';
import { hasReusePort, UDP_CLAIMS } from './claims.ts';

it.each([
  ['20.19.0', false],
  ['22.11.0', false],
  ['22.12.0', true],
  ['23.0.0', false],
  ['23.1.0', true],
  ['24.0.0', true],
  ['26.1.0', true],
])('node %s shares ports: %s', (version, expected) => {
  expect(hasReusePort(version)).toBe(expected);
});

it('claims what this node has', () => {
  expect(UDP_CLAIMS.transport!.features.includes('reusePort')).toBe(hasReusePort(process.versions.node));
});
