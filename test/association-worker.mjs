/**
 * Puts, replaces and takes as fast as it can, until it is killed. Writes down each entry that it got before it does
 * anything else, and says on its output that it works.
 */

import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { fileAssociationStore } from '../packages/core/dist/index.js';

const [place, log] = process.argv.slice(2);
const store = fileAssociationStore(place);
const fresh = () => Buffer.from(randomUUID());
process.stdout.write('.');
for (;;) {
  const first = fresh();
  if (await store.replace('a', undefined, first)) await store.replace('a', first, fresh());
  const entry = await store.take('a');
  if (entry !== undefined) appendFileSync(log, `took ${Buffer.from(entry).toString()}.\n`);
  process.stdout.write('.');
}
