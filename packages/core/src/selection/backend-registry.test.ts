import { describe, expect, it } from 'vitest';
import type { BackendModule, Plugin, Probe } from '../contract/backend.ts';
import type { Claims, RoleClaims } from '../contract/claims.ts';
import { createRegistry } from './backend-registry.ts';
import { narrowClaims } from './claims-narrowing.ts';

const role: RoleClaims = {
  security: ['psk', 'certificate'],
  versions: ['DTLSv1.2', 'DTLSv1.3'],
  ciphersuites: [0xc0a8, 0xc0a4],
  sources: ['buffer'],
  sni: true,
  innerMtu: 'exact',
};
const declared: Claims = {
  client: role,
  limits: { pskKey: 64, timerMin: 20, identityNul: false },
  options: { readable: ['mtu'], writable: [] },
};
const module: BackendModule = { context: () => ({ destroy() {} }) };
const backend = (change: Partial<Plugin>) =>
  createRegistry([
    { contract: 1, name: 'dtls-x', provides: 'dtls', claims: declared, load: () => module, ...change },
  ]).get('dtls-x')!;
const narrowed = (probed: Claims) => narrowClaims(declared, probed);

describe('narrowing', () => {
  it('keeps claims that the probe repeats', () => {
    expect(narrowed(declared)).toEqual({ claims: declared, widened: [] });
  });

  it.each<[string, Claims, object]>([
    ['suites', { ...declared, client: { ...role, ciphersuites: [0xc0a4] } }, { client: { ciphersuites: [0xc0a4] } }],
    ['exactness', { ...declared, client: { ...role, innerMtu: 'estimate' } }, { client: { innerMtu: 'estimate' } }],
    ['limits', { ...declared, limits: { pskKey: 32, timerMin: 50 } }, { limits: { pskKey: 32, timerMin: 50 } }],
    ['a new limit', { ...declared, limits: { message: 100 } }, { limits: { pskKey: 64, message: 100 } }],
  ])('takes narrower %s', (_, probed, claims) => {
    expect(narrowed(probed)).toMatchObject({ claims, widened: [] });
  });

  it('drops flags and roles that the probe leaves out', () => {
    const { sni, ...without } = role;
    expect(narrowed({ client: without }).claims.client).not.toHaveProperty('sni');
    expect(narrowed({}).claims).toEqual({ limits: declared.limits });
  });

  it.each<[string, Claims, string]>([
    ['role', { ...declared, server: role }, 'server'],
    ['flag', { ...declared, client: { ...role, dane: true } }, 'client.dane'],
    ['suite', { ...declared, client: { ...role, ciphersuites: [0xc0a8, 0xc0a4, 1] } }, 'client.ciphersuites: 1'],
    ['limit', { ...declared, limits: { pskKey: 65 } }, 'limits.pskKey'],
    ['lower minimum', { ...declared, limits: { timerMin: 19 } }, 'limits.timerMin'],
    ['NUL', { ...declared, limits: { identityNul: true } }, 'limits.identityNul'],
  ])('reports a wider %s and does not believe it', (_, probed, path) => {
    expect(narrowed(probed)).toEqual({ claims: declared, widened: [path] });
  });
});

describe('a backend', () => {
  it('is available as declared without a probe', async () => {
    expect(await backend({}).availability()).toEqual({ available: true, claims: declared, widened: [] });
  });

  it('is probed once, narrows its claims and says which library it found', async () => {
    let probes = 0;
    const library = { name: 'OpenSSL', built: '3.0', running: '3.5' };
    const subject = backend({
      probe: () => {
        probes += 1;
        return { available: true, library, claims: { ...declared, client: { ...role, versions: ['DTLSv1.2'] } } };
      },
    });
    expect(subject.claims.client!.versions).toHaveLength(2);
    await Promise.all([subject.availability(), subject.availability()]);
    expect(await subject.availability()).toMatchObject({ available: true, library });
    expect(subject.claims.client!.versions).toEqual(['DTLSv1.2']);
    expect(probes).toBe(1);
  });

  it('says why it is unavailable', async () => {
    const probe = (): Probe => ({ available: false, reason: 'no symbols', library: { name: 'BoringSSL' } });
    expect(await backend({ probe }).availability()).toMatchObject({
      available: false,
      reason: 'no symbols',
      library: { name: 'BoringSSL' },
    });
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'throws',
      () => {
        throw new Error('boom');
      },
      /its probe failed: boom/,
    ],
    ['rejects', () => Promise.reject(new Error('boom')), /its probe failed: boom/],
    ['says nothing', () => undefined, /told nothing/],
    ['claims no role', () => ({ available: true, claims: {} }), /names no role/],
  ])('whose probe %s is unavailable, and asked again', async (_, breach, reason) => {
    let broken = true;
    const subject = backend({ probe: () => (broken ? breach() : { available: true }) as Probe });
    expect(await subject.availability()).toMatchObject({ available: false, reason: expect.stringMatching(reason) });
    broken = false;
    expect(await subject.availability()).toMatchObject({ available: true });
  });

  it('is loaded once, by concurrent first users too', async () => {
    let loads = 0;
    const subject = backend({
      load: async () => {
        loads += 1;
        return module;
      },
    });
    expect(await Promise.all([subject.module(), subject.module()])).toEqual([module, module]);
    await subject.module();
    expect(loads).toBe(1);
  });

  it('forgets a failed load', async () => {
    let loads = 0;
    const subject = backend({
      load: () => {
        loads += 1;
        if (loads === 1) throw new Error('no such file');
        return module;
      },
    });
    await expect(subject.module()).rejects.toMatchObject({
      code: 'ENODEV',
      backend: 'dtls-x',
      message: expect.stringMatching(/cannot be loaded: no such file/),
    });
    expect(await subject.module()).toBe(module);
  });

  it('that gives no module is refused', async () => {
    await expect(backend({ load: () => ({}) as never }).module()).rejects.toMatchObject({ code: 'ENODEV' });
  });
});
