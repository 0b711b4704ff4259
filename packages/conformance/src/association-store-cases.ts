/**
 * What a store of associations must do (`AssociationStore`), for authors of stores. Everything here has to hold for
 * several handles at once, because those who use a store are different processes. Durability cannot be tried from here:
 * what was answered must not be forgotten, or an entry that comes back is used twice.
 */

import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import type { AssociationStore } from '@avs-net/core';

export interface AssociationStoreCase {
  readonly name: string;
  /** `open` gives another handle on the same place each time. Rejects if the store is wrong. */
  run(open: () => AssociationStore | Promise<AssociationStore>): Promise<void>;
}

/** Each uses ids of its own, and leaves nothing behind. */
export const ASSOCIATION_STORE_CASES: readonly AssociationStoreCase[] = [
  {
    name: 'gives what was put, byte by byte, to another handle, once',
    async run(open) {
      const [id, one, other] = [randomUUID(), await open(), await open()];
      const entry = Uint8Array.from({ length: 1_024 }, (_, index) => index & 0xff);
      assert.equal(await one.replace(id, undefined, entry), true);
      assertSame(await other.take(id), entry);
      assert.equal(await one.take(id), undefined);
      assert.equal(await other.take(id), undefined);
    },
  },
  {
    name: 'has nothing under an id that was never used',
    async run(open) {
      const store = await open();
      assert.equal(await store.take(randomUUID()), undefined);
      assert.equal(await store.replace(randomUUID(), randomBytes(40), randomBytes(40)), false);
    },
  },
  {
    name: 'replaces what is expected and nothing else',
    async run(open) {
      const [id, store] = [randomUUID(), await open()];
      const [first, second, wrong] = [randomBytes(40), randomBytes(40), randomBytes(40)];
      assert.equal(await store.replace(id, undefined, first), true);
      assert.equal(await store.replace(id, undefined, wrong), false);
      assert.equal(await store.replace(id, wrong, second), false);
      assert.equal(await store.replace(id, first.subarray(0, 39), second), false);
      assert.equal(await store.replace(id, first, second), true);
      assert.equal(await store.replace(id, first, wrong), false);
      assertSame(await store.take(id), second);
      assert.equal(await store.replace(id, second, wrong), false);
      assert.equal(await store.take(id), undefined);
    },
  },
  {
    name: 'says yes to a call that is repeated because its answer was lost',
    async run(open) {
      const [id, store] = [randomUUID(), await open()];
      const [first, second] = [randomBytes(40), randomBytes(40)];
      for (const _ of ['once', 'again']) assert.equal(await store.replace(id, undefined, first), true);
      for (const _ of ['once', 'again']) assert.equal(await store.replace(id, first, second), true);
      for (const _ of ['once', 'again']) assert.equal(await store.replace(id, second, undefined), true);
      assert.equal(await store.take(id), undefined);
    },
  },
  {
    name: 'removes what is expected and nothing else',
    async run(open) {
      const [id, store] = [randomUUID(), await open()];
      const entry = randomBytes(40);
      assert.equal(await store.replace(id, undefined, entry), true);
      assert.equal(await store.replace(id, randomBytes(40), undefined), false);
      assert.equal(await store.replace(id, entry, undefined), true);
      assert.equal(await store.replace(id, undefined, entry), true);
      assertSame(await store.take(id), entry);
    },
  },
  {
    name: 'takes the bytes before it returns',
    async run(open) {
      const [id, store] = [randomUUID(), await open()];
      const entry = randomBytes(40);
      const copy = Uint8Array.from(entry);
      const putting = store.replace(id, undefined, entry);
      entry.fill(0);
      assert.equal(await putting, true);
      assertSame(await store.take(id), copy);
    },
  },
  {
    name: 'keeps ids apart, whatever they are',
    async run(open) {
      const store = await open();
      const name = randomUUID();
      const ids = ['a', 'A', '../a', 'a/b', 'ä', '👩‍🚀', 'CON', ' a', 'a ', 'x'.repeat(200)].map((end) =>
        `${name}${end}`.slice(0, 255),
      );
      const entries = ids.map(() => randomBytes(40));
      for (const [index, id] of ids.entries()) assert.equal(await store.replace(id, undefined, entries[index]), true);
      for (const [index, id] of ids.entries()) assertSame(await store.take(id), entries[index]!);
    },
  },
  {
    name: 'gives an entry to one of twenty that take it at once',
    async run(open) {
      const handles = await Promise.all(Array.from({ length: 20 }, () => open()));
      for (let round = 0; round < 5; round++) {
        const id = randomUUID();
        await handles[0]!.replace(id, undefined, randomBytes(40));
        const taken = await Promise.all(handles.map((store) => store.take(id)));
        assert.equal(taken.filter((entry) => entry !== undefined).length, 1);
      }
    },
  },
  {
    name: 'lets one of twenty put where nothing is, and one of twenty replace it',
    async run(open) {
      const handles = await Promise.all(Array.from({ length: 20 }, () => open()));
      const id = randomUUID();
      let there: Uint8Array | undefined;
      for (let round = 0; round < 3; round++) {
        const entries = handles.map(() => randomBytes(40));
        const done = await Promise.all(handles.map((store, index) => store.replace(id, there, entries[index])));
        assert.equal(done.filter((answer) => answer).length, 1);
        there = entries[done.indexOf(true)];
      }
      assertSame(await handles[0]!.take(id), there!);
    },
  },
  {
    name: 'lets either a taker or a replacement have an entry, never both',
    async run(open) {
      const handles = await Promise.all(Array.from({ length: 8 }, () => open()));
      for (let round = 0; round < 20; round++) {
        const id = randomUUID();
        const [first, second] = [randomBytes(40), randomBytes(40)];
        await handles[0]!.replace(id, undefined, first);
        const work = handles.map((store, index) =>
          index % 2 === 0 ? store.take(id) : store.replace(id, first, second),
        );
        const answers = await Promise.all<Uint8Array | boolean | undefined>(work);
        const taken = answers
          .filter((answer) => typeof answer === 'object')
          .map((entry) => Buffer.from(entry as Uint8Array));
        const left = await handles[0]!.take(id);
        if (left !== undefined) taken.push(Buffer.from(left));
        assert.equal(taken.length, 1, 'one entry was there, and one has to come out');
        assert.equal(taken[0]!.equals(second), answers.includes(true), 'it is the one that the last yes was about');
      }
    },
  },
];

function assertSame(actual: Uint8Array | undefined, expected: Uint8Array): void {
  assert.ok(actual !== undefined, 'nothing was there');
  assert.deepEqual(Buffer.from(actual), Buffer.from(expected));
}
