/**
 * A small seeded generator (mulberry32) for faults that can be replayed. Not for secrets.
 */

/** The next number in [0, 1). */
export type Random = () => number;

/**
 * A generator that depends on `seed` and on every word of `path`, so that each datagram can have one of its own:
 * its fate then does not change with what others send.
 */
export function random(seed: number, ...path: readonly (string | number)[]): Random {
  let state = hash(`${seed}/${path.join('/')}`);
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** FNV-1a with a final mix, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}
