/**
 * A lower socket whose path loses, doubles or swaps one datagram, for peers that live outside of this process.
 */

import type { DgramLower } from './s-server.ts';

export interface Disturbance {
  readonly way: 'up' | 'down';
  readonly index: number;
  readonly fate: 'drop' | 'duplicate' | 'swap';
}

export function disturbed(lower: DgramLower, disturbance: Disturbance): DgramLower {
  return {
    send: path('up', disturbance, (data) => lower.send(data)),
    start(sink) {
      const receive = path('down', disturbance, (data) => sink.receive(data));
      lower.start({ ...sink, receive });
    },
    close: () => lower.close(),
  };
}

type Pass = (data: Uint8Array) => void;

/** `swap` holds a datagram back until the next one has passed. */
function path(way: Disturbance['way'], { way: disturbedWay, index, fate }: Disturbance, pass: Pass): Pass {
  let count = 0;
  let held: Uint8Array | undefined;
  return (data) => {
    const hit = way === disturbedWay && count++ === index;
    if (hit && fate === 'drop') return;
    if (hit && fate === 'swap') {
      held = Buffer.from(data);
      return;
    }
    pass(data);
    if (hit) pass(data);
    if (held !== undefined) pass(held);
    held = undefined;
  };
}
