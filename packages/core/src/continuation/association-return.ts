/**
 * The way back out of a store: takes an association, or what is left of the attempt, and puts it back if it could not
 * be used. There is no way past the store: bytes that were kept elsewhere could be used twice.
 */

import type { TraceEvent } from '../contract/association.ts';
import type { Clock } from '../contract/clock.ts';
import type { AssociationKeeping } from '../contract/configuration.ts';
import { NetError } from '../contract/error.ts';
import { type AssociationBonds, openEntry, type StoredAssociation, sealEntry } from './association-entry.ts';
import { EntrySlot } from './entry-slot.ts';

export interface StoredPlace {
  readonly id: string;
  readonly keeping: AssociationKeeping;
  readonly bonds: AssociationBonds;
  readonly clock: Clock;
  readonly backend: string;
  readonly trace?: ((event: TraceEvent) => void) | undefined;
}

/**
 * Undefined: there is none, or none that this socket could go on from; then the trace event `associationRefused` says
 * why. It is not in the store any more. Errors: those of the store.
 */
export async function takeAssociation(place: StoredPlace): Promise<StoredAssociation | undefined> {
  const { id, keeping, bonds, trace } = place;
  let entry: Uint8Array | undefined;
  try {
    entry = await keeping.store.take(id);
  } catch (cause) {
    throw storeError(place, 'take', cause);
  }
  if (entry === undefined) return undefined;
  const opened = openEntry(id, bonds, entry, keeping.keys);
  if (opened.kind === 'association') return opened.association;
  if (opened.kind === 'refused') trace?.({ type: 'associationRefused', id, reason: opened.reason });
  return undefined;
}

/**
 * An association that `takeAssociation` gave and that was not used; `association.state` is wiped. Rejects if it failed.
 */
export async function putBack(place: StoredPlace, association: StoredAssociation): Promise<void> {
  const { id, keeping, bonds, clock, backend, trace } = place;
  // Another entry: one that comes back could not be told from one that was never away.
  const entry = sealEntry(id, bonds, association, keeping.keys[0]!);
  const slot = new EntrySlot({
    id,
    store: keeping.store,
    clock,
    failing: (operation, error) => {
      slot.leave();
      trace?.({ type: 'associationStoreFailed', id, operation, message: messageOf(error) });
    },
    error: (code, message) => new NetError({ code, operation: OPERATION, backend, message }),
  });
  await slot.occupy(false);
  while (!(await slot.put(entry))) await slot.occupy(false);
}

/** The code is the store's own where it has one. */
export function storeError({ id, backend }: StoredPlace, operation: string, cause: unknown): NetError {
  const { code } = Object(cause) as { code?: unknown };
  return new NetError({
    code: typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : 'EIO',
    operation: OPERATION,
    backend,
    message: `the store of association "${id}" failed in ${operation}: ${messageOf(cause)}`,
    cause,
  });
}

function messageOf(error: unknown): string {
  return String(Object(error).message ?? error);
}

const OPERATION = 'continueAssociation';
