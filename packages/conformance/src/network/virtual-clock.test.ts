import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { virtualClock } from './virtual-clock.ts';

describe('virtual clock', () => {
  it('runs timers in order of due time, then of creation, and shows each its own time', async () => {
    const clock = virtualClock();
    const seen: string[] = [];
    const note = (name: string) => () => seen.push(`${name}@${clock.now()}`);
    clock.timer(20, note('c'));
    clock.timer(10, note('a'));
    clock.timer(10, note('b'));
    clock.timer(30, note('late'));
    await clock.advance(20);
    expect(seen).toEqual(['a@10', 'b@10', 'c@20']);
    expect(clock.now()).toBe(20);
    expect(clock.pending).toBe(1);
    expect(clock.nextDue).toBe(30);
  });

  it('never runs a timer inside timer(), nor a cancelled one', async () => {
    const clock = virtualClock({ start: 5 });
    let ran = 0;
    const first = clock.timer(0, () => ran++);
    const second = clock.timer(0, () => ran++);
    expect(ran).toBe(0);
    first.cancel();
    first.cancel();
    await clock.advance(0);
    expect(ran).toBe(1);
    second.cancel();
    expect(clock.pending).toBe(0);
    expect(clock.now()).toBe(5);
  });

  it('lets promises happen between two timers', async () => {
    const clock = virtualClock();
    const seen: string[] = [];
    clock.timer(1, () => {
      seen.push('timer 1');
      void Promise.resolve()
        .then(() => undefined)
        .then(() => seen.push('promise of 1'));
    });
    clock.timer(1, () => seen.push('timer 2'));
    await clock.advance(1);
    expect(seen).toEqual(['timer 1', 'promise of 1', 'timer 2']);
  });

  it('runs until a promise is settled and gives its value or its reason', async () => {
    const clock = virtualClock();
    const after = (ms: number) => new Promise<number>((resolve) => clock.timer(ms, () => resolve(clock.now())));
    expect(await clock.runUntil(after(250))).toBe(250);
    const refused = new Promise((_, reject) => clock.timer(5, () => reject(new Error('refused'))));
    await expect(clock.runUntil(refused)).rejects.toThrow('refused');
    expect(clock.now()).toBe(255);
  });

  it('runs until a predicate holds', async () => {
    const clock = virtualClock();
    let count = 0;
    const tick = (): void => {
      count += 1;
      clock.timer(10, tick);
    };
    clock.timer(10, tick);
    await clock.runUntil(() => count === 4);
    expect(clock.now()).toBe(40);
  });

  it('gives up at the limit and names the next timer', async () => {
    const clock = virtualClock();
    clock.timer(2_000, () => {});
    await expect(clock.runUntil(() => false, { limitMs: 1_000 })).rejects.toThrow(/1000 ms.*due at 2000 ms/);
    expect(clock.now()).toBe(0);
  });

  it('waits for what comes from outside, and gives up when nothing is pending', async () => {
    const clock = virtualClock();
    clock.timer(5, () => {});
    const outside = readFile(import.meta.filename, 'utf8').then(({ length }) => length > 0);
    expect(await clock.runUntil(outside)).toBe(true);
    await expect(clock.runUntil(new Promise(() => {}), { idleTurns: 100 })).rejects.toThrow(
      /nothing is pending at \d ms/,
    );
  });

  it('steps synchronously', () => {
    const clock = virtualClock();
    let ran = 0;
    clock.timer(7, () => ran++);
    expect(clock.step()).toBe(true);
    expect(ran).toBe(1);
    expect(clock.now()).toBe(7);
    expect(clock.step()).toBe(false);
  });

  it('passes on what a timer throws, and refuses to go back', async () => {
    const clock = virtualClock();
    clock.timer(1, () => {
      throw new Error('from a timer');
    });
    await expect(clock.advance(1)).rejects.toThrow('from a timer');
    await expect(clock.advance(-1)).rejects.toThrow(RangeError);
  });
});
