/**
 * What will happen to each case, decided from claims alone: pure, so that a runner, the command line and a person read
 * the same plan.
 */

import type { Plugin } from '@avs-net/core/plugin';
import { CASES } from './cases/every-case.ts';
import type { ConformanceCase } from './conformance-case.ts';
import { canBeAskedFor, isClaimed, type Need } from './need.ts';

/** A known defect, printed with every run; it ends when the case passes. */
export interface Waiver {
  readonly id: string;
  readonly reason: string;
}

export type PlannedCase =
  | { readonly conformanceCase: ConformanceCase; readonly action: 'run'; readonly waiver?: Waiver }
  /** The claim is missing, so asking for it must be refused. */
  | { readonly conformanceCase: ConformanceCase; readonly action: 'refuse'; readonly need: Need }
  /** The whole role is not claimed: taking it must be refused. */
  | { readonly conformanceCase: ConformanceCase; readonly action: 'refuseRole' }
  /** Needs a claim that is only reported, never asked for. */
  | { readonly conformanceCase: ConformanceCase; readonly action: 'notClaimed'; readonly need: Need };

/** Throws RangeError for a waiver that names no case, and for what provides neither dtls nor tls. */
export function plan(plugin: Plugin, waivers: readonly Waiver[] = []): readonly PlannedCase[] {
  const { provides } = plugin;
  if (provides !== 'dtls' && provides !== 'tls') {
    throw new RangeError(`the kit has cases for dtls and tls, and ${plugin.name} provides ${provides}`);
  }
  const cases = CASES.filter(({ types = ['dtls'] }) => types.includes(provides));
  for (const { id } of waivers) {
    if (!cases.some((known) => known.id === id)) throw new RangeError(`waiver for an unknown case: ${id}`);
  }
  return cases.map((conformanceCase) =>
    planCase(
      conformanceCase,
      plugin,
      waivers.find(({ id }) => id === conformanceCase.id),
    ),
  );
}

export function planCase(conformanceCase: ConformanceCase, plugin: Plugin, waiver?: Waiver): PlannedCase {
  const { role, needs = [] } = conformanceCase;
  if (plugin.claims[role] === undefined) return { conformanceCase, action: 'refuseRole' };
  const missing = needs.find((need) => !isClaimed(plugin, role, need));
  if (missing !== undefined) {
    return { conformanceCase, action: canBeAskedFor(missing) ? 'refuse' : 'notClaimed', need: missing };
  }
  return { conformanceCase, action: 'run', ...(waiver && { waiver }) };
}
