import * as core from '@avs-net/core';
import type { Association, AssociationRequest, Plugin, RoleClaims } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { conformance, runCase } from './conformance.ts';
import type { ConformanceCase } from './conformance-case.ts';
import { type Outcome, summary } from './outcome.ts';
import { planCase } from './plan.ts';

const ROLE: RoleClaims = { security: ['psk'], versions: ['DTLSv1.2'], ciphersuites: [0xc0a8], sources: ['buffer'] };

/** An engine that never says, hears or waits for anything. */
function mute(change: Partial<Plugin> = {}): Plugin {
  const association = ({ output: _ }: AssociationRequest): Association => ({
    phase: 'handshake',
    deadline: undefined,
    start() {},
    receive() {},
    send() {},
    timeout() {},
    shutdown() {},
    maxMessage: (limit) => limit,
    info: () => ({}),
    destroy() {},
  });
  return {
    contract: 1,
    name: 'mute',
    provides: 'dtls',
    claims: { client: ROLE, server: ROLE },
    load: () => ({ context: () => ({ association, destroy() {} }) }),
    ...change,
  };
}

function caseThat(run: ConformanceCase['run'], extra: Partial<ConformanceCase> = {}): ConformanceCase {
  return { id: 'test/case', title: 'a case', role: 'client', run, ...extra };
}

const passes = caseThat(async () => {});
const fails = caseThat(async () => {
  throw new Error('it does not work');
});

async function outcomeOf(one: ConformanceCase, plugin = mute(), waiver?: { id: string; reason: string }) {
  return await runCase(planCase(one, plugin, waiver), plugin, { core, peer: plugin });
}

describe('a case', () => {
  it('passes or fails', async () => {
    expect(await outcomeOf(passes)).toEqual({ id: 'test/case', result: 'pass' });
    expect(await outcomeOf(fails)).toMatchObject({ result: 'fail', error: new Error('it does not work') });
  });

  it('that waits for what can never happen is told to have stalled', async () => {
    const stalls = caseThat(async (stage) => {
      const socket = await stage.client.createSocket('dtls', stage.clientConfiguration());
      await socket.connect(stage.serverHost, 5684);
    });
    const outcome = await outcomeOf(stalls);
    expect(outcome).toMatchObject({ result: 'fail' });
    expect(String((outcome as { error: unknown }).error)).toMatch(/can never happen: no timer is left/);
  });

  it('that leaves a timer behind fails', async () => {
    const leaks = caseThat(async (stage) => void stage.clock.timer(3_600_000, () => {}));
    const outcome = await outcomeOf(leaks);
    expect(String((outcome as { error: unknown }).error)).toMatch(/a timer was left behind/);
  });

  it('is refused as declared when its claim is missing and nothing leaves', async () => {
    expect(await outcomeOf({ ...fails, needs: ['alpn'] })).toMatchObject({
      result: 'refusedAsDeclared',
      claim: 'alpn',
    });
    expect(await outcomeOf({ ...fails, needs: ['alerts'] })).toMatchObject({ claim: 'alerts' });
    const clientOnly = mute({ claims: { client: ROLE } });
    expect(await outcomeOf({ ...fails, role: 'server' }, clientOnly)).toMatchObject({ claim: 'server' });
  });

  it('is unavailable when the backend is, or when no peer can play', async () => {
    const absent = mute({ probe: () => ({ available: false, reason: 'not compiled' }) });
    expect(await outcomeOf(passes, absent)).toEqual({
      id: 'test/case',
      result: 'unavailable',
      reason: 'mute: not compiled',
    });
    expect(await outcomeOf(passes, mute({ claims: { client: ROLE } }))).toMatchObject({
      reason: 'mute cannot be the server; hand in a peer that can',
    });
    const oneSided = mute({ claims: { client: { ...ROLE, alpn: true }, server: ROLE } });
    expect(await outcomeOf({ ...passes, needs: ['alpn'], mutual: true }, oneSided)).toMatchObject({
      reason: 'mute does not claim alpn as server',
    });
  });

  it('counts what the probe leaves of the claims', async () => {
    const narrowed = mute({
      claims: { client: { ...ROLE, alpn: true }, server: ROLE },
      probe: () => ({ available: true, claims: { client: ROLE, server: ROLE } }),
    });
    expect(await outcomeOf({ ...fails, needs: ['alpn'] }, narrowed)).toMatchObject({ claim: 'alpn' });
  });
});

describe('a waiver', () => {
  const waiver = { id: 'test/case', reason: 'a known defect' };

  it('excuses a failure', async () => {
    expect(await outcomeOf(fails, mute(), waiver)).toMatchObject({ result: 'fail', waived: 'a known defect' });
  });

  it('fails when its case passes', async () => {
    const outcome = await outcomeOf(passes, mute(), waiver);
    expect(outcome).toMatchObject({
      result: 'fail',
      error: new Error('the waiver of test/case can go: the case passes'),
    });
    expect(outcome).not.toHaveProperty('waived');
  });
});

describe('the summary', () => {
  it('counts the four outcomes and prints waivers', () => {
    const outcomes: Outcome[] = [
      { id: 'a', result: 'pass' },
      { id: 'b', result: 'pass' },
      { id: 'c', result: 'refusedAsDeclared', claim: 'alpn' },
      { id: 'd', result: 'fail', error: new Error('x') },
      { id: 'e', result: 'fail', error: new Error('y'), waived: 'known' },
      { id: 'f', result: 'unavailable', reason: 'not there' },
    ];
    expect(summary(outcomes)).toBe(
      '2 passed, 1 refused as declared, 1 failed, 1 unavailable\nwaived: e: known\nunavailable: f: not there',
    );
  });
});

describe('a runner', () => {
  it('gets a test for each case of the roles that are asked for', () => {
    const titles: string[] = [];
    const runner = { describe: (_: string, body: () => void) => body(), it: (name: string) => void titles.push(name) };
    conformance(mute(), { core, ...runner, roles: ['server'] });
    expect(titles).toContain(
      'server/cookie: answers a first hello with a HelloVerifyRequest that is no larger, and adopts the verified one',
    );
    expect(titles.some((title) => title.startsWith('psk/connects'))).toBe(false);
  });

  it.each([true, false])(
    'gets what a peer cannot do as well unless it wants the common cases only (%s)',
    (commonOnly) => {
      const titles: string[] = [];
      const runner = {
        describe: (_: string, body: () => void) => body(),
        it: (name: string) => void titles.push(name),
      };
      const claims = { client: { ...ROLE, alpn: true }, server: ROLE };
      conformance(mute({ claims }), { core, ...runner, peer: mute(), commonOnly });
      expect(titles.some((title) => title.startsWith('claims/alpn'))).toBe(!commonOnly);
      expect(titles.some((title) => title.startsWith('claims/keylog: refuses'))).toBe(true);
    },
  );
});
