/**
 * What somebody who mistyped a name may have meant, for error messages: Levenshtein distance over a handful of names.
 */

/** The known name nearest to `name`; undefined if none is near enough to be a slip of the keyboard. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const [a, b] = [name.toLowerCase(), candidate.toLowerCase()];
    // Whoever wrote only the beginning of a name means it as much as whoever mistyped it.
    const steps = a.length > 2 && b.startsWith(a) ? 0 : distance(a, b);
    if (steps < least) [best, least] = [candidate, steps];
  }
  return best;
}

/** `"ciphersuits" is unknown; did you mean "ciphersuites"?` or, where nothing is near, the whole list. */
export function unknownName(name: string, known: readonly string[]): string {
  const nearest = nearestName(name.slice(0, LONGEST), known);
  if (nearest !== undefined) return `"${name.slice(0, LONGEST)}" is unknown; did you mean "${nearest}"?`;
  return `"${name.slice(0, LONGEST)}" is unknown; known: ${known.length === 0 ? 'none' : known.join(', ')}`;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** Longer names come from no keyboard. */
const LONGEST = 64;
