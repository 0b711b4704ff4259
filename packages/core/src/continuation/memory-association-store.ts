/**
 * Exported associations in memory: for tests, and for programs that hand associations from one socket to another. One
 * thread does one thing at a time, so that everything here is atomic.
 */

import type { AssociationStore } from '../contract/configuration.ts';

/** Shared by all sockets that are given the same store; nothing survives the process. */
export function memoryAssociationStore(): AssociationStore {
  const entries = new Map<string, Uint8Array>();
  return {
    replace(id, expected, entry) {
      const there = entries.get(id);
      if (!isSame(there, expected) && !isSame(there, entry)) return false;
      if (entry === undefined) entries.delete(id);
      else entries.set(id, Uint8Array.from(entry));
      return true;
    },
    take(id) {
      const entry = entries.get(id);
      entries.delete(id);
      return entry;
    },
  };
}

/** Whether both are absent, or the same bytes. */
export function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one === undefined || other === undefined ? one === other : Buffer.compare(one, other) === 0;
}
