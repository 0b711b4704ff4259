import type { Clock } from '@avs-net/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { RegistrationDirectory } from './registration-directory.ts';

const PEER = '192.0.2.1:5000';
let now: number;
let timers: Set<{ due: number; run: () => void }>;
let changes: string[];
let directory: RegistrationDirectory;

const clock: Clock = {
  now: () => now,
  timer(ms, run) {
    const timer = { due: now + ms, run };
    timers.add(timer);
    return { cancel: () => void timers.delete(timer) };
  },
};

function advance(seconds: number): void {
  const end = now + seconds * 1_000;
  for (;;) {
    const [next] = [...timers].filter(({ due }) => due <= end).sort((one, other) => one.due - other.due);
    if (next === undefined) break;
    timers.delete(next);
    now = next.due;
    next.run();
  }
  now = end;
}

beforeEach(() => {
  now = 0;
  timers = new Set();
  changes = [];
  directory = new RegistrationDirectory({
    clock,
    limit: 3,
    changed: (change, { endpoint }, { size }) => void changes.push(`${change} ${endpoint} ${size}`),
  });
});

describe('a registration directory', () => {
  it('keeps what a client says, with the defaults of LwM2M', () => {
    expect(directory.register('a', 'a', {}, PEER)).toEqual({
      ...{ location: expect.stringMatching(/^[0-9a-f]{8}$/), endpoint: 'a', identity: 'a', peer: PEER },
      ...{ lifetime: 86_400, version: '1.0', binding: 'U', objects: '' },
    });
    const said = { lifetime: 60, version: '1.1', binding: 'UQ', objects: '</3/0>' };
    expect(directory.register('b', 'b', said, PEER)).toMatchObject(said);
    expect(directory.registrations().map(({ endpoint }) => endpoint)).toEqual(['a', 'b']);
  });

  it('changes what an update names, and only that', () => {
    const { location } = directory.register('a', 'a', { lifetime: 60, objects: '</3/0>' }, PEER)!;
    const updated = directory.update(location, 'a', { lifetime: 90 }, '192.0.2.1:5001');
    expect(updated).toMatchObject({ location, lifetime: 90, objects: '</3/0>', peer: '192.0.2.1:5001' });
    expect(directory.find(location, 'a')).toBe(updated);
  });

  it('shows a registration to its identity and to nobody else', () => {
    const { location } = directory.register('a', 'a', {}, PEER)!;
    for (const identity of ['b', undefined]) {
      expect(directory.find(location, identity)).toBeUndefined();
      expect(directory.update(location, identity, { lifetime: 1 }, PEER)).toBeUndefined();
      expect(directory.deregister(location, identity)).toBe(false);
    }
    expect(directory.find('00000000', undefined)).toBeUndefined();
    expect(directory.deregister(location, 'a')).toBe(true);
    expect(directory.deregister(location, 'a')).toBe(false);
    expect(changes).toEqual(['registered a 1', 'deregistered a 0']);
    expect(timers.size).toBe(0);
  });

  it('has one registration of an endpoint', () => {
    const first = directory.register('a', 'a', {}, PEER)!;
    const second = directory.register('a', 'a', {}, PEER)!;
    expect(directory.find(first.location, 'a')).toBeUndefined();
    expect(directory.registrations()).toEqual([second]);
    expect(changes).toEqual(['registered a 1', 'replaced a 0', 'registered a 1']);
  });

  it('forgets what was not updated within its lifetime', () => {
    const { location } = directory.register('a', 'a', { lifetime: 60 }, PEER)!;
    directory.register('b', 'b', { lifetime: 30 }, PEER);
    expect(timers.size).toBe(1);
    advance(50);
    directory.update(location, 'a', {}, PEER);
    expect(changes.slice(2)).toEqual(['expired b 1', 'updated a 1']);
    advance(59);
    expect(directory.size).toBe(1);
    advance(1);
    expect(changes.at(-1)).toBe('expired a 0');
    expect(timers.size).toBe(0);
  });

  it('waits for lifetimes that are longer than a timer', () => {
    directory.register('a', 'a', { lifetime: 4_294_967_295 }, PEER);
    advance(4_294_967);
    expect(directory.size).toBe(1);
    directory.close();
    expect(timers.size).toBe(0);
  });

  it('takes no more than it may, but those that come again', () => {
    for (const name of ['a', 'b', 'c']) directory.register(name, name, {}, PEER);
    expect(directory.register('d', 'd', {}, PEER)).toBeUndefined();
    expect(directory.register('a', 'a', {}, PEER)).toBeDefined();
    expect(directory.size).toBe(3);
  });
});
