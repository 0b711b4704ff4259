import { describe, expect, it } from 'vitest';
import type { Claims, TransportFeature } from '../contract/claims.ts';
import { checkConfiguration } from './claims-check.ts';

const claims = (...features: TransportFeature[]): Claims => ({ transport: { operations: [], features } });
const check = (configuration: unknown, able = claims()) => checkConfiguration('udp', configuration as never, able);

describe('a transport configuration', () => {
  it.each<[TransportFeature, unknown, unknown]>([
    ['dscp', 46, 0],
    ['priority', 7, 0],
    ['reuseAddress', true, false],
    ['transparent', true, false],
    ['interfaceName', 'eth0', ''],
    ['preferredEndpoint', {}, undefined],
    ['addressFamily', 'inet6', 'unspec'],
    ['preferredFamily', 'inet4', 'unspec'],
    ['forcedMtu', 1280, 0],
    ['reusePort', true, false],
    ['replyFromAskedAddress', true, false],
  ])('%s is refused unless claimed, and asks for nothing when neutral', (feature, value, neutral) => {
    expect(check({ [feature]: value })).toMatchObject([
      { path: feature, code: 'ENOTSUP', claim: `transport.features: ${feature}` },
    ]);
    expect(check({ [feature]: value }, claims(feature))).toEqual([]);
    expect(check({ [feature]: neutral })).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['dscp', 64],
    ['dscp', -1],
    ['dscp', 1.5],
    ['priority', 8],
    ['reuseAddress', 1],
    ['interfaceName', 'a b'],
    ['preferredEndpoint', 'host:1'],
    ['addressFamily', 'inet'],
    ['forcedMtu', -1],
    ['receiveQueue', 5],
  ])('%s %j is EINVAL, claimed or not', (property, value) => {
    expect(check({ [property]: value })).toMatchObject([{ path: property, code: 'EINVAL' }]);
  });

  it('says from which Node on there is reusePort', () => {
    expect(check({ reusePort: true })).toMatchObject([{ message: expect.stringMatching(/Node 22\.12 .* v\d+/) }]);
  });

  it('may be left out', () => {
    expect(check(undefined)).toEqual([]);
  });

  it('knows its properties', () => {
    expect(check({ reuseAddr: true })).toMatchObject([
      { message: expect.stringMatching(/did you mean "reuseAddress"/) },
    ]);
  });
});
