/**
 * Runs the plan under any runner that has `describe` and `it` (vitest, node:test and their relatives).
 */

import assert from 'node:assert/strict';
import { isNetError, type Plugin, type Role } from '@avs-net/core/plugin';
import { configurationThatAsksFor, isClaimed } from './need.ts';
import type { Outcome } from './outcome.ts';
import { type PlannedCase, plan, planCase, type Waiver } from './plan.ts';
import { type Core, createStage, type Stage, Unavailable } from './stage.ts';

export interface Runner {
  describe(name: string, body: () => void): void;
  it(name: string, body: (context: RunnerContext) => Promise<void>): void;
}

/** What vitest and node:test both hand to a test. */
export interface RunnerContext {
  skip?(reason?: string): void;
}

export interface ConformanceOptions extends Runner {
  /** The core that the backend is used with: `import * as core from '@avs-net/core'`. */
  readonly core: Core;
  /** Who plays the other role; default: the backend itself. */
  readonly peer?: Plugin;
  readonly waivers?: readonly Waiver[];
  /** Only cases in which the backend plays these roles; default: both. */
  readonly roles?: readonly Role[];
  /**
   * Leaves out what the peer, by its claims, cannot do as well. For pairs beside the run that proves every claim;
   * without it such cases are unavailable.
   */
  readonly commonOnly?: boolean;
  readonly report?: (outcome: Outcome) => void;
}

export function conformance(plugin: Plugin, options: ConformanceOptions): void {
  const peer = options.peer ?? plugin;
  const title = peer === plugin ? plugin.name : `${plugin.name} with ${peer.name}`;
  options.describe(`conformance of ${title}`, () => {
    for (const planned of plan(plugin, options.waivers)) {
      if (options.roles?.includes(planned.conformanceCase.role) === false) continue;
      if (options.commonOnly === true && planned.action === 'run' && lackOf(peer, planned) !== undefined) continue;
      options.it(`${planned.conformanceCase.id}: ${describePlan(planned)}`, async (context) => {
        const outcome = await runCase(planned, plugin, { core: options.core, peer });
        options.report?.(outcome);
        if (outcome.result === 'unavailable') context.skip?.(`unavailable: ${outcome.reason}`);
        if (outcome.result === 'fail' && outcome.waived === undefined) throw outcome.error;
      });
    }
  });
}

/** One case, whatever the runner. What the probe of a plugin narrows counts, not what was declared. */
export async function runCase(
  { conformanceCase, ...declared }: PlannedCase,
  declaredPlugin: Plugin,
  { core, peer: declaredPeer }: { readonly core: Core; readonly peer: Plugin },
): Promise<Outcome> {
  const { id, role } = conformanceCase;
  const plugin = await probed(declaredPlugin);
  if (typeof plugin === 'string') return { id, result: 'unavailable', reason: plugin };
  const waiver = 'waiver' in declared ? declared.waiver : undefined;
  const planned = planCase(conformanceCase, plugin, waiver);
  if (planned.action === 'notClaimed') return { id, result: 'refusedAsDeclared', claim: planned.need };
  const peer = declaredPeer === declaredPlugin ? plugin : await probed(declaredPeer);
  const reason = typeof peer === 'string' ? peer : lackOf(peer, planned);
  if (reason !== undefined && planned.action === 'run') return { id, result: 'unavailable', reason };
  const stage = await createStage({ plugin, peer: typeof peer === 'string' ? plugin : peer, role, core });
  try {
    const body = planned.action === 'run' ? conformanceCase.run(stage) : refuse(planned, stage);
    await Promise.race([body.then(() => stage.end()), stage.stalled]);
  } catch (error) {
    if (error instanceof Unavailable) return { id, result: 'unavailable', reason: error.message };
    return { id, result: 'fail', error, ...(waiver && planned.action === 'run' && { waived: waiver.reason }) };
  } finally {
    await stage.abandon();
  }
  if (waiver !== undefined) {
    return { id, result: 'fail', error: new Error(`the waiver of ${id} can go: the case passes`) };
  }
  if (planned.action === 'run') return { id, result: 'pass' };
  return { id, result: 'refusedAsDeclared', claim: planned.action === 'refuse' ? planned.need : role };
}

/** What is not claimed must be refused with ENOTSUP, and nothing may have left by then. */
async function refuse(planned: PlannedCase & { action: 'refuse' | 'refuseRole' }, stage: Stage): Promise<void> {
  const attempt =
    planned.action === 'refuse'
      ? async () => {
          const socket = await stage.subject.createSocket(stage.type, configurationThatAsksFor(planned.need));
          await socket.connect(stage.serverHost, 5684);
        }
      : () => takeRole(planned.conformanceCase.role, stage);
  await assert.rejects(attempt, (error: unknown) => {
    assert.ok(isNetError(error), `expected a NetError, received ${String(error)}`);
    assert.equal(error.code, 'ENOTSUP', `expected ENOTSUP: ${error.message}`);
    return true;
  });
  assert.deepEqual(stage.log, [], 'something left before the refusal');
}

async function takeRole(role: 'client' | 'server', stage: Stage): Promise<void> {
  if (role === 'client') {
    const socket = await stage.subject.createSocket(stage.type, stage.clientConfiguration());
    await socket.connect(stage.serverHost, 5684);
  } else {
    const socket = await stage.subject.createSocket(stage.type, stage.serverConfiguration());
    await socket.bind(stage.serverHost, 5684);
  }
}

/** The plugin with the claims that hold on this machine, or why it cannot be used here. */
async function probed(plugin: Plugin): Promise<Plugin | string> {
  const probe = await plugin.probe?.();
  if (probe === undefined) return plugin;
  if (!probe.available) return `${plugin.name}: ${probe.reason}`;
  return probe.claims === undefined ? plugin : { ...plugin, claims: probe.claims };
}

/** Why `peer` cannot play the other role of a case. */
function lackOf(peer: Plugin, { conformanceCase }: PlannedCase): string | undefined {
  const { role, needs = [], mutual = [] } = conformanceCase;
  const other = role === 'client' ? 'server' : 'client';
  if (peer.claims[other] === undefined) return `${peer.name} cannot be the ${other}; hand in a peer that can`;
  const asked = mutual === true ? needs : mutual === false ? [] : mutual;
  const missing = asked.find((need) => !isClaimed(peer, other, need));
  return missing === undefined ? undefined : `${peer.name} does not claim ${missing} as ${other}`;
}

function describePlan(planned: PlannedCase): string {
  const { title, role } = planned.conformanceCase;
  if (planned.action === 'run') return planned.waiver ? `${title} [waived: ${planned.waiver.reason}]` : title;
  return planned.action === 'refuseRole' ? `refuses the role ${role}` : `refuses ${planned.need}`;
}
