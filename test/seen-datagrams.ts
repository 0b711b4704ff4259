/** What an attacker on the path knows, who has seen these datagrams go by: the same noise for everybody. */

import type { Seen } from '@avs-net/conformance/attacks';

export function seenOn(way: readonly Uint8Array[]): Seen {
  let state = 1;
  return {
    first: way[0]!,
    protectedRecord: way.findLast((bytes) => bytes[0] === APPLICATION_DATA)!,
    noise: (length) =>
      Uint8Array.from({ length }, () => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return state >>> 16;
      }),
  };
}

/** Content type of a record. */
const APPLICATION_DATA = 23;
