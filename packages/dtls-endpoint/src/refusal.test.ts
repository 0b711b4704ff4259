import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { REFUSALS } from './refusal.ts';

const guide = readFileSync(new URL('../../../docs/dtls-endpoint.md', import.meta.url), 'utf8');

it.each(Object.keys(REFUSALS))('the guide explains %s', (reason) => {
  expect(guide.includes(`\n| \`${reason}\` `)).toBe(true);
});
