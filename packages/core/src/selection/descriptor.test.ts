import { describe, expect, it } from 'vitest';
import type { Plugin } from '../contract/backend.ts';
import { readPlugins } from './descriptor.ts';

const transport: Plugin = {
  contract: 1,
  name: 'udp',
  provides: 'udp',
  claims: { transport: { operations: ['connect'], features: [] } },
  load: () => ({ context: () => ({ destroy() {} }) }),
};

const read = (plugin: unknown) => readPlugins([plugin as Plugin], 'createNet');
const changed = (change: object): unknown => ({ ...transport, ...change });

describe('a plugin', () => {
  it('is copied and frozen to the ground', () => {
    const claims = { transport: { operations: ['connect' as const], features: [] } };
    const [plugin] = read({ ...transport, claims });
    claims.transport.operations.pop();
    expect(plugin!.claims).toEqual({ transport: { operations: ['connect'], features: [] } });
    expect(Object.isFrozen(plugin)).toBe(true);
    expect(Object.isFrozen(plugin!.claims.transport!.operations)).toBe(true);
  });

  it('keeps `this` for its functions', async () => {
    const module = { context: () => ({ destroy() {} }) };
    const author = { ...transport, module, load: (): unknown => undefined, probe: (): unknown => undefined };
    author.load = function load(this: typeof author) {
      return this.module;
    };
    author.probe = function probe(this: typeof author) {
      return { available: this.module === module };
    };
    const [plugin] = read(author);
    expect(await plugin!.load()).toBe(module);
    expect(await plugin!.probe!()).toEqual({ available: true });
  });

  it.each([
    ['another contract', { contract: 2, provides: 'sctp' }, 'EPROTONOSUPPORT', /"udp" speaks contract 2, .* speaks 1/],
    ['no contract', { contract: undefined }, 'EINVAL', /"udp" names no contract number/],
    ['a name in camel case', { name: 'myUdp' }, 'EINVAL', /kebab-case.*"myUdp"/],
    ['a name with a scope', { name: '@me/udp' }, 'EINVAL', /kebab-case/],
    ['no name', { name: undefined }, 'EINVAL', /plugins\[0\]\.name/],
    ['an unknown type', { provides: 'sctp' }, 'EINVAL', /"udp": provides must be one of udp, tcp, dtls, tls.*"sctp"/],
    ['no load', { load: undefined }, 'EINVAL', /load must be a function; received undefined/],
    ['a probe that is no function', { probe: {} }, 'EINVAL', /probe must be a function; received object/],
    ['no claims', { claims: undefined }, 'EINVAL', /claims must be an object; received undefined/],
    ['no transport claims', { claims: {} }, 'EINVAL', /claims\.transport must be an object/],
    ['no list', { claims: { transport: { operations: [] } } }, 'EINVAL', /transport\.features must be an array/],
    ['no role', { provides: 'dtls', claims: {} }, 'EINVAL', /names no role/],
    [
      'half a role',
      { provides: 'tls', claims: { client: { security: ['psk'] } } },
      'EINVAL',
      /client\.versions must be/,
    ],
  ])('with %s is refused', (_, change, code, message) => {
    expect(() => read(changed(change))).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  it.each([
    ['nothing', undefined, /plugins\[0\] must be a plugin object; received undefined/],
    ['a whole module', { default: transport }, /pass the plugin that it exports/],
    ['an import that nobody awaited', Promise.resolve(transport), /pass the plugin that it exports/],
  ])('cannot be %s', (_, value, message) => {
    expect(() => read(value)).toThrow(message);
  });

  it('is refused when given twice', () => {
    expect(() => readPlugins([transport, transport], 'createNet')).toThrow(/"udp" is given twice/);
  });

  it('comes in an array', () => {
    expect(() => readPlugins(transport as never, 'createNet')).toThrow(/must be an array of plugins/);
  });
});
