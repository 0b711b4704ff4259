import { describe, expect, it } from 'vitest';
import { manualClock } from '../../test/manual-clock.ts';
import { memoryUdp } from '../../test/memory-udp.ts';
import { scriptedDtls } from '../../test/scripted-dtls.ts';
import { clientSecurity as security } from '../../test/secure-net.ts';
import { netModule } from '../container.ts';
import { createNet } from './create-net.ts';
import type { Net, NetOptions } from './net.ts';

const setUp = (): Net => createNet({ plugins: [memoryUdp().plugin, scriptedDtls().plugin], clock: manualClock() });

describe('options of a net', () => {
  const plugins = [memoryUdp().plugin];
  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /must be an object such as/],
    ['null', null, /must be an object such as/],
    ['a slip', { plugins, uses: {} }, /"uses" is unknown; did you mean "use"\?/],
    ['a number for a clock', { plugins, clock: 5 }, /clock must be an object with the functions now and timer/],
    ['null for a clock', { plugins, clock: null }, /clock must be/],
    ['half a clock', { plugins, clock: { now: () => 0 } }, /clock must be/],
    ['a text for a trace', { plugins, trace: 'yes' }, /trace must be a function/],
  ])('refuses %s', (_, options, message) => {
    for (const [operation, make] of [['createNet', createNet] as const, ['netModule', netModule] as const]) {
      expect(() => make(options as NetOptions)).toThrow(
        expect.objectContaining({ code: 'EINVAL', operation, message: expect.stringMatching(message) }),
      );
    }
  });
});

describe('options of a socket', () => {
  it.each<[string, unknown, string]>([
    ['null', null, 'options must be an object, received null'],
    ['a number', 5, 'options must be an object, received 5'],
    ['no signal', { signal: 5 }, 'signal must be an AbortSignal, received 5'],
    ['an aborted look-alike', { signal: { aborted: true } }, 'signal must be an AbortSignal, received an object'],
  ])('refuses %s', async (_, options, message) => {
    const net = setUp();
    const lower = await net.createSocket('udp');
    const expected = (operation: string) => ({ code: 'EINVAL', operation, message: expect.stringContaining(message) });
    await expect(net.createSocket('udp', {}, options as object)).rejects.toMatchObject(expected('createSocket'));
    await expect(net.decorate('dtls', lower, { security }, options as object)).rejects.toMatchObject(
      expected('decorate'),
    );
    await net.close();
  });
});

describe('the type of a socket', () => {
  it.each<[unknown, string, string, string]>([
    ['tls', 'ENOTSUP', 'EPROTONOSUPPORT', 'no plugin provides tls: give one to createNet({ plugins })'],
    ['dtsl', 'EINVAL', 'EINVAL', 'type: "dtsl" is unknown; did you mean "dtls"?'],
    [undefined, 'EINVAL', 'EINVAL', 'type must be one of udp, tcp, dtls, tls, received undefined'],
    [7, 'EINVAL', 'EINVAL', 'type must be one of udp, tcp, dtls, tls, received number'],
  ])('%o', async (type, checked, thrown, message) => {
    const net = setUp();
    expect(net.check(type as 'tls')).toEqual([
      { path: 'type', need: 'a type that a plugin provides', code: checked, message },
    ]);
    await expect(net.createSocket(type as 'tls')).rejects.toMatchObject({
      code: thrown,
      operation: 'createSocket',
      message: expect.stringContaining(message),
    });
  });
});
