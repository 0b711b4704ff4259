/** The kit needs no particular runner: the same cases under node:test, on the built packages. */

import { fileURLToPath } from 'node:url';
import { plan } from '@avs-net/conformance';
import { expect, it } from 'vitest';
import { customBackend } from '../../examples/custom-backend/src/index.ts';
import { startChild } from '../child.ts';

it('runs under node:test', async () => {
  const file = fileURLToPath(new URL('node-test/backend.mjs', import.meta.url));
  await using child = startChild(process.execPath, ['--test', '--test-reporter=tap', file]);
  expect(await child.ended, child.output()).toBe(0);
  const count = (what: string): number => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(child.output())?.[1]);
  expect(count('pass')).toBe(plan(customBackend).length);
  expect(count('fail')).toBe(0);
}, 120_000);
