import { describe, expect, it } from 'vitest';
import { memoryUdp } from '../../test/memory-udp.ts';
import { identity, key, scriptedDtls } from '../../test/scripted-dtls.ts';
import type { Plugin } from '../contract/backend.ts';
import type { SecureConfiguration } from '../contract/configuration.ts';
import { createNet } from '../net/create-net.ts';

const security = { mode: 'psk', key, identity } as const;
const plain = scriptedDtls('dtls-plain').plugin;
const { client: role } = plain.claims;
const plugin = (name: string, change: Partial<Plugin> = {}): Plugin => ({ ...scriptedDtls(name).plugin, ...change });
const unavailable = (name: string): Plugin =>
  plugin(name, { probe: () => ({ available: false, reason: 'no symbols' }) });
const broken = (name: string): Plugin => plugin(name, { load: () => Promise.reject(new Error('bad file')) });
const rich = (name: string): Plugin => plugin(name, { claims: { client: { ...role!, alpn: true } } });

function choose(
  plugins: Plugin[],
  configuration: Partial<SecureConfiguration> = {},
  use = plugins.map(({ name }) => name),
) {
  const net = createNet({ plugins: [memoryUdp().plugin, ...plugins], use: { dtls: use } });
  const creating = net.createSocket('dtls', { security, ...configuration });
  const decision = () => net.decisions.find(({ type }) => type === 'dtls')!;
  return { net, creating, decision };
}

describe('the choice of a backend', () => {
  it.each<[string, Plugin[], object, string, object[]]>([
    ['the first', [plugin('dtls-a'), plugin('dtls-b')], {}, 'dtls-a', []],
    [
      'the first that is available',
      [unavailable('dtls-a'), plugin('dtls-b')],
      {},
      'dtls-b',
      [{ name: 'dtls-a', reason: 'the backend is unavailable: no symbols' }],
    ],
    [
      'the first that loads',
      [broken('dtls-a'), plugin('dtls-b')],
      {},
      'dtls-b',
      [{ name: 'dtls-a', reason: expect.stringMatching(/cannot be loaded: bad file/) }],
    ],
    [
      'the first that claims what is asked for',
      [plugin('dtls-a'), rich('dtls-b')],
      { alpn: ['coap'] },
      'dtls-b',
      [{ name: 'dtls-a', reason: expect.stringMatching(/alpn/), unmet: [expect.objectContaining({ path: 'alpn' })] }],
    ],
  ])('is %s of the list, and says who was skipped', async (_, plugins, configuration, name, skipped) => {
    const { creating, decision } = choose(plugins, configuration);
    expect(decision().chosen).toBeUndefined();
    expect((await creating).backend).toBe(name);
    expect(decision()).toEqual({
      type: 'dtls',
      candidates: plugins.map((candidate) => candidate.name),
      because: 'order',
      chosen: name,
      skipped,
    });
  });

  it('is given up where the caller is at fault', async () => {
    const { creating, decision } = choose([plugin('dtls-a'), plugin('dtls-b')], { ciphersuits: [] } as object);
    await expect(creating).rejects.toMatchObject({
      code: 'EINVAL',
      backend: 'dtls-a',
      unmet: [{ path: 'ciphersuits' }],
    });
    expect(decision().skipped).toEqual([]);
  });

  it.each<[string, Plugin[], object, string, RegExp]>([
    ['one', [unavailable('dtls-a')], {}, 'ENODEV', /unavailable: no symbols \(dtls-a\)/],
    ['one that does not load', [broken('dtls-a')], {}, 'ENODEV', /cannot be loaded: bad file/],
    ['one that cannot', [plugin('dtls-a')], { alpn: ['coap'] }, 'ENOTSUP', /alpn needs ALPN, .*client\.alpn/],
    [
      'several',
      [unavailable('dtls-a'), broken('dtls-b')],
      {},
      'ENODEV',
      /no dtls backend of the list can be used:\n- dtls-a: .*no symbols\n- dtls-b: .*bad file/,
    ],
    [
      'several, one that cannot',
      [unavailable('dtls-a'), plugin('dtls-b')],
      { alpn: ['coap'] },
      'ENOTSUP',
      /- dtls-b: alpn/,
    ],
  ])('fails if nobody is left of %s', async (_, plugins, configuration, code, message) => {
    const { creating, decision } = choose(plugins, configuration);
    await expect(creating).rejects.toMatchObject({
      code,
      operation: expect.any(String),
      message: expect.stringMatching(message),
    });
    expect(decision().skipped).toHaveLength(plugins.length);
    expect(decision().chosen).toBeUndefined();
  });

  it('refuses before it probes or loads', async () => {
    const touched: string[] = [];
    const careful = plugin('dtls-a', {
      probe: () => {
        touched.push('probe');
        return { available: true };
      },
      load: () => {
        touched.push('load');
        throw new Error('never');
      },
    });
    const { creating } = choose([careful], { connectionId: true });
    await expect(creating).rejects.toMatchObject({ code: 'ENOTSUP' });
    expect(touched).toEqual([]);
  });

  it('believes the probe where it narrows, in createSocket and then in check', async () => {
    const narrowing = plugin('dtls-a', {
      claims: { client: { ...role!, alpn: true } },
      probe: () => ({ available: true, claims: { client: role! } }),
    });
    const { net, creating } = choose([narrowing]);
    const configuration = { security, alpn: ['coap'] };
    expect(net.check('dtls', configuration)).toEqual([]);
    await creating;
    expect(net.check('dtls', configuration)).toMatchObject([{ claim: 'client.alpn' }]);
    await expect(net.createSocket('dtls', configuration)).rejects.toMatchObject({ code: 'ENOTSUP' });
  });
});
