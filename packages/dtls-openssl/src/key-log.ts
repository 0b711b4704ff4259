/** Lines of a key log (`SSLKEYLOGFILE`), for whoever asked for them and nobody else. */

import { type Output, type SecureConfiguration, wipe } from '@avs-net/core/plugin';

export type KeyLog = NonNullable<SecureConfiguration['keylog']>;

/** Wipes `payload`. What `keylog` throws is no matter of the association. */
export function logKey(payload: Uint8Array, keylog: KeyLog | undefined, output: Output): void {
  const line = Buffer.from(payload).toString('latin1');
  wipe(payload);
  try {
    keylog?.(line);
  } catch (error) {
    output.trace?.({ type: 'keylogFailed', message: String(Object(error).message ?? error) });
  }
}
