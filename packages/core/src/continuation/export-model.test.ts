/** Every state of the protocol of limits and exports that some steps lead to, and each rule broken once. */

import { describe, expect, it } from 'vitest';
import { explore, REAL, type Rules } from '../../test/export-model.ts';

describe('the protocol of limits and exports', () => {
  it('uses no number twice in any state that it can get to', () => {
    const { states, story } = explore(REAL, 14);
    expect(story).toBeUndefined();
    expect(states).toBeGreaterThan(10_000);
  });

  it.each(Object.keys(REAL) as (keyof Rules)[])('does where %s is broken, and it is seen', (rule) => {
    const { story } = explore({ ...REAL, [rule]: false }, 13);
    expect(story?.at(-1)).toMatch(/sends \d+$/);
  });
});
