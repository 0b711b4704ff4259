import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { REFUSALS } from './refusal.ts';

it.each(Object.keys(REFUSALS))('the guide explains %s', (reason) => {
  const guide = readFileSync(new URL('../../../docs/dtls-endpoint.md', import.meta.url), 'utf8');
  expect(guide).toContain(`| \`${reason}\` |`);
});
