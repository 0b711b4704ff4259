import { describe, expect, it } from 'vitest';
import { RetransmissionTimer } from './retransmission-timer.ts';

const REFUSAL = { error: { code: 'EPROTO', message: 'no' }, alert: 70 };

/** Every wait of a flight that nobody answers. */
function waits(min: number, max: number): number[] {
  const timer = new RetransmissionTimer({ min, max });
  const all = [timer.start(0)];
  for (;;) {
    const now = timer.deadline!;
    expect(timer.due(now - 1)).toBeUndefined();
    if (timer.due(now) === 'end') return all;
    all.push(timer.next(now));
  }
}

describe('retransmission timer', () => {
  it.each([
    { min: 1000, max: 60_000, expected: [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000] },
    { min: 9000, max: 60_000, expected: [9000, 18_000, 36_000, 60_000] },
    { min: 500, max: 500, expected: [500] },
    { min: 1, max: 4, expected: [1, 2, 4] },
    { min: 1000, max: 1500, expected: [1000, 1500] },
  ])('waits $expected for $min, $max', ({ min, max, expected }) => {
    expect(waits(min, max)).toEqual(expected);
  });

  it('begins anew with every flight', () => {
    const timer = new RetransmissionTimer({ min: 10, max: 100 });
    timer.start(0);
    timer.next(10);
    expect(timer.attempts).toBe(2);
    expect(timer.start(15)).toBe(10);
    expect(timer.deadline).toBe(25);
    expect(timer.attempts).toBe(1);
    expect(timer.waited).toBe(0);
  });

  it.each([
    { min: 100, after: 100 },
    { min: 9000, after: 500 },
  ])('doubts a refusal for $after ms when the first wait is $min', ({ min, after }) => {
    const timer = new RetransmissionTimer({ min, max: 60_000 });
    timer.start(0);
    timer.refuse(REFUSAL, 20);
    timer.refuse({ ...REFUSAL, alert: 40 }, 30);
    expect(timer.deadline).toBe(Math.min(min, 20 + after));
    expect(timer.due(20 + after)).toBe('refusal');
    expect(timer.refusal).toBe(REFUSAL);
  });

  it('forgets a refusal when the handshake goes on', () => {
    const timer = new RetransmissionTimer({ min: 1000, max: 60_000 });
    timer.start(0);
    timer.refuse(REFUSAL, 0);
    timer.progress();
    expect(timer.deadline).toBe(1000);
    expect(timer.due(600)).toBeUndefined();
  });

  it('has no deadline before the first flight', () => {
    expect(new RetransmissionTimer({ min: 1, max: 1 }).deadline).toBeUndefined();
  });
});
