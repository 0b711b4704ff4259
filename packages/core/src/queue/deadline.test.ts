import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { ManualClock, settled } from '../../test/fake-socket.ts';
import { NetError } from '../contract/error.ts';
import { abortedError, Deadline, GuardedAttempt, type Waiter } from './deadline.ts';

describe('Deadline', () => {
  it.each([undefined, Number.POSITIVE_INFINITY])('starts no timer for timeout %s', (timeout) => {
    const { waiter, clock } = makeWaiter();
    new Deadline(waiter, { timeout }, vi.fn());
    expect(clock.pending).toBe(0);
  });

  it('expires once, by time', () => {
    const { waiter, clock } = makeWaiter();
    const expired = vi.fn();
    const { signal } = new AbortController();
    new Deadline(waiter, { timeout: 50, signal }, expired);
    clock.advance(49);
    expect(expired).not.toHaveBeenCalled();
    clock.advance(1);
    expect(expired).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ code: 'ETIMEDOUT', operation: 'receive', backend: 'fake' }),
    );
    expect(listeners(signal)).toBe(0);
  });

  it.each([
    ['receive', 'receive: nothing arrived within 50 ms'],
    ['receiveFrom', 'receiveFrom: nothing arrived within 50 ms'],
    ['accept', 'accept: nobody came within 50 ms'],
    ['connect', 'connect: there was no connection within 50 ms'],
    ['decorate', 'decorate: not complete within 50 ms'],
  ])('says what did not happen in time: %s', (operation, message) => {
    const { waiter, clock } = makeWaiter();
    const expired = vi.fn();
    new Deadline({ ...waiter, operation }, { timeout: 50 }, expired);
    clock.advance(50);
    expect(expired).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ message: expect.stringContaining(message) }),
    );
  });

  it('expires once, by signal, with the reason as the cause', () => {
    const { waiter, clock } = makeWaiter();
    const expired = vi.fn();
    const controller = new AbortController();
    new Deadline(waiter, { timeout: 50, signal: controller.signal }, expired);
    const reason = new Error('enough');
    controller.abort(reason);
    clock.advance(50);
    expect(expired).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ name: 'AbortError', code: 'ECONNABORTED', cause: reason }),
    );
    expect(clock.pending).toBe(0);
  });

  it('takes timer and listener back', () => {
    const { waiter, clock } = makeWaiter();
    const expired = vi.fn();
    const controller = new AbortController();
    const deadline = new Deadline(waiter, { timeout: 50, signal: controller.signal }, expired);
    expect(listeners(controller.signal)).toBe(1);
    deadline.end();
    deadline.end();
    expect(listeners(controller.signal)).toBe(0);
    expect(clock.pending).toBe(0);
    controller.abort();
    clock.advance(100);
    expect(expired).not.toHaveBeenCalled();
  });

  it('lets one turn of the event loop pass for timeout 0, whatever the clock says', async () => {
    const { waiter, clock } = makeWaiter();
    const expired = vi.fn();
    new Deadline(waiter, { timeout: 0 }, expired);
    await Promise.resolve();
    expect(expired).not.toHaveBeenCalled();
    await settled();
    expect(expired).toHaveBeenCalledOnce();
    expect(clock.pending).toBe(0);
  });

  it('does not look when it was ended before', async () => {
    const expired = vi.fn();
    new Deadline(makeWaiter().waiter, { timeout: 0 }, expired).end();
    await settled();
    expect(expired).not.toHaveBeenCalled();
  });
});

describe('abortedError', () => {
  it('tells a signal that is aborted already', () => {
    const { waiter } = makeWaiter();
    expect(abortedError(waiter, undefined)).toBeUndefined();
    expect(abortedError(waiter, new AbortController().signal)).toBeUndefined();
    expect(abortedError(waiter, AbortSignal.abort('why'))).toMatchObject({ name: 'AbortError', cause: 'why' });
  });

  it('hands on what a layer above gave up with', () => {
    const reason = new NetError({ code: 'ETIMEDOUT', operation: 'connect', message: 'too late' });
    expect(abortedError(makeWaiter().waiter, AbortSignal.abort(reason))).toBe(reason);
  });
});

describe('GuardedAttempt', () => {
  it('gives the result of the work', async () => {
    const attempt = new GuardedAttempt(makeWaiter().waiter, {});
    await expect(attempt.race(Promise.resolve('done'))).resolves.toBe('done');
    await expect(attempt.race(Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(attempt.signal.aborted).toBe(false);
  });

  it('is given up by the caller, by time and by hand, even if the work goes on', async () => {
    const never = new Promise<void>(() => {});
    const { waiter, clock } = makeWaiter();
    const controller = new AbortController();
    const signalled = new GuardedAttempt(waiter, { signal: controller.signal });
    const late = new GuardedAttempt(waiter, { timeout: 10 });
    const refused = new GuardedAttempt(waiter, {});
    const reason = new NetError({ code: 'ECONNABORTED', operation: 'connect', message: 'closed' });
    controller.abort();
    clock.advance(10);
    refused.abort(reason);
    await expect(signalled.race(never)).rejects.toMatchObject({ name: 'AbortError' });
    await expect(late.race(never)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    await expect(refused.race(never)).rejects.toBe(reason);
    expect([signalled, late, refused].every(({ signal }) => signal.aborted)).toBe(true);
    expect(refused.signal.reason).toBe(reason);
    expect(listeners(controller.signal)).toBe(0);
  });

  it('keeps nothing when it is over', () => {
    const { waiter, clock } = makeWaiter();
    const { signal } = new AbortController();
    new GuardedAttempt(waiter, { signal, timeout: 10 }).end();
    expect(clock.pending).toBe(0);
    expect(listeners(signal)).toBe(0);
  });
});

function makeWaiter(): { clock: ManualClock; waiter: Waiter } {
  const clock = new ManualClock();
  return { clock, waiter: { clock, operation: 'receive', backend: 'fake' } };
}

function listeners(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length;
}
