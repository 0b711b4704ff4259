/**
 * Wipes the secrets of a credential, `avs_crypto_clear_buffer`: keys, passwords and buffers become zeros, and what was
 * made by this package refuses to be used afterwards. A socket keeps its own copy and wipes that one itself.
 */

import type { Security, SecurityInfo } from '@avs-net/core/plugin';
import { wipe } from '@avs-net/core/plugin';
import { unexpected } from './credential-error.ts';
import { wipeSecrets } from './secret-field.ts';

/** A credential, a whole `security` of a configuration, or a part of either. Idempotent. Errors: EINVAL. */
export function wipeSecurity(security: Security | SecurityInfo): void {
  if (typeof security !== 'object' || security === null) {
    throw unexpected({ operation: 'wipeSecurity', path: 'security' }, 'a credential', security);
  }
  wipeNode(security, new Set());
}

/** `wipeSecurity` calls `forget` when it meets `owner`. */
export function forgetOnWipe(owner: object, forget: () => void): void {
  FORGETTERS.set(owner, forget);
}

function wipeNode(node: object, seen: Set<object>): void {
  if (seen.has(node)) return;
  seen.add(node);
  FORGETTERS.get(node)?.();
  if (wipeSecrets(node)) return;
  if (ArrayBuffer.isView(node)) {
    if (node instanceof Uint8Array) wipe(node);
    return;
  }
  for (const child of Object.values(node)) {
    if ((typeof child === 'object' && child !== null) || typeof child === 'function') wipeNode(child, seen);
  }
}

const FORGETTERS = new WeakMap<object, () => void>();
