/** Runs the kit under vitest and prints the four counts of a backend when its cases are through. */

import { type ConformanceOptions, conformance, type Outcome, summary } from '@avs-net/conformance';
import type { Plugin } from '@avs-net/core';
import * as core from '@avs-net/core';
import { afterAll, describe, it } from 'vitest';
import { WAIVERS } from './waivers.ts';

export function conform(plugin: Plugin, options: Pick<ConformanceOptions, 'peer' | 'roles' | 'commonOnly'> = {}): void {
  const outcomes: Outcome[] = [];
  const title = `${plugin.name}${options.peer === undefined ? '' : ` with ${options.peer.name}`}`;
  describe(title, () => {
    conformance(plugin, {
      core,
      describe,
      it: (name, body) => it(name, (context) => body(context), 120_000),
      report: (outcome) => outcomes.push(outcome),
      waivers: WAIVERS[plugin.name] ?? [],
      ...options,
    });
    afterAll(() => void process.stdout.write(`${title}: ${summary(outcomes)}\n`));
  });
}
