import { describe, expect, it } from 'vitest';
import { useFromEnvironment } from './environment.ts';

describe('AVS_NET_USE', () => {
  it.each([
    [undefined, { dtls: 'a' }],
    ['', { dtls: 'a' }],
    ['  ', { dtls: 'a' }],
    ['dtls=b', { dtls: 'b' }],
    ['udp=u', { dtls: 'a', udp: 'u' }],
    [' dtls = b , udp=u ', { dtls: 'b', udp: 'u' }],
    ['dtls=b|c', { dtls: ['b', 'c'] }],
  ])('%j gives %j', (text, use) => {
    expect(useFromEnvironment({ dtls: 'a' }, { AVS_NET_USE: text })).toEqual(use);
  });

  it.each([
    ['dtls', /character 1: "dtls" is not of the form type=plugin/],
    ['dtls=b,', /character 8: "" is not of the form/],
    ['udp=u,sctp=x', /character 7: "sctp" is unknown/],
    ['udp=u,dtsl=x', /character 7: .*did you mean "dtls"/],
    ['dtls=', /character 6: a plugin name is missing/],
    ['dtls=b|', /character 8: a plugin name is missing/],
    ['dtls=b/c', /character 6: "b\/c" is no plugin name/],
    ['dtls=b,dtls=c', /character 8: "dtls" is named twice/],
  ])('%j is refused with its position', (text, message) => {
    expect(() => useFromEnvironment({}, { AVS_NET_USE: text })).toThrow(
      expect.objectContaining({ code: 'EINVAL', message: expect.stringMatching(message) }),
    );
  });

  it('reads the environment of the process by default', () => {
    process.env['AVS_NET_USE'] = 'udp=from-process';
    try {
      expect(useFromEnvironment()).toEqual({ udp: 'from-process' });
    } finally {
      delete process.env['AVS_NET_USE'];
    }
  });
});
