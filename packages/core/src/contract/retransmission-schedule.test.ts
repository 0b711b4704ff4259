import { describe, expect, it } from 'vitest';
import { DEFAULT_HANDSHAKE_TIMEOUTS } from './options.ts';
import { nextWait, waitSchedule } from './retransmission-schedule.ts';

const SECOND = 1_000;

describe('the retransmission schedule', () => {
  it.each([
    ['the default of avs_net', DEFAULT_HANDSHAKE_TIMEOUTS, [1, 2, 4, 8, 16, 32, 60].map((s) => s * SECOND)],
    ['min 1 s, max 2 s', { min: SECOND, max: 2 * SECOND }, [SECOND, 2 * SECOND]],
    ['min equal to max', { min: SECOND, max: SECOND }, [SECOND]],
    ['min above max', { min: 3 * SECOND, max: SECOND }, [SECOND]],
    ['a cap that no doubling meets', { min: 300, max: 1_000 }, [300, 600, 1_000]],
  ])('%s', (_, timeouts, waits) => {
    expect(waitSchedule(timeouts)).toEqual(waits);
  });

  it('fails 123 s after the first flight by default', () => {
    expect(waitSchedule(DEFAULT_HANDSHAKE_TIMEOUTS).reduce((sum, wait) => sum + wait, 0)).toBe(123 * SECOND);
  });

  it('gives up after a wait of max and not before', () => {
    expect(nextWait(59_999, DEFAULT_HANDSHAKE_TIMEOUTS)).toBe(60_000);
    expect(nextWait(60_000, DEFAULT_HANDSHAKE_TIMEOUTS)).toBeUndefined();
  });
});
