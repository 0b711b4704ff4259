import { describe, expect, it } from 'vitest';
import { host } from '../test/pair.ts';
import { serverName } from './server-name.ts';

const named = (name: string | undefined) => serverName(name, (init) => host.error(init));

describe('the name of a server', () => {
  it.each([
    ['device.example', 'device.example', 'device.example'],
    ['device.example.', 'device.example', 'device.example'],
    ['bücher.example', 'xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['192.0.2.1', undefined, '192.0.2.1'],
    ['2001:db8::1', undefined, '2001:db8::1'],
    ['[2001:db8::1]', undefined, '2001:db8::1'],
    ['fe80::1%lo', undefined, 'fe80::1'],
    ['127.1', undefined, '127.1'],
    ['\uff11\uff12\uff17.1', undefined, '\uff11\uff12\uff17.1'],
    ['127.0.0.1%lo', '127.0.0.1%lo', '127.0.0.1%lo'],
    ['a'.repeat(255), 'a'.repeat(255), 'a'.repeat(255)],
  ])('%s is indicated as %s and verified as %s', (given, indication, verified) => {
    expect(named(given)).toEqual({ indication, verified });
  });

  it.each([undefined, '', '.'])('is not known from %j', (given) => {
    expect(named(given)).toBeUndefined();
  });

  it.each([
    ['a'.repeat(256), 'ENOBUFS'],
    ['a b', 'EINVAL'],
  ])('%s is refused with %s', (given, code) => {
    expect(() => named(given)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(/server name/) }),
    );
  });
});
