/**
 * `avs-net conform <module>`: the conformance kit on a backend, without a test runner. One line per case, then the four
 * counts; with `--json` one object per line. What the cases mean is docs/conformance.md.
 */

import { inspect } from 'node:util';
import { type Outcome, type PlannedCase, plan, runCase, summary, type Waiver } from '@avs-net/conformance';
import * as core from '@avs-net/core';
import { isNetError, type Plugin } from '@avs-net/core';
import { discover, importPlugins } from './discovery.ts';
import { UsageError } from './usage-error.ts';

export interface ConformOptions {
  /** Which plugin of the module, where it exports several. */
  readonly plugin?: string;
  /** A module, or the name of a plugin that is found from here. */
  readonly peer?: string;
  /** Ids, or groups as `psk/`. */
  readonly case?: readonly string[];
  /** `ID=REASON`. */
  readonly waive?: readonly string[];
  readonly plan?: boolean;
}

/** Cases failed, and that has been said: exit status 1. */
export class NotConformant extends Error {}

export async function conform(
  module: string,
  options: ConformOptions,
  io: { readonly cwd: string; readonly stdout: NodeJS.WritableStream; readonly json: boolean },
): Promise<void> {
  const plugin = only(await importPlugins(module, io.cwd), module, options.plugin);
  const cases = planned(plugin, options);
  const peer = await peerOf(plugin, options.peer, io.cwd);
  const write = (line: object, text: string): void =>
    void io.stdout.write(`${io.json ? JSON.stringify(line) : text}\n`);
  const subject = `${plugin.name}${peer === plugin ? '' : ` with ${peer.name}`}`;
  write(
    { event: 'plan', backend: plugin.name, peer: peer.name, cases: cases.length },
    `${subject}: ${cases.length} cases`,
  );
  if (options.plan === true) {
    for (const one of cases) write(planEvent(one), `  ${intention(one)}  ${one.conformanceCase.id}`);
    return;
  }
  const outcomes: Outcome[] = [];
  for (const one of cases) {
    const outcome = await runCase(one, plugin, { core, peer });
    outcomes.push(outcome);
    write(caseEvent(one, outcome), sentence(one, outcome));
  }
  write(summaryEvent(outcomes), `${subject}: ${summary(outcomes)}`);
  const failed = outcomes.some((one) => one.result === 'fail' && one.waived === undefined);
  // Where nothing could be tried nothing has been shown.
  if (failed || outcomes.every(({ result }) => result === 'unavailable')) throw new NotConformant(subject);
}

function planned(plugin: Plugin, options: ConformOptions): readonly PlannedCase[] {
  const wanted = options.case ?? [];
  try {
    const all = plan(plugin, (options.waive ?? []).map(waiver));
    const chosen = all.filter(
      ({ conformanceCase: { id } }) =>
        wanted.length === 0 || wanted.some((one) => (one.endsWith('/') ? id.startsWith(one) : id === one)),
    );
    if (chosen.length === 0) throw new RangeError(`no case is called ${wanted.join(' or ')}; see --plan`);
    return chosen;
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
}

function waiver(text: string): Waiver {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) throw new UsageError(`--waive ${JSON.stringify(text)}: write ID=REASON`);
  return { id: text.slice(0, at), reason: text.slice(at + 1) };
}

/** Who plays the other role: who is asked for, else the backend itself, else whoever is there and can. */
async function peerOf(plugin: Plugin, wanted: string | undefined, cwd: string): Promise<Plugin> {
  const { client, server } = plugin.claims;
  if (wanted === undefined && client !== undefined && server !== undefined) return plugin;
  const { plugins } = await discover(cwd);
  if (wanted !== undefined) {
    const found = plugins.find(({ name }) => name === wanted);
    return found ?? only(await importPlugins(wanted, cwd), wanted, undefined);
  }
  const other = client === undefined ? 'client' : 'server';
  return plugins.find(({ provides, claims }) => provides === plugin.provides && claims[other] !== undefined) ?? plugin;
}

function only(plugins: readonly Plugin[], module: string, name: string | undefined): Plugin {
  const names = plugins.map((one) => one.name).join(', ');
  if (plugins.length === 0)
    throw new UsageError(`${module} exports no plugin: an object with contract, provides and load`);
  const found = name === undefined ? plugins : plugins.filter((one) => one.name === name);
  if (found.length === 1) return found[0]!;
  throw new UsageError(`${module} exports ${names}: choose one by --plugin`);
}

function planEvent(one: PlannedCase): object {
  const { id, title, role } = one.conformanceCase;
  return { event: 'planned', id, title, role, action: one.action, ...('need' in one && { claim: one.need }) };
}

function caseEvent(one: PlannedCase, outcome: Outcome): object {
  const { title } = one.conformanceCase;
  return { event: 'case', title, ...outcome, ...('error' in outcome && { error: explain(outcome.error) }) };
}

function summaryEvent(outcomes: readonly Outcome[]): object {
  const count = (result: Outcome['result']): number => outcomes.filter((one) => one.result === result).length;
  const waived = outcomes.filter((one) => one.result === 'fail' && one.waived !== undefined).length;
  return {
    event: 'summary',
    passed: count('pass'),
    refusedAsDeclared: count('refusedAsDeclared'),
    failed: count('fail') - waived,
    waived,
    unavailable: count('unavailable'),
  };
}

function sentence({ conformanceCase: { id, title } }: PlannedCase, outcome: Outcome): string {
  switch (outcome.result) {
    case 'pass':
      return `  pass         ${id}: ${title}`;
    case 'refusedAsDeclared':
      return `  refused      ${id}: ${outcome.claim} is not claimed`;
    case 'unavailable':
      return `  unavailable  ${id}: ${outcome.reason}`;
    case 'fail':
      return outcome.waived === undefined
        ? `  FAIL         ${id}: ${title}\n${explain(outcome.error).replace(/^/gm, '               ')}`
        : `  waived       ${id}: ${outcome.waived}`;
  }
}

function intention(one: PlannedCase): string {
  return one.action === 'run' ? 'run   ' : one.action === 'notClaimed' ? 'skip  ' : 'refuse';
}

function explain(error: unknown): string {
  if (isNetError(error)) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : inspect(error);
}
