/**
 * The protocol of limits and exports under everything that a network, a store and a power supply may do to it: no
 * number of a key is ever used twice. A failure prints the seed and the shortest story that leads there.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FATES, type Fate, type Mutation, RESERVE, turn, World } from '../../test/continuation-world.ts';

type Step =
  | { readonly do: 'send' | 'export' | 'final' | 'close' | 'crash' | 'haunt'; readonly who: number }
  | { readonly do: 'begin' | 'beginUnusable' | 'wait' }
  | { readonly do: 'answer'; readonly who: number; readonly fate: Fate };

const who = fc.nat(5);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('send' as const), who }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('answer' as const), who, fate: fc.constantFrom(...FATES) }) },
  { weight: 14, arbitrary: fc.record({ do: fc.constant('answer' as const), who, fate: fc.constant('done' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('export' as const, 'haunt' as const), who }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('final' as const, 'crash' as const, 'close' as const), who }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('begin' as const, 'wait' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('beginUnusable' as const) }) },
);

async function play(world: World, story: readonly Step[]): Promise<void> {
  world.begin();
  for (const action of story) {
    const { alive } = world;
    const subject = 'who' in action ? alive[action.who % Math.max(alive.length, 1)] : undefined;
    if (action.do === 'begin') world.begin();
    else if (action.do === 'beginUnusable') world.begin(true);
    else if (action.do === 'wait') world.clock.advance(1_000);
    else if (action.do === 'answer') world.answer(action.who, action.fate);
    else if (action.do === 'haunt') world.haunt(action.who);
    else if (subject === undefined) continue;
    else if (action.do === 'send') for (let sent = 0; sent < 3; sent++) world.send(subject);
    else if (action.do === 'crash') world.crash(subject);
    else if (action.do === 'close') world.close(subject);
    else world.export(subject, action.do === 'final');
    await turn();
  }
}

const usedTwice = (mutation: Mutation = {}) =>
  fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), async (story) => {
    expect(await outcome(story, mutation)).toEqual([]);
  });

/** Numbers that were used twice. */
async function outcome(story: readonly Step[], mutation: Mutation): Promise<readonly string[]> {
  const world = new World(mutation);
  await play(world, story);
  for (const process of world.alive) for (let sent = 0; sent < 2 * RESERVE; sent++) world.send(process);
  while (world.ghosts.length > 0) world.haunt(0);
  await world.calm();
  // Whatever is still in the store is gone on from, and used.
  for (let successors = 0; successors < 3; successors++) {
    const process = world.begin();
    await world.calm();
    for (let sent = 0; sent < 2 * RESERVE; sent++) world.send(process);
    world.export(process, successors % 2 === 0);
    await world.calm();
  }
  return world.ledger.twice;
}

describe('associations that go on elsewhere', () => {
  it('use no number twice where an answer is lost and all is over when it is asked for again', async () => {
    expect(await outcome(LATE_REPETITION, {})).toEqual([]);
    expect(await outcome(LATE_REPETITION, REPEATED_CREATION)).not.toEqual([]);
  });

  it('never use a number twice', () => fc.assert(usedTwice(), { numRuns: 400 }));

  it('send everything where nothing fails, and use no number in vain but those in reserve', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('send', 'export', 'answer', 'move'), { maxLength: 60 }),
        async (story) => {
          const world = new World();
          let process = world.begin();
          await world.calm();
          for (const action of story) {
            if (action === 'send') world.send(process);
            else if (action === 'export') world.export(process, false);
            else if (action === 'answer') world.answer(0, 'done');
            else {
              await world.calm();
              world.export(process, true);
              await world.calm();
              process = world.begin();
              await world.calm();
            }
            await turn();
          }
          await world.calm();
          expect(world.processes.flatMap(({ errors }) => errors)).toEqual([]);
          const accepted = world.processes.reduce((sum, one) => sum + one.accepted, 0);
          expect(world.ledger.size).toBe(accepted);
          expect(accepted).toBe(story.filter((action) => action === 'send').length);
        },
      ),
      { numRuns: 100 },
    ));

  it('go on sending when a store that failed answers again', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...FATES.slice(1, 3)), { maxLength: 12 }), async (fates) => {
        const world = new World();
        const process = world.begin();
        for (const fate of fates) {
          await turn();
          // A promise to take what nobody had is not repeated: that is up to whoever asked.
          if (process.keeper === undefined) world.answer(0, 'done');
          else world.answer(0, fate);
          await turn();
          world.clock.advance(20_000);
        }
        await world.calm();
        for (let sent = 0; sent < 5 * RESERVE; sent++) world.send(process);
        await world.calm();
        expect(process.errors).toEqual([]);
        expect(world.ledger.size).toBe(5 * RESERVE);
      }),
      { numRuns: 100 },
    ));
});

const MUTANTS: readonly (readonly [string, Mutation])[] = [
  [
    'the bound is raised before the store has answered',
    {
      continuation: (engine) => ({
        get left() {
          return engine.left;
        },
        save(reserve) {
          const state = engine.save(reserve);
          engine.stored();
          return state;
        },
        stored() {},
      }),
    },
  ],
  [
    'the store is not waited for',
    {
      store: (store) => ({
        replace(id, expected, entry) {
          Promise.resolve(store.replace(id, expected, entry)).catch(() => {});
          return true;
        },
        take: (id) => store.take(id),
      }),
    },
  ],
  ['something is sent after the last export', { ignoresFinal: true }],
  [
    'an unknown outcome counts as done',
    {
      store: (store) => ({
        replace: async (id, expected, entry) => {
          try {
            return await store.replace(id, expected, entry);
          } catch {
            return true;
          }
        },
        take: (id) => store.take(id),
      }),
    },
  ],
  [
    'entries are overwritten whatever stands there',
    {
      store: (store) => ({
        async replace(id, expected, entry) {
          if (entry?.[1] !== 1) return store.replace(id, expected, entry);
          return (await store.replace(id, expected, entry)) || (await store.replace(id, undefined, entry));
        },
        take: (id) => store.take(id),
      }),
    },
  ],
];

describe('the property notices that', () => {
  it.each(MUTANTS)('%s', async (_what, mutation) => {
    const { failed } = await fc.check(usedTwice(mutation), { numRuns: 3_000, endOnFailure: true, seed: 1 });
    expect(failed).toBe(true);
  });
});

/** Puts a state where nothing is, and repeats that until it has an answer. */
const REPEATED_CREATION: Mutation = {
  store(store) {
    let vacant: Uint8Array | undefined;
    return {
      replace(id, expected, entry) {
        if (entry?.[1] !== 0 || vacant !== undefined)
          return store.replace(id, expected === vacant ? undefined : expected, entry);
        vacant = entry;
        return true;
      },
      take: (id) => store.take(id),
    };
  },
};

/** Somebody goes on from the entry, somebody else from his, and only then is the first creation repeated. */
const LATE_REPETITION: readonly Step[] = [
  { do: 'answer', who: 0, fate: 'done' },
  { do: 'answer', who: 0, fate: 'doneUntold' },
  { do: 'begin' },
  { do: 'answer', who: 0, fate: 'done' },
  { do: 'answer', who: 0, fate: 'done' },
  { do: 'send', who: 1 },
  { do: 'begin' },
  { do: 'answer', who: 1, fate: 'done' },
  { do: 'wait' },
  { do: 'answer', who: 2, fate: 'done' },
];
