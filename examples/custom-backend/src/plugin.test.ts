import { readdirSync, readFileSync } from 'node:fs';
import { NetError, type SecureConfiguration } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { clientConfiguration, serverConfiguration } from '../test/association-pair.ts';
import backend, { customBackend } from './index.ts';
import { makeEngine } from './plugin.ts';

const host = {
  backend: 'custom-backend',
  clock: { now: () => 0, timer: () => ({ cancel() {} }) },
  error: (details: { code: string; message: string }) => new NetError({ ...details, operation: 'createSocket' }),
};

describe('the descriptor', () => {
  it('is a frozen plain object whose claims are JSON', async () => {
    expect(backend).toBe(customBackend);
    expect(Object.isFrozen(customBackend)).toBe(true);
    expect(JSON.parse(JSON.stringify(customBackend.claims))).toEqual(customBackend.claims);
    expect(await customBackend.probe?.()).toMatchObject({ available: true, library: { name: 'node:crypto' } });
  });

  it('needs nothing of core at run time, and of all packages only the endpoint', () => {
    const sources = readdirSync(import.meta.dirname).filter((name) => !name.endsWith('.test.ts'));
    const imports = sources.flatMap((name) => {
      const text = readFileSync(new URL(name, import.meta.url), 'utf8');
      return [...text.matchAll(/^(?:import|export) (type )?[^;]*?from '([^.'][^']*)';/gms)].map(
        ([, type, from]) => `${type ?? ''}${from}`,
      );
    });
    expect(sources.length).toBeGreaterThan(15);
    expect([...new Set(imports)].sort()).toEqual([
      '@avs-net/dtls-endpoint',
      'node:crypto',
      'node:net',
      'type @avs-net/core/plugin',
    ]);
  });
});

describe('a configuration', () => {
  const client = clientConfiguration();
  const server = serverConfiguration();
  const key = (source: object) => ({ ...client.security, key: { type: 'pskKey', ...source } });
  it.each<[name: string, configuration: object, message: RegExp]>([
    [
      'for certificates',
      { security: { mode: 'certificate' } },
      /security\.mode must be psk, received certificate.*ENOTSUP/,
    ],
    [
      'with a key in a file',
      { security: key({ source: 'file', filename: 'k' }) },
      /security\.key.*received file.*EINVAL/,
    ],
    ['with an empty key', { security: key({ source: 'buffer', buffer: new Uint8Array(0) }) }, /security\.key.*EINVAL/],
    ['without a suite of ours', { ...client, ciphersuites: [0xc0a9, 'nonsense'] }, /ciphersuites names none.*EINVAL/],
  ])('%s is refused in words', async (_, configuration, message) => {
    const module = await customBackend.load();
    expect(() => module.context(configuration as SecureConfiguration, host)).toThrow(message);
  });

  it('of one role does not make the other', () => {
    const output = {} as never;
    const request = { output, handshakeTimeouts: { min: 1, max: 1 }, error: host.error };
    expect(() => makeEngine(client, host)({ ...request, role: 'server' })).toThrow(/security is a client's.*EINVAL/);
    expect(() => makeEngine(server, host)({ ...request, role: 'client' })).toThrow(/security is a server's.*EINVAL/);
  });

  it('of a client cannot listen, of a server can', async () => {
    const module = await customBackend.load();
    expect((await module.context(client, host)).listen).toBeUndefined();
    const context = await module.context(server, host);
    expect(context.listen).toBeTypeOf('function');
    context.destroy();
    context.destroy();
  });
});
