/**
 * What an association reported while it was inside a call, until the driver passes it on.
 */

import type { Address } from '../contract/address.ts';
import type { Alert } from '../contract/alert.ts';
import type { Need, TraceEvent } from '../contract/association.ts';
import type { NetError } from '../contract/error.ts';
import { unpooledCopy } from '../contract/secret-bytes.ts';

/** Messages and drop reasons stand for themselves, because there are many of them. */
export type DriverEvent =
  | Uint8Array
  | string
  | { readonly kind: 'established' | 'end' }
  | { readonly kind: 'closed'; readonly alert: Alert | undefined }
  | { readonly kind: 'failed' | 'softError'; readonly error: NetError }
  | { readonly kind: 'session'; readonly session: Uint8Array }
  | { readonly kind: 'need'; readonly id: number; readonly what: Need }
  | { readonly kind: 'trace'; readonly event: TraceEvent }
  | { readonly kind: 'input'; readonly data: Uint8Array }
  | { readonly kind: 'call'; readonly call: () => void }
  | { readonly kind: 'moved'; readonly to: Address };

/** The bytes of a need are borrowed. */
export function copyNeed(what: Need): Need {
  if (what.kind === 'psk') return { kind: 'psk', identity: unpooledCopy(what.identity) };
  return what.kind === 'session' ? { kind: 'session', sessionId: unpooledCopy(what.sessionId) } : what;
}
