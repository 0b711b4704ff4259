import { expect, it, vi } from 'vitest';
import { SocketEvents } from './socket-events.ts';

it('keeps the listeners of one event apart from those of another, though all are in one list', () => {
  const events = new SocketEvents();
  const listener = vi.fn();
  for (const event of ['close', 'end', 'end'] as const) events.add(event, listener, false);
  expect([events.count('close'), events.count('end'), events.count('connection')]).toEqual([1, 2, 0]);
  events.remove('close', listener);
  events.remove('close', listener);
  events.remove('message', listener);
  expect([events.count('close'), events.count('end'), events.pushing]).toEqual([0, 2, false]);
  events.emit('close');
  expect(listener).not.toHaveBeenCalled();
  events.emit('end');
  expect(listener).toHaveBeenCalledTimes(2);
});

it('takes the latest registration back first', () => {
  const events = new SocketEvents();
  const calls: string[] = [];
  const [one, two] = [() => calls.push('one'), () => calls.push('two')];
  for (const listener of [one, two, one]) events.add('end', listener, false);
  events.remove('end', one);
  events.emit('end');
  expect(calls).toEqual(['one', 'two']);
});

it.each(['end', 'message'] as const)(
  'tells everybody who listened to %s when it began, and nobody who came later',
  (event) => {
    const events = new SocketEvents();
    const calls: string[] = [];
    const emit = (): void =>
      event === 'message' ? events.emitMessage(new Uint8Array(0), undefined) : events.emit(event);
    const gone = (): void => void calls.push('gone');
    const late = (): void => void calls.push('late');
    events.add(
      event,
      () => {
        events.remove(event, gone);
        events.add(event, late, true);
      },
      true,
    );
    events.add(event, gone, false);
    emit();
    emit();
    emit();
    expect(calls).toEqual(['gone', 'late']);
    expect(events.count(event)).toBe(0);
  },
);
