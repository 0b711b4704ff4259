import { describe, expect, it } from 'vitest';
import type { Plugin } from '../contract/backend.ts';
import type { SocketType } from '../contract/configuration.ts';
import { selectPlugins, type Use } from './selection.ts';

const plugin = (name: string, provides: SocketType): Plugin => ({
  contract: 1,
  name,
  provides,
  claims: {},
  load: () => ({ context: () => ({ destroy() {} }) }),
});
const PLUGINS = [plugin('udp', 'udp'), plugin('dtls-openssl', 'dtls'), plugin('dtls-toy', 'dtls')];
const select = (use?: unknown, plugins = PLUGINS) => selectPlugins(plugins, use as Use | undefined, 'createNet');

describe('selection', () => {
  it('needs no choice for the only provider', () => {
    const choice = select({ dtls: 'dtls-toy' }).get('udp');
    expect(choice).toEqual({ type: 'udp', plugins: [PLUGINS[0]], because: 'only' });
  });

  it('takes the plugin that is named', () => {
    expect(select({ dtls: 'dtls-toy' }).get('dtls')).toEqual({ type: 'dtls', plugins: [PLUGINS[2]], because: 'named' });
  });

  it('keeps the order of a list', () => {
    const choice = select({ dtls: ['dtls-toy', 'dtls-openssl'] }).get('dtls');
    expect(choice).toEqual({ type: 'dtls', plugins: [PLUGINS[2], PLUGINS[1]], because: 'order' });
  });

  it('leaves out what nobody provides', () => {
    expect(select({ dtls: 'dtls-toy' }).has('tls')).toBe(false);
  });

  it.each([
    ['several and no choice', undefined, /dtls-openssl and dtls-toy provide dtls; choose with use/],
    ['an unknown name', { dtls: 'dtls-gnutls' }, /"dtls-gnutls" is unknown; known: dtls-openssl, dtls-toy/],
    ['a slip', { dtls: 'dtls-opensl' }, /did you mean "dtls-openssl"/],
    ['a name of another type', { udp: 'dtls-toy' }, /"dtls-toy" provides dtls and not udp/],
    ['a type that nobody provides', { dtls: 'dtls-toy', tls: 'tls-node' }, /no plugin provides tls/],
    ['an unknown type', { dtsl: 'dtls-toy' }, /use\.dtsl: .*did you mean "dtls"/],
    ['an empty list', { dtls: [] }, /a list of at least one/],
    ['a name twice', { dtls: ['dtls-toy', 'dtls-toy'] }, /names "dtls-toy" twice/],
    ['no name', { dtls: [7] }, /every entry must be a plugin name/],
    ['no choice object', 'dtls-toy', /use must be an object/],
    ['a list of choices', ['dtls-toy'], /use must be an object/],
    ['null', null, /use must be an object/],
  ])('refuses %s', (_, use, message) => {
    expect(() => select(use)).toThrow(
      expect.objectContaining({ code: 'EINVAL', operation: 'createNet', message: expect.stringMatching(message) }),
    );
  });
});
