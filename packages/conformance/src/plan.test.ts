import type { Claims, Plugin, RoleClaims } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { CASES } from './cases/every-case.ts';
import { canBeAskedFor, configurationThatAsksFor, isClaimed, type Need } from './need.ts';
import { plan } from './plan.ts';

const NOTHING: RoleClaims = { security: ['psk'], versions: ['DTLSv1.2'], ciphersuites: [0xc0a8], sources: ['buffer'] };
const NEEDS: readonly Need[] = [
  ...([
    'certificate',
    'dtls1.0',
    'sni',
    'resumption',
    'connectionId',
    'continuation',
    'handshakeTimers',
    'alpn',
    'keylog',
    'exporter',
  ] as const),
  ...([
    'crl',
    'dane',
    'alerts',
    'decorate',
    'innerMtu',
    'asyncLookup',
    'extendedMasterSecret',
    'sha1HandshakeSignatures',
  ] as const),
];
const EVERYTHING: RoleClaims = {
  ...NOTHING,
  ...Object.fromEntries(NEEDS.map((need) => [need, true])),
  security: ['psk', 'certificate', 'mixed'],
  versions: ['DTLSv1.0', 'DTLSv1.2'],
  innerMtu: 'exact',
};

function pluginThat(claims: Claims): Plugin {
  return { contract: 1, name: 'planned', provides: 'dtls', claims, load: () => Promise.reject(new Error('loaded')) };
}

describe('the plan', () => {
  it('has every case once, under an id of its group', () => {
    const ids = CASES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => /^[a-z]+\/[a-z0-9.-]+$/.test(id))).toBe(true);
    for (const type of ['dtls', 'tls'] as const) {
      const planned = plan({ ...pluginThat({}), provides: type }).map(({ conformanceCase }) => conformanceCase);
      expect(planned).toEqual(CASES.filter(({ types = ['dtls'] }) => types.includes(type)));
    }
  });

  it('runs everything that is claimed', () => {
    const planned = plan(pluginThat({ client: EVERYTHING, server: EVERYTHING }));
    expect(planned.filter(({ action }) => action !== 'run')).toEqual([]);
  });

  it('wants a role refused that is not claimed', () => {
    const planned = plan(pluginThat({ client: EVERYTHING }));
    for (const { conformanceCase, action } of planned) {
      expect(action).toBe(conformanceCase.role === 'server' ? 'refuseRole' : 'run');
    }
  });

  it.each(NEEDS)('without %s never runs a case that needs it', (need) => {
    const planned = plan(pluginThat({ client: NOTHING, server: NOTHING }));
    const concerned = planned.filter(({ conformanceCase }) => conformanceCase.needs?.[0] === need);
    for (const { action } of concerned) expect(action).toBe(canBeAskedFor(need) ? 'refuse' : 'notClaimed');
  });

  it('never lets a case that needs nothing be refused', () => {
    const planned = plan(pluginThat({ client: NOTHING, server: NOTHING }));
    for (const { conformanceCase, action } of planned) {
      if (conformanceCase.needs === undefined) expect(action).toBe('run');
    }
  });

  it('carries waivers, and refuses one for a case that there is not', () => {
    const plugin = pluginThat({ client: EVERYTHING, server: EVERYTHING });
    const waiver = { id: 'psk/connects', reason: 'a known defect' };
    const waived = plan(plugin, [waiver]).filter((planned) => 'waiver' in planned);
    expect(waived.map(({ conformanceCase }) => conformanceCase.id)).toEqual(['psk/connects']);
    expect(() => plan(plugin, [{ id: 'psk/conects', reason: '' }])).toThrow(/waiver for an unknown case: psk\/conects/);
  });

  it('is for dtls only', () => {
    expect(() => plan({ ...pluginThat({}), provides: 'udp' })).toThrow(/planned provides udp/);
  });

  it('is pure: nothing is loaded, probed or changed', () => {
    const plugin = Object.freeze({
      ...pluginThat({ client: EVERYTHING }),
      probe: () => {
        throw new Error('probed');
      },
    });
    expect(plan(plugin)).toEqual(plan(plugin));
  });
});

describe('a need', () => {
  it.each(NEEDS)('%s is told from claims', (need) => {
    expect(isClaimed(pluginThat({ client: EVERYTHING }), 'client', need)).toBe(true);
    expect(isClaimed(pluginThat({ client: NOTHING }), 'client', need)).toBe(false);
    expect(isClaimed(pluginThat({ client: EVERYTHING }), 'server', need)).toBe(false);
  });

  it('has a configuration that asks for it, each another', () => {
    const asked = NEEDS.filter(canBeAskedFor).map((need) => Object.keys(configurationThatAsksFor(need)).join());
    expect(asked.length).toBeGreaterThan(8);
    expect(asked.every((keys) => keys.includes('security'))).toBe(true);
  });
});
