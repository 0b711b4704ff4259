/** What the cases about sessions ask of a pair, and stores that give what they should not. */

import assert from 'node:assert/strict';
import type { SessionStore } from '@avs-net/core/plugin';
import { assertTalks } from './expectation.ts';
import type { Pair } from './stage.ts';

/** Neither says that it resumed, where it can tell, and they talk. */
export async function assertFull(pair: Pair): Promise<void> {
  assert.notEqual(pair.client.info().resumed, true, 'the client says that it resumed');
  assert.notEqual(pair.peer.info().resumed, true, 'the server says that it resumed');
  await assertTalks(pair);
}

/** Gives the latest session to whoever asks. */
export function careless(): SessionStore {
  let session: Uint8Array | undefined;
  return {
    get: () => session,
    set(_key, value) {
      session = value;
    },
    delete: () => {},
  };
}

/** What a store may give back instead of the session. */
export const DAMAGES: readonly ((session: Uint8Array) => unknown)[] = [
  () => new Uint8Array(0),
  () => new Uint8Array(1_024),
  () => 'text',
  (session) => session.subarray(1),
  (session) => session.subarray(0, -1),
  ...[0, 31, 32, 40, 100].map((at) => (session: Uint8Array) => session.map((byte, index) => byte ^ +(index === at))),
];
