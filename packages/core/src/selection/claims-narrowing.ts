/**
 * What is left of declared claims when a probe has looked at the machine: the intersection. A probe narrows; what it
 * adds is reported and not believed. An ability that the probe leaves out is gone, a limit that it leaves out stays.
 */

import type { Claims, Limits } from '../contract/claims.ts';

export interface Narrowed {
  readonly claims: Claims;
  /** Paths of claims that only the probe makes. */
  readonly widened: readonly string[];
}

export function narrowClaims(declared: Claims, probed: Claims): Narrowed {
  const widened: string[] = [];
  const { limits: declaredLimits = {}, ...abilities } = declared;
  const { limits: probedLimits = {}, ...probedAbilities } = probed;
  const claims = {
    ...(narrowAbility(abilities, probedAbilities, '', widened) as object),
    limits: narrowLimits(declaredLimits, probedLimits, widened),
  } as Claims;
  return { claims, widened };
}

/** Objects member by member, lists element by element, flags by conjunction. */
function narrowAbility(declared: unknown, probed: unknown, path: string, widened: string[]): unknown {
  if (probed === undefined || probed === false) return undefined;
  if (declared === undefined || declared === false) {
    widened.push(path);
    return undefined;
  }
  if (Array.isArray(declared) && Array.isArray(probed)) {
    for (const entry of probed) if (!declared.includes(entry)) widened.push(`${path}: ${entry}`);
    return declared.filter((entry) => probed.includes(entry));
  }
  if (isRecord(declared) && isRecord(probed)) {
    const result: Record<string, unknown> = {};
    for (const name of new Set([...Object.keys(declared), ...Object.keys(probed)])) {
      const place = path === '' ? name : `${path}.${name}`;
      const left = narrowAbility(declared[name], probed[name], place, widened);
      if (left !== undefined) result[name] = left;
    }
    return result;
  }
  // `innerMtu`: an estimate is less than exact; `transport.message`: a size.
  if (declared === 'exact' && probed === 'estimate') return probed;
  if (typeof declared === 'number' && typeof probed === 'number' && probed < declared) return probed;
  if (declared !== probed) widened.push(path);
  return declared;
}

function narrowLimits(declared: Limits, probed: Limits, widened: string[]): Limits {
  const result: Record<string, unknown> = { ...declared };
  for (const [name, limit] of Object.entries(probed)) {
    const before = (declared as Record<string, unknown>)[name];
    const isWider =
      name === 'identityNul'
        ? limit === true && before !== true
        : before !== undefined && (name === 'timerMin' ? (limit as number) < (before as number) : limit! > before!);
    if (isWider) widened.push(`limits.${name}`);
    else result[name] = limit;
  }
  return result as Limits;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
