/**
 * Bytes of a credential as a property that can be read but is not shown: not enumerable, so JSON, spreading and
 * structuredClone pass it by, and an accessor, so `util.inspect` cannot print it even with `showHidden`.
 * A wiped field refuses to be read: zeros would silently be a key that everybody knows.
 */

import { NetError, wipe } from '@avs-net/core/plugin';

/** Defines `target[name]`; `bytes` belong to `target` from now on. */
export function defineSecret(target: object, name: string, bytes: Uint8Array): void {
  let fields = SECRETS.get(target);
  if (fields === undefined) {
    fields = new Map();
    SECRETS.set(target, fields);
  }
  fields.set(name, bytes);
  Object.defineProperty(target, name, { enumerable: false, get: () => readSecret(target, name) });
}

/** Size of a secret without reading it; undefined if there is none of that name. */
export function describeSecret(target: object, name: string): string | undefined {
  const bytes = SECRETS.get(target)?.get(name);
  return bytes === null ? 'wiped' : bytes && `${bytes.byteLength} bytes`;
}

/** Overwrites every secret of `target`. False if `target` has none that were made here. */
export function wipeSecrets(target: object): boolean {
  const fields = SECRETS.get(target);
  if (fields === undefined) return false;
  for (const [name, bytes] of fields) {
    if (bytes !== null) wipe(bytes);
    fields.set(name, null);
  }
  return true;
}

function readSecret(target: object, name: string): Uint8Array {
  const bytes = SECRETS.get(target)?.get(name);
  if (bytes instanceof Uint8Array) return bytes;
  throw new NetError({
    code: 'EINVAL',
    operation: 'credential',
    message: `${name}: this credential was wiped and cannot be used any more; make a new one`,
  });
}

/** null stands for wiped. */
const SECRETS = new WeakMap<object, Map<string, Uint8Array | null>>();
