/**
 * The four outcomes of a case, counted separately. A refusal that was declared counts as passed; what could not be
 * tried does not.
 */

export type Outcome =
  | { readonly id: string; readonly result: 'pass' }
  | { readonly id: string; readonly result: 'fail'; readonly error: unknown; readonly waived?: string }
  | { readonly id: string; readonly result: 'refusedAsDeclared'; readonly claim: string }
  | { readonly id: string; readonly result: 'unavailable'; readonly reason: string };

/**
 * `12 passed, 3 refused as declared, 0 failed, 0 unavailable`, then the waivers and what was unavailable, each with its
 * reason.
 */
export function summary(outcomes: readonly Outcome[]): string {
  const count = (result: Outcome['result']): number => outcomes.filter((one) => one.result === result).length;
  const waived = outcomes.flatMap((one) => (one.result === 'fail' && one.waived !== undefined ? [one] : []));
  const lines = [
    [
      `${count('pass')} passed`,
      `${count('refusedAsDeclared')} refused as declared`,
      `${count('fail') - waived.length} failed`,
      `${count('unavailable')} unavailable`,
    ].join(', '),
  ];
  for (const { id, waived: reason } of waived) lines.push(`waived: ${id}: ${reason}`);
  for (const one of outcomes) if (one.result === 'unavailable') lines.push(`unavailable: ${one.id}: ${one.reason}`);
  return lines.join('\n');
}
