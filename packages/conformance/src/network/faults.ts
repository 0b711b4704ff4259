/**
 * Random faults of a path. Every datagram has a generator of its own, from which always the same number of draws is
 * taken: changing one probability does not change the others' outcome.
 */

import type { Fate } from './datagram.ts';
import type { Random } from './random.ts';

/** Probabilities are 0..1, times milliseconds; what is left out does not happen. */
export interface Faults {
  readonly loss?: number;
  readonly duplicate?: number;
  /** Held back until the next datagram of the same direction. */
  readonly reorder?: number;
  /** One to eight bits are flipped. */
  readonly corrupt?: number;
  /** Uniform; different delays reorder too, as on a real path. */
  readonly delay?: { readonly min: number; readonly max: number };
}

export interface Accident {
  readonly fate: Fate;
  readonly delay: number;
  /** Delay of the second copy, if there is one. */
  readonly secondDelay: number;
  readonly corrupt: boolean;
}

export function accident(faults: Faults, draw: Random): Accident {
  const lost = draw() < (faults.loss ?? 0);
  const doubled = draw() < (faults.duplicate ?? 0);
  const swapped = draw() < (faults.reorder ?? 0);
  const corrupt = draw() < (faults.corrupt ?? 0);
  const { min, max } = faults.delay ?? { min: 0, max: 0 };
  const delay = min + draw() * (max - min);
  const secondDelay = min + draw() * (max - min);
  const fate = lost ? 'drop' : doubled ? 'duplicate' : swapped ? 'swap' : 'pass';
  return { fate, delay, secondDelay, corrupt: corrupt && !lost };
}

/** A copy with one to eight flipped bits. */
export function corrupted(data: Uint8Array, draw: Random): Uint8Array {
  const copy = data.slice();
  if (copy.length === 0) return copy;
  const flips = 1 + Math.floor(draw() * 8);
  const bits = new Set<number>();
  for (let flip = 0; flip < flips; flip += 1) bits.add(Math.floor(draw() * copy.length * 8));
  for (const bit of bits) copy[bit >>> 3]! ^= 1 << (bit & 7);
  return copy;
}

export function checkFaults(faults: Faults): void {
  for (const name of ['loss', 'duplicate', 'reorder', 'corrupt'] as const) {
    const value = faults[name] ?? 0;
    if (!(value >= 0 && value <= 1)) throw new RangeError(`faults.${name} must be 0..1, received ${value}`);
  }
  const { min, max } = faults.delay ?? { min: 0, max: 0 };
  if (!(min >= 0 && max >= min)) throw new RangeError(`faults.delay must be 0 <= min <= max, received ${min}..${max}`);
}
