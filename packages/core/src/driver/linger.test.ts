import { describe, expect, it } from 'vitest';
import { manualClock } from '../../test/manual-clock.ts';
import { linger } from './linger.ts';

describe('a goodbye', () => {
  it.each([
    ['is waited for', () => Promise.resolve()],
    ['is over when it fails', () => Promise.reject(new Error('gone'))],
  ])('%s', async (_what, leaving) => {
    const clock = manualClock();
    await linger(leaving(), clock);
    expect(clock.pending).toBe(0);
  });

  it('that nobody takes is given up after 5 s', async () => {
    const clock = manualClock();
    let over = false;
    const lingering = linger(new Promise(() => {}), clock).then(() => {
      over = true;
    });
    clock.advance(4_999);
    await Promise.resolve();
    expect(over).toBe(false);
    clock.advance(1);
    await lingering;
  });
});
