/**
 * Picks the backend of one socket: the candidates of its type in their order, each asked what it claims, whether it is
 * available and whether it loads. Who was skipped is kept with the reason, for `net.decisions` and for the error when
 * nobody is left.
 */

import type { BackendModule } from '../contract/backend.ts';
import type { Claims } from '../contract/claims.ts';
import type { SocketType } from '../contract/configuration.ts';
import { NetError, toNetError } from '../contract/error.ts';
import { type Unmet, unmetError } from '../contract/unmet.ts';
import type { Backend, BackendRegistry } from './backend-registry.ts';
import type { Choice, ChoiceReason } from './selection.ts';

/** Who serves a socket type, as known so far. */
export interface Decision {
  readonly type: SocketType;
  readonly candidates: readonly string[];
  readonly because: ChoiceReason;
  /** Undefined until a fallback order was tried, and where nobody was left. */
  readonly chosen?: string;
  readonly skipped: readonly Skipped[];
}

export interface Skipped {
  readonly name: string;
  readonly reason: string;
  /** What the configuration wanted of it in vain. */
  readonly unmet?: readonly Unmet[];
}

export interface Chosen {
  readonly name: string;
  readonly claims: Claims;
  readonly module: BackendModule;
}

/** What is known before anything was tried. */
export function firstDecision({ type, plugins, because }: Choice): Decision {
  const candidates = plugins.map((plugin) => plugin.name);
  return { type, candidates, because, skipped: [], ...(candidates.length === 1 ? { chosen: candidates[0]! } : {}) };
}

/**
 * The first candidate that can do it. `check` lists what a candidate lacks; what no backend could do is thrown at once.
 * Errors: ENOTSUP and EINVAL with `unmet`, ENODEV if nobody is available.
 */
export async function chooseBackend(
  choice: Choice,
  registry: BackendRegistry,
  check: (claims: Claims) => readonly Unmet[],
  operation: string,
): Promise<{ readonly chosen: Chosen | NetError; readonly decision: Decision }> {
  const skipped: Skipped[] = [];
  const errors: NetError[] = [];
  const skip = (name: string, error: NetError, reason: string, unmet?: readonly Unmet[]): void => {
    errors.push(error);
    skipped.push({ name, reason, ...(unmet === undefined ? {} : { unmet }) });
  };
  const decision = firstDecision(choice);
  for (const { name } of choice.plugins) {
    const backend = registry.get(name)!;
    const unmet = await unmetBy(backend, check);
    if (unmet.length > 0) {
      const error = unmetError(operation, name, unmet);
      // The caller's own mistake: another backend would not help.
      if (unmet.some((line) => line.claim === undefined)) return { chosen: error, decision };
      skip(name, error, unmet.map((line) => line.message).join('; '), unmet);
      continue;
    }
    const { available, reason = 'no reason given' } = await backend.availability();
    if (!available) {
      const message = `the backend is unavailable: ${reason}`;
      skip(name, new NetError({ code: 'ENODEV', operation, backend: name, message }), message);
      continue;
    }
    try {
      const chosen = { name, claims: backend.claims, module: await backend.module() };
      return { chosen, decision: { ...decision, chosen: name, skipped } };
    } catch (cause) {
      const error = toNetError(cause, operation, name);
      skip(name, error, error.message);
    }
  }
  const { chosen: _, ...undecided } = decision;
  return { chosen: nobodyLeft(choice, skipped, errors, operation), decision: { ...undecided, skipped } };
}

/** Against declared claims first: what they lack is refused before the machine is looked at. */
async function unmetBy(backend: Backend, check: (claims: Claims) => readonly Unmet[]): Promise<readonly Unmet[]> {
  const declared = check(backend.claims);
  if (declared.length > 0) return declared;
  const { available } = await backend.availability();
  return available ? check(backend.claims) : [];
}

function nobodyLeft(
  { type }: Choice,
  skipped: readonly Skipped[],
  errors: readonly NetError[],
  operation: string,
): NetError {
  if (errors.length === 1) return errors[0]!;
  const lines = skipped.map(({ name, reason }) => `- ${name}: ${reason}`);
  const isUnavailable = errors.every((error) => error.code === 'ENODEV');
  return new NetError({
    code: isUnavailable ? 'ENODEV' : errors.find((error) => error.code !== 'ENODEV')!.code,
    operation,
    message: `no ${type} backend of the list can be used:\n${lines.join('\n')}\n`,
    unmet: skipped.flatMap(({ unmet = [] }) => unmet),
    cause: new AggregateError(errors, 'what each of them said'),
  });
}
