/**
 * docs/hostile-network.md names tests; each of them has to exist under that title, so that the page cannot outlive
 * them.
 */

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const PAGE = new URL('../docs/hostile-network.md', import.meta.url);
const rows = readFileSync(PAGE, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(1)
  .map((line) => line.split(' | '));

it('has a test for every row', () => {
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.filter((cells) => !cells.slice(2).join('').includes('](../'))).toEqual([]);
});

const named = rows.flatMap((cells) => [...cells.join(' | ').matchAll(/\[([^\]]+)\]\((\.\.\/[^)]+)\)/g)]);

it.each(named.map(([, title, file]) => ({ title: title!, file: file! })))('$title', ({ title, file }) => {
  expect(readFileSync(new URL(file, PAGE), 'utf8').replaceAll("\\'", "'")).toContain(title);
});
