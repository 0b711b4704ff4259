/** What a bad path does to datagrams, the same way for the same seed. */

import type { Carry } from './wire.ts';

/** Loses a share, delays a tenth, repeats a twentieth. */
export function lossy(seed: number, rate: number): Carry {
  const random = numbers(seed);
  let late: Uint8Array[] = [];
  return (bytes) => {
    if (random() < rate) return [];
    if (random() < 0.1) {
      late.push(bytes);
      return [];
    }
    const arriving = [bytes, ...(random() < 0.05 ? [bytes] : []), ...late];
    late = [];
    return arriving;
  };
}

/** Damages a share. */
export function flipping(seed: number, rate: number): Carry {
  const random = numbers(seed);
  return (bytes) => [random() < rate ? flip(bytes, random) : bytes];
}

/** One to eight bits. */
export function flip(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = Buffer.from(bytes);
  for (let bits = 1 + Math.floor(random() * 8); bits > 0; bits--) {
    copy[Math.floor(random() * copy.length)]! ^= 1 << Math.floor(random() * 8);
  }
  return copy;
}

/** Park and Miller, 1988: the same numbers for the same seed. */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 0x7fffffff;
    return state / 0x7fffffff;
  };
}
