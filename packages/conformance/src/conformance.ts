/**
 * Runs the plan under any runner that has `describe` and `it` (vitest, node:test and their relatives).
 */

import assert from 'node:assert/strict';
import { isNetError, type Plugin, type Role } from '@avs-net/core/plugin';
import { configurationThatAsksFor } from './need.ts';
import type { Outcome } from './outcome.ts';
import { type PlannedCase, plan, type Waiver } from './plan.ts';
import { type Core, createStage, type Stage } from './stage.ts';

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
  readonly report?: (outcome: Outcome) => void;
}

export function conformance(plugin: Plugin, options: ConformanceOptions): void {
  const peer = options.peer ?? plugin;
  const title = peer === plugin ? plugin.name : `${plugin.name} with ${peer.name}`;
  options.describe(`conformance of ${title}`, () => {
    for (const planned of plan(plugin, options.waivers)) {
      if (options.roles?.includes(planned.conformanceCase.role) === false) continue;
      options.it(`${planned.conformanceCase.id}: ${describePlan(planned)}`, async (context) => {
        const outcome = await runCase(planned, plugin, { core: options.core, peer });
        options.report?.(outcome);
        if (outcome.result === 'unavailable') context.skip?.(`unavailable: ${outcome.reason}`);
        if (outcome.result === 'fail' && outcome.waived === undefined) throw outcome.error;
      });
    }
  });
}

/** One case, whatever the runner. */
export async function runCase(
  planned: PlannedCase,
  plugin: Plugin,
  { core, peer }: { readonly core: Core; readonly peer: Plugin },
): Promise<Outcome> {
  const { id, role } = planned.conformanceCase;
  if (planned.action === 'notClaimed') return { id, result: 'refusedAsDeclared', claim: planned.need };
  const reason = (await reasonAgainst(plugin)) ?? (planned.action === 'run' ? await peerReason(peer, role) : undefined);
  if (reason !== undefined) return { id, result: 'unavailable', reason };
  const stage = await createStage({ plugin, peer, role, core });
  try {
    const body = planned.action === 'run' ? planned.conformanceCase.run(stage) : refuse(planned, stage);
    await Promise.race([body.then(() => stage.end()), stage.stalled]);
    if (planned.action === 'run') {
      assert.equal(planned.waiver, undefined, `the waiver of ${id} can go: the case passes`);
      return { id, result: 'pass' };
    }
    return { id, result: 'refusedAsDeclared', claim: planned.action === 'refuse' ? planned.need : role };
  } catch (error) {
    const waived = planned.action === 'run' ? planned.waiver?.reason : undefined;
    return { id, result: 'fail', error, ...(waived !== undefined && { waived }) };
  } finally {
    await stage.abandon();
  }
}

/** What is not claimed must be refused with ENOTSUP, and nothing may have left by then. */
async function refuse(planned: PlannedCase & { action: 'refuse' | 'refuseRole' }, stage: Stage): Promise<void> {
  const attempt =
    planned.action === 'refuse'
      ? async () => {
          const socket = await stage.subject.createSocket('dtls', configurationThatAsksFor(planned.need));
          await socket.connect(stage.serverHost, 5684);
        }
      : () => takeRole(planned.conformanceCase.role, stage);
  await assert.rejects(attempt, (error: unknown) => {
    assert.ok(isNetError(error), `expected a NetError, received ${String(error)}`);
    assert.equal(error.code, 'ENOTSUP', `expected ENOTSUP: ${error.message}`);
    return true;
  });
  assert.deepEqual(stage.network.log, [], 'a datagram left before the refusal');
}

async function takeRole(role: 'client' | 'server', stage: Stage): Promise<void> {
  if (role === 'client') {
    const socket = await stage.subject.createSocket('dtls', stage.clientConfiguration());
    await socket.connect(stage.serverHost, 5684);
  } else {
    const socket = await stage.subject.createSocket('dtls', stage.serverConfiguration());
    await socket.bind(stage.serverHost, 5684);
  }
}

async function reasonAgainst(plugin: Plugin): Promise<string | undefined> {
  const probe = await plugin.probe?.();
  return probe === undefined || probe.available ? undefined : `${plugin.name}: ${probe.reason}`;
}

async function peerReason(peer: Plugin, role: 'client' | 'server'): Promise<string | undefined> {
  const other = role === 'client' ? 'server' : 'client';
  if (peer.claims[other] === undefined) return `${peer.name} cannot be the ${other}; hand in a peer that can`;
  return await reasonAgainst(peer);
}

function describePlan(planned: PlannedCase): string {
  const { title, role } = planned.conformanceCase;
  if (planned.action === 'run') return planned.waiver ? `${title} [waived: ${planned.waiver.reason}]` : title;
  return planned.action === 'refuseRole' ? `refuses the role ${role}` : `refuses ${planned.need}`;
}
